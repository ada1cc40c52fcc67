"""Weights and inputs by formula, as `tests/golden/fill.json` describes them: the same bits on every machine."""

import numpy as np
import torch
from torch import Tensor, nn

# Numbers worked on at a time.
CHUNK = 1 << 22


def stream(name: str, begin: int, end: int) -> np.ndarray:
    """24-bit integers `begin` to `end` of the stream `name`: SplitMix64 on the name's FNV-1a hash."""
    key = 0xCBF29CE484222325
    for byte in name.encode():
        key = (key ^ byte) * 0x100000001B3 % 2**64
    z = np.uint64(key) + np.arange(begin + 1, end + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return (z ^ z >> np.uint64(31)) >> np.uint64(40)


def numbers(name: str, shape: list[int], mean: float, amplitude: float) -> Tensor:
    count = int(np.prod(shape))
    values = np.empty(count, np.float32)
    for begin in range(0, count, CHUNK):
        end = min(begin + CHUNK, count)
        values[begin:end] = mean + amplitude * (stream(name, begin, end) * 2.0**-23 - 1)
    return torch.from_numpy(values).view(shape)


def weight(name: str, shape: list[int]) -> Tensor:
    if name.endswith("relative_position_bias_table"):
        return numbers(name, shape, 0, 1)
    if name.endswith("embedding.weight"):
        return numbers(name, shape, 0, 1.5)
    if len(shape) == 1:
        return numbers(name, shape, 1, 0.25) if name.endswith(".weight") else numbers(name, shape, 0, 0.1)
    return numbers(name, shape, 0, np.sqrt(3 / np.prod(shape[1:])))


def uniform(name: str, shape: list[int]) -> Tensor:
    return numbers(name, shape, 0, 1)


def noise(name: str, shape: list[int]) -> Tensor:
    """Sums of twelve uniform numbers."""
    sums = stream(name, 0, 12 * int(np.prod(shape))).reshape(-1, 12).sum(1)
    return torch.from_numpy((sums * 2.0**-24 - 6).astype(np.float32)).view(shape)


def fill(network: nn.Module) -> None:
    """Gives every parameter its formula's numbers."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(weight(name, list(parameter.shape)))
