"""Trains a model: `python train.py compact.toml RUN [--set section.key=value ...]`. Resumes RUN exactly if it exists.

README.md says what is trained and why.
"""

import argparse
import json
import math
import time
from pathlib import Path

import torch
from torch import Tensor

import checkpoint
import settings
from corpus import Stream
from degrade import Random
from diffusion import Chains, levels, q_sample
from network import LATENT
from perceptual import Lpips
from validate import Validation


class Trainer:
    def __init__(self, config: dict, run: Path):
        self.config, self.run = config, run
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        optimiser, data = config["optimiser"], config["data"]
        self.corpus = settings.corpus(config)
        self.stream = Stream(self.corpus, data, config["seed"], self.device)
        self.model = settings.model(config).to(self.device).to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.AdamW(
            self.model.net.parameters(), lr=optimiser["lr"], betas=tuple(optimiser["betas"]), weight_decay=0.0
        )
        self.average = {name: t.detach().clone() for name, t in self.model.net.state_dict().items()}
        in_chain = round(optimiser["batch"] * config["chain"]["share"])
        self.chains = Chains(in_chain, config["chain"], config["schedule"], data["crop"], self.device) if in_chain else None
        self.tables = [levels(config["schedule"], steps) for steps in config["chain"]["steps"]]
        compiled = config["device"]["compile"]
        self.lpips = Lpips(config["loss"]["lpips_weights"], compiled).to(self.device)
        self.predict = torch.compile(self.model.predict, dynamic=False) if compiled else self.model.predict
        self.iteration = 0
        self.resume()

    def resume(self) -> None:
        state = checkpoint.load(self.run)
        if state:
            self.iteration = state["iteration"]
            self.model.net.load_state_dict(state["net"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.average = {name: t.to(self.device) for name, t in state["average"].items()}
            if self.chains:
                self.chains.restore(state["chains"])

    def save(self) -> None:
        state = {
            "iteration": self.iteration,
            "net": self.model.net.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average,
            "chains": self.chains.state() if self.chains else {},
        }
        checkpoint.save(self.run, self.iteration, state)

    def rate(self) -> float:
        """Warm-up, then a cosine down to `lr_end`."""
        o = self.config["optimiser"]
        cosine = 0.5 + 0.5 * math.cos(math.pi * min(1.0, self.iteration / o["iterations"]))
        return o["lr"] * min(1.0, (self.iteration + 1) / o["warmup"]) * (o["lr_end"] + (1 - o["lr_end"]) * cosine)

    def batch(self, rng: Random) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """HR, LR, z_t and sqrt(eta): pictures in their own chains, then samples of Eq. 2."""
        rest = self.config["optimiser"]["batch"]
        parts = []
        if self.chains:
            self.chains.begin(rng, lambda n: self.stream.batch(rng, n))
            parts.append((self.chains.hr, self.chains.lr, self.chains.z, self.chains.sqrt_eta()))
            rest -= len(self.chains.z)
        if rest:
            hr, lr = self.stream.batch(rng, rest)
            q = torch.tensor([rng.choice(rng.choice(self.tables)) for _ in range(rest)], device=self.device)
            noise = rng.normal((rest, LATENT, *lr.shape[2:]))
            z0 = self.model.to_latent(unit(hr), unit(lr))
            parts.append((hr, lr, q_sample(z0, q.view(-1, 1, 1, 1), self.config["schedule"]["kappa"], noise), q))
        hr, lr, z, q = (torch.cat(tensors) for tensors in zip(*parts))
        return unit(hr), unit(lr), z, q

    def step(self) -> dict:
        o, loss = self.config["optimiser"], self.config["loss"]
        self.stream.fill(self.iteration)
        rng = Random(self.config["seed"], 3, self.iteration, device=self.device)
        hr, lr, z_t, q = self.batch(rng)
        last = lambda x: x.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device, dtype=torch.bfloat16):
            z0 = self.predict(last(z_t), last(lr), q)
        picture = self.model.to_picture(z0, lr)
        mse = (picture - hr).square().mean()
        total = loss["mse"] * mse
        lpips = torch.zeros(())
        if loss["lpips"]:
            side, room = loss["lpips_crop"], hr.shape[2] - loss["lpips_crop"] + 1
            y, x = int(rng.number() * room), int(rng.number() * room)
            cut = lambda p: p[:, :, y : y + side, x : x + side]
            with torch.autocast(self.device, dtype=torch.bfloat16):
                lpips = self.lpips(cut(picture.clamp(-1, 1)), cut(hr)).mean()
            total = total + loss["lpips"] * lpips
        rate = self.rate()
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.net.parameters(), o["clip"])
        if torch.isfinite(norm):
            self.optimiser.step()
        keep = min(o["ema"], (self.iteration + 1) / (self.iteration + 10))
        with torch.no_grad():
            for name, value in self.model.net.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        if self.chains:
            self.chains.advance(z0.detach()[: len(self.chains.z)], rng)
        self.iteration += 1
        return {"loss": total.item(), "mse": mse.item(), "lpips": lpips.item(), "norm": norm.item(), "lr": rate}


def unit(picture: Tensor) -> Tensor:
    """8 bit to [-1, 1]."""
    return picture.float() / 127.5 - 1


def log(run: Path, entry: dict) -> None:
    line = json.dumps({k: float(f"{v:.6g}") if isinstance(v, float) else v for k, v in entry.items()})
    print(line, flush=True)
    with open(run / "log.jsonl", "a") as out:
        out.write(line + "\n")


def validation_round(trainer: Trainer, validation: Validation) -> None:
    """Measures the averaged weights and writes a contact sheet."""
    own = {name: t.clone() for name, t in trainer.model.net.state_dict().items()}
    trainer.model.net.load_state_dict(trainer.average)
    pictures = []
    for steps in validation.config["steps"]:
        picture = validation.run(trainer.model, steps, validation.config["temperature"])
        log(trainer.run, {"iteration": trainer.iteration, "T": steps, **validation.measure(picture)})
        pictures.append(picture)
    validation.sheet(trainer.run / f"sheet_{trainer.iteration:07d}.png", pictures)
    trainer.model.net.load_state_dict(own)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("config")
    arguments.add_argument("run", type=Path)
    arguments.add_argument("--set", action="append", default=[], metavar="section.key=value")
    arguments.add_argument("--minutes", type=float, default=math.inf, help="stop and save after this time")
    options = arguments.parse_args()
    config = settings.load(options.config, options.set)
    options.run.mkdir(parents=True, exist_ok=True)
    (options.run / "config.json").write_text(json.dumps(config, indent=1))
    torch.set_num_threads(config["device"]["threads"])
    torch.manual_seed(config["seed"])
    trainer = Trainer(config, options.run)
    validation = Validation(trainer.corpus, config, trainer.device) if config["validation"]["every"] else None
    device, batch = config["device"], config["optimiser"]["batch"]
    began, recent = time.time(), []
    if validation and trainer.iteration == 0:
        validation_round(trainer, validation)
    while trainer.iteration < config["optimiser"]["iterations"] and time.time() - began < 60 * options.minutes:
        begin = time.time()
        recent.append({**trainer.step(), "seconds": time.time() - begin})
        it = trainer.iteration
        if it % device["log_every"] == 0:
            means = {name: sum(r[name] for r in recent) / len(recent) for name in recent[0]}
            log(options.run, {"iteration": it, "samples": it * batch, **means})
            recent = []
        if it % device["checkpoint_every"] == 0:
            trainer.save()
        if validation and it % config["validation"]["every"] == 0:
            validation_round(trainer, validation)
    trainer.save()


if __name__ == "__main__":
    main()
