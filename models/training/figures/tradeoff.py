"""Draws the paper's Fig. 7: `python figures/tradeoff.py OUT.svg MEASURED.jsonl`, LPIPS against MSE over the number of steps, a line per
exponent p. MEASURED is what `validate.py --steps ... --p ...` printed.
"""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend comes first)


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    entries = [json.loads(line) for line in Path(sys.argv[2]).read_text().splitlines()]
    entries = [entry for entry in entries if "T" in entry]
    figure, axes = plt.subplots(figsize=(5, 3.6), constrained_layout=True)
    for p in sorted({entry["p"] for entry in entries}):
        line = sorted((entry for entry in entries if entry["p"] == p), key=lambda entry: entry["T"])
        mse, lpips = ([entry[name] for entry in line] for name in ("mse", "lpips"))
        axes.plot(mse, lpips, marker=".", lw=0.8, label=f"p = {p:g}")
        for entry in line:
            axes.annotate(f"T = {entry['T']}", (entry["mse"], entry["lpips"]), fontsize=6, xytext=(3, 3), textcoords="offset points")
    axes.set_xlabel("MSE of Y, less distortion to the left")
    axes.set_ylabel("LPIPS (AlexNet), better perception downwards")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    figure.savefig(sys.argv[1])


if __name__ == "__main__":
    main()
