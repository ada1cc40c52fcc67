"""ResShift's equations in the compact latent."""

import math

import torch
from torch import Tensor

from data.corpus import Crops
from network import LATENT, Model


def levels(config: dict, steps: int) -> list[float]:
    """Eq. 9 and 10: sqrt(eta_1) .. sqrt(eta_T). One step takes the last level only."""
    first = min(config["min_noise_level"] / config["kappa"], config["min_noise_level"])
    last = config["sqrt_eta_end"]
    if steps == 1:
        return [last]
    return [first * (last / first) ** ((i / (steps - 1)) ** config["p"]) for i in range(steps)]


def q_sample(z0: Tensor, y0: Tensor, q: Tensor, kappa: float, noise: Tensor) -> Tensor:
    """Eq. 2: `z0 + eta (y0 - z0) + kappa sqrt(eta) n`, with q = sqrt(eta)."""
    return z0 + q * q * (y0 - z0) + kappa * q * noise


def posterior(z_t: Tensor, z0: Tensor, q: Tensor, before: Tensor, kappa: float, noise: Tensor) -> Tensor:
    """Eq. 7: z_{t-1} from z_t and z0, with q = sqrt(eta_t) and before = sqrt(eta_{t-1}); before = 0 gives z0."""
    share = before.square() / q.square()
    alpha = q.square() - before.square()
    return share * z_t + (1 - share) * z0 + kappa * (share * alpha).sqrt() * noise


@torch.no_grad()
def sample(model: Model, lr: Tensor, sqrt_eta: list[float], noise, temperature: float = 1.0, trace=None) -> Tensor:
    """The chain of Eq. 7 from z_T to z_0. `lr` [n, 3, h, w] with sides that are multiples of the network's; `noise(i)` is
    draw i, [n, 48, h, w]. `trace`, if given, receives every predicted z0."""
    n, _, h, w = lr.shape
    full = lambda value: torch.full((n,), value, device=lr.device)
    y0 = model.code_of_y0(lr)
    z = y0 + temperature * model.kappa * sqrt_eta[-1] * noise(0)
    for draw, t in enumerate(reversed(range(len(sqrt_eta))), start=1):
        z0 = model.predict(z, lr, y0, full(sqrt_eta[t])).float()
        if trace is not None:
            trace.append(z0)
        if t == 0:
            return z0
        q, before = (full(sqrt_eta[i]).view(-1, 1, 1, 1) for i in (t, t - 1))
        z = posterior(z, z0, q, before, model.kappa, temperature * noise(draw))
    raise AssertionError("a chain has at least one level")


def seeded(shape, seed: int, device) -> "callable":
    """Noise draws of one seed."""
    generator = torch.Generator().manual_seed(seed)
    return lambda _: torch.randn((shape[0], LATENT, *shape[2:]), generator=generator).to(device)


class Chains:
    """Pictures on their way through the model's own chain, one step per training iteration.

    Eq. 8 trains on z_t made from the true z0, but at run time z_t is made from predictions. A chain closes that gap at no
    cost: the prediction that the loss is computed from also moves its picture to z_{t-1} (Eq. 7); when the last level is
    done, a new picture takes the place. Lengths T and temperatures are drawn per picture.
    """

    def __init__(self, config: dict, schedule: dict, crops: Crops, y0: Tensor):
        """`crops` and their y0's codes are placeholders of the right shapes."""
        self.config, self.schedule, self.device = config, schedule, y0.device
        count = len(y0)
        self.tables = {steps: levels(schedule, steps) for steps in config["steps"]}
        self.crops, self.y0, self.z = crops, y0, torch.zeros_like(y0)
        self.temperature = torch.ones(count, device=self.device)
        # Each picture's number of steps, and the index of its level: -1 when it has arrived.
        self.steps = [1] * count
        self.t = [-1] * count

    def state(self) -> dict:
        state = {name: getattr(self, name) for name in ("z", "y0", "temperature", "steps", "t")}
        return state | {"crops": list(self.crops)}

    def restore(self, state: dict) -> None:
        move = lambda v: v.to(self.device) if isinstance(v, Tensor) else v
        for name, value in state.items():
            setattr(self, name, Crops(*map(move, value)) if name == "crops" else move(value))

    def begin(self, rng, batch) -> None:
        """Replaces what has arrived by fresh pictures; `batch(n)` gives crops and their y0's codes."""
        done = [i for i, t in enumerate(self.t) if t < 0]
        if not done:
            return
        fresh, self.y0[done] = batch(len(done))
        for kept, new in zip(self.crops, fresh, strict=True):
            if kept is not None:
                kept[done] = new
        # A length's share of the running time is what is configured; a longer chain stays longer.
        odds = [share / steps for steps, share in zip(self.config["steps"], self.config["shares"], strict=True)]
        for i in done:
            self.steps[i] = rng.choice(self.config["steps"], odds)
            self.t[i] = self.steps[i] - 1
        self.temperature[done] = rng.uniform(len(done), *self.config["temperature"])
        std = self.temperature * self.schedule["kappa"] * self.sqrt_eta()
        self.z[done] = self.y0[done] + std[done].view(-1, 1, 1, 1) * rng.normal((len(done), *self.z.shape[1:]))

    def sqrt_eta(self) -> Tensor:
        return torch.tensor([self.tables[s][t] for s, t in zip(self.steps, self.t)], device=self.device)

    def advance(self, z0: Tensor, rng) -> None:
        """Moves every picture to its next level, with the prediction z0."""
        before = [self.tables[s][t - 1] if t else 0.0 for s, t in zip(self.steps, self.t)]
        column = lambda v: v.view(-1, 1, 1, 1)
        noise = column(self.temperature) * rng.normal(self.z.shape)
        q, before = column(self.sqrt_eta()), column(torch.tensor(before, device=self.device))
        self.z = posterior(self.z, z0, q, before, self.schedule["kappa"], noise)
        self.t = [t - 1 for t in self.t]
