"""Reads the weights of an ncnn `.param`/`.bin` pair: what the published upscalers come in."""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

HALF = 0x01306B47  # marks weights stored as f16


def convolutions(stem: Path) -> list[tuple[Tensor, Tensor]]:
    """Weight [out, in, k, k] and bias [out] of every convolution, in the file's order, as f32."""
    data, at, found = Path(f"{stem}.bin").read_bytes(), 0, []

    def take(count: int, dtype) -> np.ndarray:
        nonlocal at
        values = np.frombuffer(data, dtype, count, at)
        at += (values.nbytes + 3) // 4 * 4
        return values

    def tensor(values: np.ndarray) -> Tensor:
        return torch.from_numpy(values.astype(np.float32))

    for line in Path(f"{stem}.param").read_text().splitlines()[2:]:
        kind, _, inputs, outputs, *rest = line.split()
        options = dict(word.split("=") for word in rest[int(inputs) + int(outputs) :])
        if kind == "MemoryData":
            take(math.prod(int(options.get(key, 1)) for key in "012"), np.float32)
        elif kind == "Convolution":
            out, side, count = (int(options[key]) for key in ("0", "1", "6"))
            tag = int(take(1, np.uint32)[0])
            if tag not in (0, HALF):
                raise ValueError(f"{stem}.bin: weights of an unknown kind, {tag:#x}")
            weight = tensor(take(count, np.float16 if tag == HALF else np.float32)).view(out, -1, side, side)
            found.append((weight, tensor(take(out, np.float32))))
    if at != len(data):
        raise ValueError(f"{stem}.bin has {len(data)} bytes, {at} were expected")
    return found
