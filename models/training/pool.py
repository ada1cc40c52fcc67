"""A pool of training pairs on disk, with a teacher's answer and a prior mean y0 for each.

`python pool.py CONFIG.toml POOL --teachers FOLDER` writes pairs, `python pool.py CONFIG.toml POOL --prior FILE` the y0 of each.

A pool is a folder of raw arrays, 8 bit: `lr.u8` [n, 3, c, c], `hr.u8` and `teacher.u8` [n, 3, 4c, 4c], `kind.u8` [n], and
`prior.f16` [n, 3, 4c, 4c] in [-1, 1]. Pair i is a function of (seed, i). `kind.u8` is written last, so its length is the
number of complete pairs, also while another process trains from them; the same command goes on where it stopped.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import settings
import teachers
from data.corpus import Crops, cut, group_of_pairs, places, unit
from data.degrade import Random


def shapes(crop: int) -> dict[str, tuple[int, ...]]:
    return {"lr": (3, crop, crop), "hr": (3, 4 * crop, 4 * crop), "teacher": (3, 4 * crop, 4 * crop), "kind": ()}


def bytes_of(picture: Tensor) -> bytes:
    """[0, 1] as 8 bit."""
    return (picture * 255).round().byte().cpu().numpy().tobytes()


class Pool:
    """Batches from a pool on disk. `with_prior`: only pairs whose y0 is there."""

    def __init__(self, folder: Path, config: dict, with_prior: bool):
        self.folder, self.config, self.with_prior = folder, config, with_prior
        self.arrays = {}

    def fill(self, iteration: int) -> None:
        """Looks for new pairs now and then. While a pool grows, what a batch draws depends on when it is drawn."""
        if iteration % 100 and self.arrays:
            return
        shapes_here = shapes(self.config["pool_crop"])
        count = (self.folder / "kind.u8").stat().st_size
        if self.with_prior:
            count = min(count, (self.folder / "prior.f16").stat().st_size // (2 * math.prod(shapes_here["hr"])))
        mapped = lambda name, shape, dtype: np.memmap(self.folder / name, dtype, "r", shape=(count, *shape))
        self.arrays = {name: mapped(f"{name}.u8", shape, np.uint8) for name, shape in shapes_here.items()}
        if self.with_prior:
            self.arrays["prior"] = mapped("prior.f16", shapes_here["hr"], np.float16)

    def batch(self, rng: Random, count: int) -> Crops:
        place = places(rng, count, len(self.arrays["kind"]), self.config)
        slots = place.slot.numpy()
        rows = {name: torch.from_numpy(array[slots]) for name, array in self.arrays.items()}
        part = lambda name, scale: cut(rows[name], place, scale, self.config["crop"])
        prior = part("prior", 4).float() if self.with_prior else None
        return Crops(unit(part("hr", 4)), unit(part("teacher", 4)), unit(part("lr", 1)), prior, rows["kind"].long())


@torch.no_grad()
def write_priors(folder: Path, crop: int, prior, minutes: float, batch: int = 8) -> None:
    """The y0 of every pair that lacks one."""
    count, size = (folder / "kind.u8").stat().st_size, math.prod(shapes(crop)["hr"])
    lr = np.memmap(folder / "lr.u8", np.uint8, "r", shape=(count, 3, crop, crop))
    began = time.time()
    with open(folder / "prior.f16", "ab") as out:
        done = out.tell() // (2 * size)
        out.truncate(done * 2 * size)
        while done < count and time.time() - began < 60 * minutes:
            some = unit(torch.from_numpy(lr[done : done + batch].copy()))
            out.write(prior(some).clamp(-1, 1).half().numpy().tobytes())
            done += len(some)
    print(f"{done} of {count} pairs have their y0", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("config")
    arguments.add_argument("pool", type=Path)
    arguments.add_argument("--teachers", type=Path)
    arguments.add_argument("--prior", type=Path)
    arguments.add_argument("--pairs", type=int, default=1 << 30)
    arguments.add_argument("--minutes", type=float, default=math.inf)
    arguments.add_argument("--set", action="append", default=[], metavar="section.key=value")
    options = arguments.parse_args()
    config = settings.load(options.config, options.set)
    data, device = config["data"], settings.device(config)
    if options.prior:
        return write_priors(options.pool, data["pool_crop"], settings.prior(options.prior), options.minutes)
    corpus, crop, group = settings.corpus(config), data["pool_crop"], data["group"]
    answer = teachers.answers(options.teachers, device)
    options.pool.mkdir(parents=True, exist_ok=True)
    files = {name: open(options.pool / f"{name}.u8", "ab") for name in shapes(crop)}
    done = files["kind"].tell() // group * group
    for name, shape in shapes(crop).items():
        files[name].truncate(done * math.prod(shape))
        files[name].seek(0, 2)
    began = time.time()
    while done < options.pairs and time.time() - began < 60 * options.minutes:
        kind, made = group_of_pairs(corpus, data, config["seed"], done // group, device, answer)
        for name, picture in made.items():
            files[name].write(bytes_of(picture))
            files[name].flush()
        files["kind"].write(bytes([kind] * group))
        files["kind"].flush()
        done += group
        if done % (100 * group) == 0:
            print(f"{done} pairs, {(time.time() - began) / 60:.1f} minutes", flush=True)


if __name__ == "__main__":
    main()
