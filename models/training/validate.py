"""Measures on held-out pictures: PSNR-Y, LPIPS (AlexNet) and the strength of a 4x4 mesh, with contact sheets.

`python validate.py RUN [--steps 1,4,15] [--p 0.3,0.5,1] [--temperatures 1,0.7,0.5]` measures a run's newest averaged weights
in every combination, a line of JSON each; of `--model FOLDER` those of a model folder, on the run's pictures.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

import settings
from data.corpus import Corpus
from data.degrade import KINDS, Random, degrade
from diffusion import levels, sample, seeded
from losses.mesh import luma, mesh
from network import Model, bicubic
from losses.perceptual import Lpips

class Validation:
    """The same crops and noise every time: the middle of held-out pictures, each kind of degradation in turn. Photos come first;
    their means have the short names, those of other families (`graphics`) carry their name."""

    def __init__(self, corpus: Corpus, config: dict, device: str = "cpu"):
        self.config = config["validation"]
        self.schedule = config["schedule"]
        self.lpips = Lpips(self.config["lpips_weights"]).to(device)
        side = 4 * self.config["crop"]
        self.families, entries = {}, []
        for name in sorted(corpus.held_out, key=lambda name: name != "photos"):
            large = [p for p in corpus.held_out[name] if min(p["size"]) >= side]
            # Whole rounds of the kinds, so that a picture's number tells its kind in every family.
            most = self.config["pictures"] if not entries else self.config["others"]
            some = large[: min(most, len(large) // len(KINDS) * len(KINDS))]
            self.families[name] = slice(len(entries), len(entries) + len(some))
            entries += some
        crops = []
        for entry in entries:
            picture = corpus.picture(entry)
            top, left = ((n - side) // 2 for n in picture.shape[:2])
            crop = torch.from_numpy(picture[top : top + side, left : left + side].copy())
            crops.append(crop.permute(2, 0, 1).float() / 255)
        hr = torch.stack(crops)
        lr = [degrade(x[None], KINDS[i % 3], Random(self.config["seed"], 2, i)) for i, x in enumerate(hr)]
        self.hr, self.lr = (hr * 2 - 1).to(device), (torch.cat(lr) * 2 - 1).to(device)

    @torch.no_grad()
    def measure(self, picture: Tensor) -> dict:
        """Means over all pictures of a family, and over each kind of degradation."""
        found, wanted = (((p.clamp(-1, 1) + 1) * 127.5).round() for p in (picture, self.hr))
        error = (luma(found) - luma(wanted))[:, :, 4:-4, 4:-4].square().mean((1, 2, 3))
        psnr = 10 * torch.log10(255**2 / error)
        lpips = self.lpips(found / 127.5 - 1, wanted / 127.5 - 1)
        result = {}
        for number, (family, part) in enumerate(self.families.items()):
            prefix = f"{family}_" if number else ""
            means = {"psnr_y": psnr[part].mean(), "lpips": lpips[part].mean()}
            for i, kind in enumerate(KINDS):
                means[f"lpips_{kind}"] = lpips[part][i :: len(KINDS)].mean()
                means[f"psnr_{kind}"] = psnr[part][i :: len(KINDS)].mean()
            result |= {prefix + name: mean.item() for name, mean in means.items()}
        result |= {"mse": error.mean().item(), "grid": mesh(luma(found[self.families["photos"]]))}
        return {name: round(value, 4) for name, value in result.items()}

    @torch.no_grad()
    def run(self, model: Model, steps: int, temperature: float) -> Tensor:
        noise = seeded(self.lr.shape, 7, self.lr.device)
        with torch.autocast(self.lr.device.type, dtype=torch.bfloat16):
            z = sample(model, self.lr, levels(self.schedule, steps), noise, temperature)
        return model.to_picture(z.float(), self.lr)

    def sheet(self, path: Path, columns: list[Tensor]) -> None:
        """LR, the given pictures and HR side by side, a third of the held-out crops."""
        lr = F.interpolate(self.lr, scale_factor=4.0, mode="nearest")
        rows = torch.cat([lr, *columns, self.hr], 3)[:: len(KINDS) + 1]
        pixels = ((rows.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1)
        Image.fromarray(np.concatenate(list(pixels.cpu().numpy()))).save(path)


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("run", type=Path)
    arguments.add_argument("--model", type=Path)
    arguments.add_argument("--steps", type=numbers, default=[1, 4, 15])
    arguments.add_argument("--p", type=numbers)
    arguments.add_argument("--temperatures", type=numbers, default=[1.0])
    arguments.add_argument("--corpus", type=Path, help="where the pictures are, if not where they were")
    options = arguments.parse_args()
    config = json.loads((options.run / "config.json").read_text())
    if options.corpus:
        config["data"] |= {"corpus": str(options.corpus), "cache": str(options.run / "corpus.u8")}
    torch.set_num_threads(config["device"]["threads"])
    validation = Validation(settings.corpus(config), config)
    if options.model:
        config["network"] = json.loads((options.model / "model.json").read_text())["network"]
    model = settings.model({**config, "start": {"weights": str(options.model or options.run / "weights.safetensors")}})
    model.to(memory_format=torch.channels_last)
    print(json.dumps({"bicubic": True, **validation.measure(bicubic(validation.lr))}))
    print(json.dumps({"y0": True, **validation.measure(model.y0(validation.lr))}), flush=True)
    for p in options.p or [config["schedule"]["p"]]:
        validation.schedule = {**config["schedule"], "p": p}
        for steps in map(int, options.steps):
            for temperature in options.temperatures:
                found = validation.measure(validation.run(model, steps, temperature))
                print(json.dumps({"T": steps, "p": p, "temperature": temperature, **found}), flush=True)


if __name__ == "__main__":
    main()
