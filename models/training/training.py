"""What every training run shares: the optimiser and its rate, averaged weights, checkpoints, the log, and when to measure."""

import json
import math
import time
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

import checkpoint
import settings
import teachers
from losses.adversary import Adversary
from data.corpus import Crops, Stream
from data.degrade import Random
from pool import Pool


def rate(optimiser: dict, iteration: int, minutes: float = 0.0) -> float:
    """Warm-up, then a cosine down to `lr_end`, by iterations or, where the run has `minutes`, by time."""
    done = minutes / optimiser["minutes"] if optimiser.get("minutes") else iteration / optimiser["iterations"]
    cosine = 0.5 + 0.5 * math.cos(math.pi * min(1.0, done))
    grown = min(1.0, (iteration + 1) / optimiser["warmup"])
    return optimiser["lr"] * grown * (optimiser["lr_end"] + (1 - optimiser["lr_end"]) * cosine)


def mixed(distance, crops: Crops, share: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """The mean of a distance [n] to the truth and to the teacher's answer; `share` [n] is the teacher's, `weight` [n] the crop's."""
    to_truth = distance(crops.hr)
    return (weight * (to_truth + share * (distance(crops.teacher) - to_truth) if share.any() else to_truth)).mean()


class RandomPart:
    """Cuts pictures at one random place, so that what sees the part meets every phase of the 4x4 blocks."""

    def __init__(self, rng: Random, size: int, side: int):
        self.side = side
        self.y, self.x = (int(rng.number() * (size - side + 1)) for _ in range(2))

    def __call__(self, picture: Tensor) -> Tensor:
        return picture[:, :, self.y : self.y + self.side, self.x : self.x + self.side]


class Training:
    """A run in the folder `run`: trains `network`, with a discriminator where the settings ask for one.

    A subclass has `step`, which ends with `descend`, `measure`, and `write_weights`; what else it keeps between iterations
    belongs to `state` and `restore`.
    """

    def __init__(self, config: dict, run: Path, network: nn.Module, device: str):
        self.config, self.run, self.network, self.device = config, run, network, device
        o = config["optimiser"]
        self.optimiser = torch.optim.AdamW(network.parameters(), lr=o["lr"], betas=tuple(o["betas"]), weight_decay=0.0)
        self.average = {name: t.detach().clone() for name, t in network.state_dict().items()}
        adversary, self.compiled = config["adversary"], config["device"]["compile"]
        self.adversary = Adversary(adversary, device, self.compiled) if adversary["pictures"] else None
        if self.adversary and config["start"]["adversary"]:
            self.adversary.restore(checkpoint.load(Path(config["start"]["adversary"]))["adversary"])
        self.iteration, self.seconds = 0, 0.0

    def pairs(self, prior=None) -> Pool | Stream:
        """Where crops come from, with their y0 if `prior` gives one."""
        data = self.config["data"]
        if data["pool"]:
            return Pool(Path(data["pool"]), data, with_prior=prior is not None)
        answer = teachers.answers(data["teachers"], self.device) if data["teachers"] else None
        return Stream(settings.corpus(self.config), data, self.config["seed"], self.device, answer, prior)

    def step(self) -> dict:
        """One iteration; what is logged of it."""
        raise NotImplementedError

    def measure(self) -> None:
        """Logs figures of held-out pictures."""
        raise NotImplementedError

    def write_weights(self) -> None:
        """Writes the averaged weights to the run's folder."""
        raise NotImplementedError

    def state(self) -> dict:
        return {
            "iteration": self.iteration,
            "seconds": self.seconds,
            "net": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average,
            "adversary": self.adversary.state() if self.adversary else {},
        }

    def restore(self, state: dict) -> None:
        self.iteration, self.seconds = state["iteration"], state["seconds"]
        self.network.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average = {name: t.to(self.device) for name, t in state["average"].items()}
        if self.adversary and state["adversary"]:
            self.adversary.restore(state["adversary"])

    def resume(self) -> bool:
        """Goes on from the folder's newest checkpoint; whether there is one."""
        if state := checkpoint.load(self.run):
            self.restore(state)
        return state is not None

    def save(self) -> None:
        checkpoint.save(self.run, self.iteration, self.state())
        self.write_weights()

    def log(self, entry: dict) -> None:
        line = json.dumps({k: float(f"{v:.6g}") if isinstance(v, float) else v for k, v in entry.items()})
        print(line, flush=True)
        with open(self.run / "log.jsonl", "a") as out:
            out.write(line + "\n")

    def descend(self, total: Tensor) -> dict:
        """One step of the optimiser down `total`, and of the averaged weights after it; the gradient's norm and the rate."""
        o = self.config["optimiser"]
        for group in self.optimiser.param_groups:
            group["lr"] = rate(o, self.iteration, self.seconds / 60)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), o["clip"])
        if torch.isfinite(norm):
            self.optimiser.step()
        keep = min(o["ema"], (self.iteration + 1) / (self.iteration + 10))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        self.iteration += 1
        return {"norm": norm.item(), "lr": self.optimiser.param_groups[0]["lr"]}

    @contextmanager
    def averaged(self):
        """The network with its averaged weights."""
        own = {name: t.clone() for name, t in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        yield
        self.network.load_state_dict(own)

    def is_done(self) -> bool:
        o = self.config["optimiser"]
        return self.seconds >= 60 * o["minutes"] if o["minutes"] else self.iteration >= o["iterations"]

    def train(self, minutes: float) -> None:
        """Trains to the end of the settings, or for `minutes`; measures before the first iteration and as often as the settings
        say, never where they say 0."""
        device, every, batch = self.config["device"], self.config["validation"]["every"], self.config["optimiser"]["batch"]
        began, recent = time.time(), []
        if every and self.iteration == 0:
            self.measure()
        while not self.is_done() and time.time() - began < 60 * minutes:
            begin = time.time()
            recent.append({**self.step(), "seconds": time.time() - begin})
            self.seconds += recent[-1]["seconds"]
            if self.iteration % device["log_every"] == 0:
                means = {name: sum(r[name] for r in recent) / len(recent) for name in recent[0]}
                self.log({"iteration": self.iteration, "samples": self.iteration * batch, **means})
                recent = []
            if self.iteration % device["checkpoint_every"] == 0:
                self.save()
            if every and self.iteration % every == 0:
                self.measure()
        self.save()
        if every and self.iteration % every:
            self.measure()
