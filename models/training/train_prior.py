"""Trains the network of the prior mean y0: `python train_prior.py prior.toml RUN [--set section.key=value ...]`.

It begins as the published SPAN, widened, or from `start.weights`, and learns from the truth, from the teachers' answers in a
pool (pool.py) and from a discriminator. RUN gets `prior.safetensors` with the averaged weights; the same command goes on where it
stopped.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

import settings
import span
from data.corpus import Crops
from data.degrade import Random
from data.extremes import extremes, joined
from losses.mesh import mesh_distance
from network import bicubic
from losses.perceptual import Lpips
from training import RandomPart, Training, mixed
from validate import Validation


class PriorTrainer(Training):
    def __init__(self, config: dict, run: Path):
        device, start = settings.device(config), config["start"]
        if start["weights"]:
            network = settings.prior(start["weights"]).requires_grad_(True)
        else:
            network = span.widen(span.published(start["span"]), config["network"]["channels"])
        super().__init__(config, run, network.to(device).to(memory_format=torch.channels_last), device)
        self.forward = torch.compile(self.network, dynamic=False) if self.compiled else self.network
        self.lpips = Lpips(config["loss"]["lpips_weights"], self.compiled).to(device)
        self.stream = self.pairs()
        self.validation = Validation(settings.corpus(config), config, device) if config["validation"]["every"] else None
        self.resume()

    def batch(self, rng: Random) -> tuple[Crops, int]:
        """Crops, and how many of them are pictures; the last ones are extremes."""
        data = self.config["data"]
        strange = extremes(rng, data["extremes"], data["crop"])
        found = self.stream.batch(rng, self.config["optimiser"]["batch"] - len(strange.lr))
        return joined(found, strange), len(found.lr)

    def step(self) -> dict:
        loss = self.config["loss"]
        self.stream.fill(self.iteration)
        rng = Random(self.config["seed"], 3, self.iteration, device=self.device)
        crops, pictures = self.batch(rng)
        part = RandomPart(rng, crops.hr.shape[2], loss["lpips_crop"])
        share, weight = (torch.tensor(loss[name], device=self.device)[crops.kind] for name in ("teacher", "lpips"))
        with torch.autocast(self.device, dtype=torch.bfloat16):
            picture = self.forward(crops.lr.contiguous(memory_format=torch.channels_last)).float()
            seen = part(picture.clamp(-1, 1))
            features = self.lpips.features(seen)
            distance = mixed(lambda target: self.lpips.distance_to(features, part(target)), crops, share, weight)
        error = mixed(lambda target: (picture - target).abs().mean((1, 2, 3)), crops, share)
        pattern = mesh_distance(picture, crops.hr).mean()
        total = loss["l1"] * error + distance + loss["mesh"] * pattern
        if self.adversary:
            judged = self.judged(weight[:pictures])
            fake, enlarged = seen[judged], part(bicubic(crops.lr[judged]))
            total = total + self.adversary.loss(seen, fake, enlarged, distance)
        result = {"l1": error.item(), "lpips": distance.item(), "mesh": pattern.item()} | self.descend(total)
        if self.adversary:
            result |= self.adversary.learn(part(crops.hr[judged]), fake, enlarged)
        return result

    def judged(self, weight: Tensor) -> Tensor:
        """The crops that the discriminator sees: texture is asked for only where LPIPS is."""
        return weight.argsort(descending=True, stable=True)[: self.config["adversary"]["pictures"]]

    def measure(self) -> None:
        with self.averaged(), torch.no_grad():
            self.log({"iteration": self.iteration, **self.validation.measure(self.network(self.validation.lr))})

    def write_weights(self) -> None:
        tensors = {f"prior.{name}": t.cpu().contiguous() for name, t in self.average.items()}
        save_file(tensors, self.run / "prior.safetensors")


def main() -> None:
    config, run, minutes = settings.run_arguments(__doc__)
    torch.manual_seed(config["seed"])
    PriorTrainer(config, run).train(minutes)


if __name__ == "__main__":
    main()
