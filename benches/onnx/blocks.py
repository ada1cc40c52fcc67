"""Writes blocks of the released UNet as ONNX graphs, with weights by formula, for another engine.

    python blocks.py FOLDER

One file for each block, and `blocks.json`: for the name that the block has in `src/bench/mod.rs`, its file and the shapes of
its inputs. PyTorch itself exports them, from `benches/released/`; each must repeat PyTorch's result in ONNX Runtime.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benches"))

from released import formula  # noqa: E402
from released.unet import ResBlock, SwinLayer, norm  # noqa: E402

TOLERANCE = 1e-4
SIDE, CHANNELS = 64, 160


def blocks(config: dict):
    """Name, file, module and shapes of the inputs."""
    c, x, emb = CHANNELS, [1, CHANNELS, SIDE, SIDE], 4 * config["model_channels"]
    conv = lambda: nn.Conv2d(c, c, 3, padding=1)
    at = f"@{SIDE}x{SIDE}"
    yield f"conv3x3 {c}->{c} {at}", "conv", conv(), [x]
    yield f"groupnorm, silu, conv3x3 {c}->{c} {at}", "normed", nn.Sequential(norm(c), nn.SiLU(), conv()), [x]
    yield f"residual block {c} {at}", "residual", ResBlock(c, c, emb), [x, [1, emb]]
    yield f"swin layer {c} {at}", "swin", SwinLayer(config, c, SIDE), [x]


def main():
    folder = Path(sys.argv[1])
    config = json.loads((ROOT / "tests/golden/keys_full.json").read_text())["configs"]["unet_realsr_x4"]
    listed = {}
    for name, file, module, shapes in blocks(config):
        formula.fill(module.eval())
        inputs = [formula.uniform(f"{file}.{i}", shape) for i, shape in enumerate(shapes)]
        path = folder / f"{file}.onnx"
        names = [f"input{i}" for i in range(len(shapes))]
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")
            torch.onnx.export(module, tuple(inputs), path, input_names=names, output_names=["output"], opset_version=18, dynamo=False)
            expected = module(*inputs).numpy()
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        result = session.run(None, {name: x.numpy() for name, x in zip(names, inputs)})[0]
        error = np.abs(result - expected).max()
        print(f"{name}: max |error| = {error:.1e}, tolerance {TOLERANCE:.0e}")
        if not error <= TOLERANCE:
            raise SystemExit("the graph is not the block")
        listed[name] = {"file": path.name, "inputs": shapes}
    (folder / "blocks.json").write_text(json.dumps(listed))


main()
