"""Trains a model: `python train.py compact.toml RUN [--set section.key=value ...]`. Resumes RUN exactly if it exists.

README.md says what is trained and why.
"""

import json
import math
import time
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

import checkpoint
import settings
import teachers
from adversary import Adversary
from corpus import Crops, Stream
from degrade import Random
from diffusion import Chains, levels, q_sample
from mesh import mesh_distance
from network import bicubic
from perceptual import Lpips
from pool import Pool
from validate import Validation


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


class Trainer:
    def __init__(self, config: dict, run: Path):
        self.config, self.run = config, run
        self.device = settings.device(config)
        optimiser, data = config["optimiser"], config["data"]
        self.model = settings.model(config).to(self.device).to(memory_format=torch.channels_last)
        if data["pool"]:
            self.stream = Pool(Path(data["pool"]), data, with_prior=self.model.prior is not None)
        else:
            answer = teachers.answers(data["teachers"], self.device) if data["teachers"] else None
            prior = self.model.y0 if self.model.prior else None
            self.stream = Stream(settings.corpus(config), data, config["seed"], self.device, answer, prior)
        self.optimiser = torch.optim.AdamW(
            self.model.net.parameters(), lr=optimiser["lr"], betas=tuple(optimiser["betas"]), weight_decay=0.0
        )
        self.average = {name: t.detach().clone() for name, t in self.model.net.state_dict().items()}
        self.in_chain = round(optimiser["batch"] * config["chain"]["share"])
        self.tables = [levels(config["schedule"], steps) for steps in config["chain"]["steps"]]
        compiled = config["device"]["compile"]
        self.lpips = Lpips(config["loss"]["lpips_weights"], compiled).to(self.device)
        self.predict = torch.compile(self.model.predict, dynamic=False) if compiled else self.model.predict
        self.adversary = Adversary(config["adversary"], self.device, compiled) if config["adversary"]["pictures"] else None
        self.iteration, self.seconds = 0, 0.0
        self.chains = None
        self.stream.fill(0)
        if self.in_chain:
            self.chains = Chains(config["chain"], config["schedule"], *self.fresh(Random(0, device=self.device), self.in_chain))
        if not self.resume() and self.model.prior and not config["start"]["keep_scales"]:
            self.measure_scales()

    @torch.no_grad()
    def measure_scales(self, batches: int = 40) -> None:
        """The standard deviations of the truth's distance from y0 and of y0's own code, over the first pairs."""
        residual, own = [], []
        for number in range(batches):
            crops, y0 = self.fresh(Random(self.config["seed"], 9, number, device=self.device), 16)
            residual.append((self.model.to_latent(crops.hr, crops.lr) - y0).square().mean((0, 2, 3)))
            own.append(y0.square().mean((0, 2, 3)))
        self.model.basis.s.copy_(torch.stack(residual).mean(0).sqrt())
        self.model.basis.y0_s.copy_(torch.stack(own).mean(0).sqrt())

    def resume(self) -> bool:
        state = checkpoint.load(self.run)
        if not state:
            return False
        self.iteration, self.seconds = state["iteration"], state["seconds"]
        self.model.net.load_state_dict(state["net"])
        self.model.basis.load_state_dict(state["basis"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average = {name: t.to(self.device) for name, t in state["average"].items()}
        if self.chains and state["chains"]:
            self.chains.restore(state["chains"])
        if self.adversary and state["adversary"]:
            self.adversary.restore(state["adversary"])
        return True

    def save(self) -> None:
        state = {
            "iteration": self.iteration,
            "seconds": self.seconds,
            "net": self.model.net.state_dict(),
            "basis": self.model.basis.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average,
            "chains": self.chains.state() if self.chains else {},
            "adversary": self.adversary.state() if self.adversary else {},
        }
        checkpoint.save(self.run, self.iteration, state)
        self.write_weights(self.run / "weights.safetensors")

    def write_weights(self, path: Path) -> None:
        """The model with the averaged network: what `start.weights` reads, and what export.py ships."""
        tensors = self.model.state_dict() | {f"net.{name}": t for name, t in self.average.items()}
        save_file({name: t.cpu().contiguous() for name, t in tensors.items()}, path)

    def is_done(self) -> bool:
        o = self.config["optimiser"]
        return self.seconds >= 60 * o["minutes"] if o["minutes"] else self.iteration >= o["iterations"]

    def fresh(self, rng: Random, count: int) -> tuple[Crops, Tensor]:
        """Crops, and the codes of their y0."""
        crops = self.stream.batch(rng, count)
        return crops, self.model.to_latent(bicubic(crops.lr) if crops.prior is None else crops.prior, crops.lr)

    def batch(self, rng: Random) -> tuple[Crops, Tensor, Tensor, Tensor]:
        """Crops, y0, z_t and sqrt(eta): pictures in their own chains, then samples of Eq. 2."""
        parts = []
        if self.chains:
            self.chains.begin(rng, lambda n: self.fresh(rng, n))
            parts.append((self.chains.crops, self.chains.y0, self.chains.z, self.chains.sqrt_eta()))
        rest = self.config["optimiser"]["batch"] - self.in_chain
        if rest:
            crops, y0 = self.fresh(rng, rest)
            q = torch.tensor([rng.choice(rng.choice(self.tables)) for _ in range(rest)], device=self.device)
            z0 = self.model.to_latent(crops.hr, crops.lr)
            noise = rng.normal(z0.shape)
            parts.append((crops, y0, q_sample(z0, y0, q.view(-1, 1, 1, 1), self.config["schedule"]["kappa"], noise), q))
        crops, *others = zip(*parts)
        joined = Crops(*(torch.cat(t) if t[0] is not None else None for t in zip(*crops)))
        return joined, *(torch.cat(t) for t in others)

    def nearest_the_end(self, count: int) -> list[int]:
        """The rows of the batch whose predictions are output, or will be soonest."""
        left = self.chains.t if self.chains else []
        order = sorted(range(len(left)), key=lambda row: left[row]) + list(range(len(left), self.config["optimiser"]["batch"]))
        return sorted(order[:count])

    def step(self) -> dict:
        o, loss = self.config["optimiser"], self.config["loss"]
        self.stream.fill(self.iteration)
        rng = Random(self.config["seed"], 3, self.iteration, device=self.device)
        crops, y0, z_t, q = self.batch(rng)
        last = lambda x: x.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device, dtype=torch.bfloat16):
            z0 = self.predict(last(z_t), last(crops.lr), last(y0), q)
        picture = self.model.to_picture(z0, crops.lr)
        part = RandomPart(rng, crops.hr.shape[2], loss["lpips_crop"])
        seen = part(picture.clamp(-1, 1))
        share, share_mse = (torch.tensor(loss[name], device=self.device)[crops.kind] for name in ("teacher", "teacher_mse"))
        mse = mixed(lambda target: (picture - target).square().mean((1, 2, 3)), crops, share_mse)
        lpips = torch.zeros((), device=self.device)
        if loss["lpips"]:
            with torch.autocast(self.device, dtype=torch.bfloat16):
                features = self.lpips.features(seen)
                lpips = mixed(lambda target: self.lpips.distance_to(features, part(target)), crops, share)
        pattern = mesh_distance(picture, crops.hr).mean()
        total = loss["mse"] * mse + loss["lpips"] * lpips + loss["mesh"] * pattern
        if self.adversary:
            rows = self.nearest_the_end(self.config["adversary"]["pictures"])
            fake, enlarged = seen[rows], part(bicubic(crops.lr[rows]))
            perceptual = loss["lpips"] * lpips
            total = total + self.adversary.loss(seen, fake, enlarged, perceptual)
        for group in self.optimiser.param_groups:
            group["lr"] = rate(o, self.iteration, self.seconds / 60)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.net.parameters(), o["clip"])
        if torch.isfinite(norm):
            self.optimiser.step()
        result = {"loss": total.item(), "mse": mse.item(), "lpips": lpips.item(), "mesh": pattern.item(), "norm": norm.item(), "lr": group["lr"]}
        if self.adversary:
            result |= self.adversary.learn(part(crops.hr[rows]), fake, enlarged)
        keep = min(o["ema"], (self.iteration + 1) / (self.iteration + 10))
        with torch.no_grad():
            for name, value in self.model.net.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        if self.chains:
            self.chains.advance(z0.detach()[: self.in_chain], rng)
        self.iteration += 1
        return result


