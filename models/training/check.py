"""Writes the vector that ties the Rust network to this one: `python check.py MODEL_FOLDER FILE.safetensors`.

FILE must exist: its input and noise, of any of 1, 4 and 15 steps, are kept, everything that the network computes from them is
made anew, in f32 from the stored f16 weights. `tests/compact.rs` compares.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

import settings
from diffusion import levels, sample


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("model", type=Path)
    arguments.add_argument("file", type=Path)
    options = arguments.parse_args()
    config = json.loads((options.model / "model.json").read_text())
    model = settings.model({**config, "start": {"weights": str(options.model)}})
    stored = load_file(options.file)
    lr = stored["lr"]
    for steps in (1, 4, 15):
        if f"T{steps}.noise" not in stored:
            continue
        table = levels(config["schedule"], steps)
        noise = stored[f"T{steps}.noise"]
        trace = []
        z = sample(model, lr, table, lambda i: noise[i : i + 1], trace=trace)
        changed = (trace[-1] - stored[f"T{steps}.step{steps - 1}.z0"]).abs().max()
        print(f"T={steps}: last z0 differs from the stored one by at most {changed:.1e}")
        stored[f"T{steps}.sqrt_eta"] = torch.tensor(table, dtype=torch.float64)
        stored[f"T{steps}.step0.z0"] = trace[0]
        stored[f"T{steps}.step{steps - 1}.z0"] = z
        stored[f"T{steps}.image"] = model.to_picture(z, lr)
    save_file({name: t.contiguous() for name, t in stored.items()}, options.file)


if __name__ == "__main__":
    torch.no_grad()(main)()
