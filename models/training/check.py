"""Writes the vectors that tie the Rust networks to these; the tests `compact`, `span`, `prior` and `span_denoiser` compare.

`python check.py chain MODEL_FOLDER FILE.safetensors` makes the chain's vector anew, in f32 from the stored f16 weights. FILE must
exist: its input and noise, of any of 1, 4 and 15 steps, are kept.
`python check.py tiny FOLDER FILE.safetensors` makes a small model with a network of y0, all of it from a seed, and its chain;
`python check.py tiny_span FOLDER FILE.safetensors` one whose chain has SPAN.
`python check.py span STEM PHOTO FILE.safetensors` makes that of the published SPAN, ncnn's STEM.param and STEM.bin, on a part of
a photo.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

import settings
from diffusion import levels, sample
from export import export
from network import LATENT, Compact, Model, SpanModel
from span import published

COMPACT = Path(__file__).parent.parent / "compact"


def chain(folder: Path, file: Path) -> None:
    config = json.loads((folder / "model.json").read_text())
    model = settings.model({**config, "start": {"weights": str(folder)}})
    stored = load_file(file)
    lr = stored["lr"]
    if model.prior:
        stored["y0"] = model.code_of_y0(lr)
        # The engine keeps it in f16.
        rounded = stored["y0"].half().float()
        model.code_of_y0 = lambda _: rounded
    for steps in (1, 4, 15):
        if f"T{steps}.noise" not in stored:
            continue
        table = levels(config["schedule"], steps)
        noise = stored[f"T{steps}.noise"]
        trace = []
        z = sample(model, lr, table, lambda i: noise[i : i + 1], trace=trace)
        last = f"T{steps}.step{steps - 1}.z0"
        if last in stored:
            changed = (trace[-1] - stored[last]).abs().max()
            print(f"T={steps}: last z0 differs from the stored one by at most {changed:.1e}")
        stored[f"T{steps}.sqrt_eta"] = torch.tensor(table, dtype=torch.float64)
        stored[f"T{steps}.step0.z0"] = trace[0]
        stored[last] = z
        stored[f"T{steps}.image"] = model.to_picture(z, lr)
    save_file({name: t.contiguous() for name, t in stored.items()}, file)


def tiny(folder: Path, file: Path) -> None:
    config = compact() | {"network": {"channels": [16, 24], "enc_blocks": [1, 1], "dec_blocks": [1, 1], "emb": 16, "prior": 12}}
    tiny_model(config, Compact(config["network"], config["schedule"]["kappa"]), folder, file)


def tiny_span(folder: Path, file: Path) -> None:
    config = compact() | {"arch": "span", "network": {"channels": 12, "emb": 16, "prior": 0}}
    tiny_model(config, SpanModel(config["network"], config["schedule"]["kappa"]), folder, file)


def compact() -> dict:
    return json.loads((COMPACT / "model.json").read_text()) | {"name": "tiny", "version": "0.0.0"}


def tiny_model(config: dict, model: Model, folder: Path, file: Path) -> None:
    for name, parameter in model.net.named_parameters():
        # Layers that begin at zero would hide what is before them.
        if not parameter.any():
            nn.init.normal_(parameter, std=0.05)
    basis = {name: t for path in settings.shards(COMPACT) for name, t in load_file(path).items() if name.startswith("basis.")}
    model.load_state_dict(basis | ({"basis.y0_s": basis["basis.s"].flip(0)} if model.prior else {}), strict=False)
    export(config, model.state_dict(), folder, config["temperature"])
    y, x = torch.meshgrid(torch.linspace(-1, 1, 12), torch.linspace(-1, 1, 16), indexing="ij")
    lr = torch.stack([torch.sin(5 * x + 3 * y), torch.cos(7 * x * y), (4 * y).sign() * 0.6])[None]
    noise = {f"T{steps}.noise": torch.randn(steps, LATENT, 12, 16) for steps in (1, 4)}
    save_file({"lr": lr.contiguous(), **noise}, file)
    chain(folder, file)


def span(stem: Path, photo: Path, file: Path) -> None:
    crop = Image.open(photo).convert("RGB").crop((20, 10, 44, 30))
    lr = torch.from_numpy(np.array(crop)).permute(2, 0, 1)[None].float() / 127.5 - 1
    network = published(stem)
    weights = {name: t if name == "mean" else t.half() for name, t in network.state_dict().items()}
    network.load_state_dict(weights)
    # Four pure colours that meet, where features grow up to the bound.
    patches = torch.full_like(lr, -1)
    patches[:, 0, :10], patches[:, 1, :, 12:], patches[:, 2, 5:15, 6:18] = 1, 1, 1
    vector = {f"prior.{name}": t for name, t in weights.items()}
    for name, picture in (("", lr), ("patches_", patches)):
        answer = nn.functional.pixel_unshuffle(network(picture), 4)
        print(f"{name}picture from {answer.min():.2f} to {answer.max():.2f}")
        vector |= {f"{name}lr": picture, f"{name}picture": answer}
    save_file({name: t.detach().contiguous() for name, t in vector.items()}, file)


def main() -> None:
    torch.manual_seed(1)
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = arguments.add_subparsers(required=True)
    for make, names in ((chain, ["model", "file"]), (tiny, ["model", "file"]), (tiny_span, ["model", "file"]), (span, ["stem", "photo", "file"])):
        kind = kinds.add_parser(make.__name__)
        kind.set_defaults(make=make)
        for name in names:
            kind.add_argument(name, type=Path)
    options = vars(arguments.parse_args())
    options.pop("make")(*options.values())


if __name__ == "__main__":
    torch.no_grad()(main)()
