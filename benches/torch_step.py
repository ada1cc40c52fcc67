"""A step of the compact network in PyTorch, eager and f32, on the GPU that is there: the counterpart of `cargo bench -- "compact step"`.

Needs what `models/training/requirements.txt` lists. Prints one line of JSON: median and least time in ms of one evaluation
for a low-resolution tile of 64 x 64.
"""

import json
import sys
import time
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "models/training"))

from network import UNet  # noqa: E402

ROUNDS, RUNS = 9, 20


def main():
    device = "cuda" if torch.cuda.is_available() else "cpu"
    shape = json.loads((ROOT / "models/compact/model.json").read_text())["network"]
    network = UNet(**shape).to(device).eval()
    z, lr = torch.zeros(1, 48, 64, 64, device=device), torch.zeros(1, 3, 64, 64, device=device)
    level = torch.full((1,), -0.5, device=device)
    runs = RUNS if device == "cuda" else 1
    times = []
    # Full f32 products, as ours.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    with torch.inference_mode():
        for _ in range(ROUNDS + 2):
            begin = time.perf_counter()
            for _ in range(runs):
                network(z, lr, level)
            if device == "cuda":
                torch.cuda.synchronize()
            times.append((time.perf_counter() - begin) / runs * 1e3)
    times = sorted(times[2:])
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    print(json.dumps({"adapter": name, "torch": torch.__version__, "ms": times[ROUNDS // 2], "ms_min": times[0]}))


if __name__ == "__main__":
    main()
