"""Draws runs' logs: `python figures/plot.py OUT.svg RUN [RUN ...]`: training loss, and held-out PSNR-Y and LPIPS against samples."""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend comes first)


def main() -> None:
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    figure, axes = plt.subplots(1, 3, figsize=(12, 3.4), constrained_layout=True)
    for run in map(Path, sys.argv[2:]):
        entries = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
        batch = json.loads((run / "config.json").read_text())["optimiser"]["batch"]
        training = [e for e in entries if "loss" in e]
        axes[0].plot([e["samples"] / 1e3 for e in training], [e["loss"] for e in training], lw=0.8, label=run.name)
        for steps in sorted({e["T"] for e in entries if "T" in e}):
            held_out = [e for e in entries if e.get("T") == steps]
            samples = [e["iteration"] * batch / 1e3 for e in held_out]
            for axis, metric in ((axes[1], "psnr_y"), (axes[2], "lpips")):
                axis.plot(samples, [e[metric] for e in held_out], marker=".", label=f"{run.name}, T = {steps}")
    for axis, title in zip(axes, ("training loss", "held-out PSNR-Y (dB)", "held-out LPIPS (AlexNet)")):
        axis.set_title(title)
        axis.set_xlabel("thousand samples")
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7)
    figure.savefig(sys.argv[1])


if __name__ == "__main__":
    main()
