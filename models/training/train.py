"""Trains a model: `python train.py compact.toml RUN [--set section.key=value ...]`. Resumes RUN exactly if it exists.

README.md says what is trained and why.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

import settings
from data.corpus import Crops
from data.degrade import Random
from diffusion import Chains, levels, q_sample
from data.extremes import extremes, joined
from losses.mesh import mesh_distance
from network import bicubic
from losses.perceptual import Lpips
from training import RandomPart, Training, mixed
from validate import Validation


class Trainer(Training):
    """Trains the network of a chain; that of y0 stays as it is."""

    def __init__(self, config: dict, run: Path):
        device = settings.device(config)
        self.model = settings.model(config).to(device).to(memory_format=torch.channels_last)
        super().__init__(config, run, self.model.net, device)
        self.stream = self.pairs(self.model.y0 if self.model.prior else None)
        self.in_chain = round(config["optimiser"]["batch"] * config["chain"]["share"])
        self.tables = [levels(config["schedule"], steps) for steps in config["chain"]["steps"]]
        self.lpips = Lpips(config["loss"]["lpips_weights"], self.compiled).to(device)
        self.predict = torch.compile(self.model.predict, dynamic=False) if self.compiled else self.model.predict
        self.validation = Validation(settings.corpus(config), config, device) if config["validation"]["every"] else None
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

    def state(self) -> dict:
        chains = self.chains.state() if self.chains else {}
        return {**super().state(), "basis": self.model.basis.state_dict(), "chains": chains}

    def restore(self, state: dict) -> None:
        super().restore(state)
        self.model.basis.load_state_dict(state["basis"])
        if self.chains and state["chains"]:
            self.chains.restore(state["chains"])

    def write_weights(self) -> None:
        """The model with the averaged network: what `start.weights` reads, and what export.py ships."""
        tensors = self.model.state_dict() | {f"net.{name}": t for name, t in self.average.items()}
        save_file({name: t.cpu().contiguous() for name, t in tensors.items()}, self.run / "weights.safetensors")

    def measure(self) -> None:
        """With a contact sheet."""
        validation = self.validation
        pictures = [self.model.y0(validation.lr)]
        if self.iteration == 0:
            self.log({"iteration": 0, "y0": True, **validation.measure(pictures[0])})
        with self.averaged():
            for steps in validation.config["steps"]:
                picture = validation.run(self.model, steps, validation.config["temperature"])
                self.log({"iteration": self.iteration, "T": steps, **validation.measure(picture)})
                pictures.append(picture)
        validation.sheet(self.run / f"sheet_{self.iteration:07d}.png", pictures)

    def fresh(self, rng: Random, count: int) -> tuple[Crops, Tensor]:
        """Crops, some of them extremes, and the codes of their y0."""
        data, batch = self.config["data"], self.config["optimiser"]["batch"]
        strange = sum(rng.chance(data["extremes"] / batch) for _ in range(count)) if data["extremes"] else 0
        crops = self.stream.batch(rng, count - strange)
        if strange:
            made = extremes(rng, strange, data["crop"])
            crops = joined(crops, made if crops.prior is None else made._replace(prior=self.model.y0(made.lr)))
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
        loss = self.config["loss"]
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
        mse = l1 = lpips = torch.zeros((), device=self.device)
        if loss["mse"]:
            mse = mixed(lambda target: (picture - target).square().mean((1, 2, 3)), crops, share_mse)
        if loss["l1"]:
            l1 = mixed(lambda target: (picture - target).abs().mean((1, 2, 3)), crops, share_mse)
        if loss["lpips"]:
            with torch.autocast(self.device, dtype=torch.bfloat16):
                features = self.lpips.features(seen)
                lpips = mixed(lambda target: self.lpips.distance_to(features, part(target)), crops, share)
        pattern = mesh_distance(picture, crops.hr).mean()
        total = loss["mse"] * mse + loss["l1"] * l1 + loss["lpips"] * lpips + loss["mesh"] * pattern
        if self.adversary:
            rows = self.nearest_the_end(self.config["adversary"]["pictures"])
            fake, enlarged = seen[rows], part(bicubic(crops.lr[rows]))
            perceptual = loss["lpips"] * lpips
            total = total + self.adversary.loss(seen, fake, enlarged, perceptual)
        result = {"loss": total.item(), "mse": mse.item(), "l1": l1.item(), "lpips": lpips.item(), "mesh": pattern.item()} | self.descend(total)
        if self.adversary:
            result |= self.adversary.learn(part(crops.hr[rows]), fake, enlarged)
        if self.chains:
            self.chains.advance(z0.detach()[: self.in_chain], rng)
        return result


def main() -> None:
    config, run, minutes = settings.run_arguments(__doc__)
    torch.manual_seed(config["seed"])
    Trainer(config, run).train(minutes)


if __name__ == "__main__":
    main()
