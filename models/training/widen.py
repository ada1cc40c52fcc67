"""Widens a trained network: `python widen.py MODEL OUT.safetensors --channels 64,128,192`.

Net2Net (Chen, Goodfellow and Shlens, ICLR 2016): every new channel is a copy of an old one, and the weights that read
an old channel are split at random between its copies. Where each channel has as many copies as the others the function is
the same; else only the norms' means shift. The random split lets the copies part ways in training.
"""

import argparse
import re
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from settings import shards


def copies(old: int, new: int, generator: torch.Generator) -> Tensor:
    """[new] indices below `old`: each at least once, none more than once more often than another."""
    if new < old:
        raise ValueError(f"{new} channels are fewer than {old}")
    whole = torch.arange(old).repeat(new // old)
    return torch.cat([whole, torch.randperm(old, generator=generator)[: new % old]])


def split(weight: Tensor, source: Tensor, generator: torch.Generator) -> Tensor:
    """The weights [out, in, ...] that read `source` channels: copies of one channel share its weight unequally."""
    share = 0.5 + torch.rand(weight.shape[0], len(source), generator=generator)
    total = torch.zeros(weight.shape[0], weight.shape[1]).index_add_(1, source, share)
    share = share / total[:, source]
    return weight[:, source] * share.view(*share.shape, *[1] * (weight.ndim - 2))


def levels(name: str) -> tuple[int | None, int | None]:
    """The levels that a tensor of `net.` reads and writes; None for a side that keeps its width."""
    if name.startswith(("te.", "basis.")):
        return None, None
    if name.startswith("inp."):
        return None, 0
    if name.startswith("out."):
        return 0, None
    if name.startswith("no."):
        return None, 0
    kind, level = re.match(r"(enc|dec|down|up)\.(\d+)\.", name).groups()
    level = int(level)
    if kind == "down":
        return level, level + 1
    if kind == "up":
        return level + 1, level
    return (None if ".e." in name else level), level


def widen(tensors: dict[str, Tensor], channels: list[int], seed: int = 0) -> dict[str, Tensor]:
    """The tensors of a model of the same depths with `channels` per level."""
    generator = torch.Generator().manual_seed(seed)
    old = [tensors["net.inp.weight"].shape[0]]
    while f"net.down.{len(old) - 1}.weight" in tensors:
        old.append(tensors[f"net.down.{len(old) - 1}.weight"].shape[0])
    maps = [copies(a, b, generator) for a, b in zip(old, channels, strict=True)]
    result = {}
    for name, tensor in tensors.items():
        if not name.startswith("net."):
            result[name] = tensor
            continue
        tensor = tensor.float()
        reads, writes = levels(name.removeprefix("net."))
        if writes is not None:
            rows = maps[writes]
            if ".e." in name:
                rows = torch.cat([rows, rows + old[writes]])  # scale, then shift
            tensor = tensor[:, rows] if tensor.ndim == 4 and tensor.shape[0] == 1 else tensor[rows]
        if reads is not None and name.endswith("weight"):
            tensor = split(tensor, maps[reads], generator)
        result[name] = tensor.contiguous()
    return result


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("model", type=Path)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--channels", required=True)
    options = arguments.parse_args()
    stored = {name: tensor for path in shards(options.model) for name, tensor in load_file(path).items()}
    save_file(widen(stored, [int(c) for c in options.channels.split(",")]), options.out)


if __name__ == "__main__":
    main()