def log(run: Path, entry: dict) -> None:
    line = json.dumps({k: float(f"{v:.6g}") if isinstance(v, float) else v for k, v in entry.items()})
    print(line, flush=True)
    with open(run / "log.jsonl", "a") as out:
        out.write(line + "\n")


def validation_round(trainer: Trainer, validation: Validation) -> None:
    """Measures the averaged weights and writes a contact sheet."""
    own = {name: t.clone() for name, t in trainer.model.net.state_dict().items()}
    trainer.model.net.load_state_dict(trainer.average)
    pictures = [trainer.model.y0(validation.lr)]
    if trainer.iteration == 0:
        log(trainer.run, {"iteration": 0, "y0": True, **validation.measure(pictures[0])})
    for steps in validation.config["steps"]:
        picture = validation.run(trainer.model, steps, validation.config["temperature"])
        log(trainer.run, {"iteration": trainer.iteration, "T": steps, **validation.measure(picture)})
        pictures.append(picture)
    validation.sheet(trainer.run / f"sheet_{trainer.iteration:07d}.png", pictures)
    trainer.model.net.load_state_dict(own)


def main() -> None:
    config, run, minutes = settings.run_arguments(__doc__)
    torch.manual_seed(config["seed"])
    trainer = Trainer(config, run)
    validation = Validation(settings.corpus(config), config, trainer.device) if config["validation"]["every"] else None
    device, batch = config["device"], config["optimiser"]["batch"]
    began, recent = time.time(), []
    if validation and trainer.iteration == 0:
        validation_round(trainer, validation)
    while not trainer.is_done() and time.time() - began < 60 * minutes:
        begin = time.time()
        recent.append({**trainer.step(), "seconds": time.time() - begin})
        trainer.seconds += recent[-1]["seconds"]
        it = trainer.iteration
        if it % device["log_every"] == 0:
            means = {name: sum(r[name] for r in recent) / len(recent) for name in recent[0]}
            log(run, {"iteration": it, "samples": it * batch, **means})
            recent = []
        if it % device["checkpoint_every"] == 0:
            trainer.save()
        if validation and it % config["validation"]["every"] == 0:
            validation_round(trainer, validation)
    trainer.save()


if __name__ == "__main__":
    main()
