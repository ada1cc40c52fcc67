"""The training pictures: tars of WebP, decoded once into one memory-mapped file, and a stream of degraded crops.

Crop number i of the stream is a function of (seed, i) alone, so a resumed run sees the very crops that an uninterrupted
one would have seen, and no random state has to be stored.
"""

import io
import json
import tarfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from data.degrade import KINDS, Random, degrade

HELD_OUT_EVERY = 27


class Corpus:
    """Decoded pictures, in families: the tars `photos_00`, `photos_01` are one. Every 27th of a family, by name, is held out
    of training for validation."""

    def __init__(self, folder: Path, cache: Path, side: int, shares: dict[str, float] | None = None):
        """`shares`: how much of the training crops each family gives; without it, all by area."""
        index = cache.with_suffix(".json")
        if not index.exists():
            decode(folder, cache, index)
        self.bytes = np.memmap(cache, dtype=np.uint8, mode="r")
        families = {}
        for picture in json.loads(index.read_text()):
            families.setdefault(picture["family"], []).append(picture)
        self.held_out = {name: pictures[::HELD_OUT_EVERY] for name, pictures in families.items()}
        self.pictures, weights = [], []
        for name, pictures in families.items():
            kept = [p for i, p in enumerate(pictures) if i % HELD_OUT_EVERY and min(p["size"]) >= side]
            area = np.array([p["size"][0] * p["size"][1] for p in kept], dtype=np.float64)
            weights.append(area * (shares[name] / area.sum() if shares else 1.0))
            self.pictures += kept
        total = np.cumsum(np.concatenate(weights))
        self.shares = total / total[-1]

    def picture(self, entry: dict) -> np.ndarray:
        """[h, w, 3], 8 bit."""
        h, w = entry["size"]
        return self.bytes[entry["offset"] : entry["offset"] + h * w * 3].reshape(h, w, 3)

    def crops(self, rng: Random, count: int, side: int) -> Tensor:
        """[count, 3, side, side] in [0, 1]: places by area; half of them shrunk by up to 2, which removes the softness
        and the sharpening halos that many pictures have at full size."""
        out = []
        for place, zoom, y, x in rng.uniform((count, 4), 0, 1).tolist():
            picture = self.picture(self.pictures[int(np.searchsorted(self.shares, place))])
            h, w = picture.shape[:2]
            largest = min(2.0, h / side, w / side)
            source = int(side * (1 + max(0.0, 2 * zoom - 1) * (largest - 1)))
            top, left = int(y * (h - source + 1)), int(x * (w - source + 1))
            crop = torch.from_numpy(picture[top : top + source, left : left + source].copy()).to(rng.device)
            crop = crop.permute(2, 0, 1)[None].float() / 255
            if source != side:
                crop = F.interpolate(crop, size=(side, side), mode="bicubic", antialias=True).clamp(0, 1)
            out.append(crop)
        return torch.cat(out)


def decode(folder: Path, cache: Path, index: Path) -> None:
    """Writes the pictures of all tars under `folder`, by name, as raw RGB, and where each begins."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    entries, offset = [], 0
    with open(cache, "wb") as out:
        for path in sorted(folder.glob("*.tar")):
            with tarfile.open(path) as tar:
                for member in sorted(tar.getmembers(), key=lambda m: m.name):
                    if not member.name.endswith(".webp"):
                        continue
                    picture = np.asarray(Image.open(io.BytesIO(tar.extractfile(member).read())).convert("RGB"))
                    out.write(picture.tobytes())
                    entries.append({"name": member.name, "family": path.stem.split("_")[0], "size": picture.shape[:2], "offset": offset})
                    offset += picture.size
    index.write_text(json.dumps(entries))


class Crops(NamedTuple):
    """A batch in [-1, 1]: HR and the teacher's answer [n, 3, 4c, 4c], LR [n, 3, c, c], y0 like HR (or None), degradation [n]."""

    hr: Tensor
    teacher: Tensor
    lr: Tensor
    prior: Tensor | None
    kind: Tensor


def unit(picture: Tensor) -> Tensor:
    """8 bit to [-1, 1]."""
    return picture.float() / 127.5 - 1


class Places(NamedTuple):
    """Where and how a batch is cut: pair, corner in LR pixels, turned, mirrored; each [n]."""

    slot: Tensor
    top: Tensor
    left: Tensor
    turned: Tensor
    flip_y: Tensor
    flip_x: Tensor


def places(rng: Random, count: int, pairs: int, config: dict) -> Places:
    drawn = rng.uniform((3, count), 0, 1)
    slot = (drawn[0] * pairs).long()
    top, left = (drawn[1:] * (config["pool_crop"] - config["crop"] + 1)).long()
    return Places(slot, top, left, *(rng.uniform((3, count), 0, 1) < 0.5))


def cut(pictures: Tensor, place: Places, scale: int, crop: int) -> Tensor:
    """The crops of `pictures`, one per place, at `scale` pixels per LR pixel."""
    line = torch.arange(scale * crop, device=pictures.device)
    along = lambda flip: torch.where(flip[:, None], scale * crop - 1 - line, line)
    y, x = along(place.flip_y)[:, :, None], along(place.flip_x)[:, None, :]
    y, x = y.expand(-1, -1, scale * crop), x.expand(-1, scale * crop, -1)
    swap = place.turned[:, None, None]
    rows = scale * place.top[:, None, None] + torch.where(swap, x, y)
    columns = scale * place.left[:, None, None] + torch.where(swap, y, x)
    each = torch.arange(len(pictures), device=pictures.device)[:, None, None]
    return pictures[each, :, rows, columns].permute(0, 3, 1, 2)


def group_of_pairs(corpus: Corpus, config: dict, seed: int, number: int, device: str, answer=None) -> tuple[int, dict]:
    """Group `number` of a stream: its degradation, and `hr`, `lr` and `teacher` in [0, 1]. `answer(kind, lr)` is the
    teacher's picture; without one the truth stands for it."""
    rng = Random(seed, 1, number, device=device)
    hr = corpus.crops(rng, config["group"], 4 * config["pool_crop"])
    kind = rng.choice(KINDS, config["mix"])
    lr = degrade(hr, kind, rng)
    return KINDS.index(kind), {"hr": hr, "lr": lr, "teacher": answer(kind, lr) if answer else hr}


class Stream:
    """Pairs made as they are needed: for a GPU, whose teachers answer as fast as it trains, and for training without any.
    The latest `pairs` are kept as 8 bit; a batch draws sub-crops from them. `prior(lr)` gives y0, or is None."""

    def __init__(self, corpus: Corpus, config: dict, seed: int, device: str = "cpu", answer=None, prior=None):
        self.corpus, self.config, self.seed, self.device = corpus, config, seed, device
        self.answer, self.prior = answer, prior
        self.groups = config["pairs"] // config["group"]
        count, crop = self.groups * config["group"], config["pool_crop"]
        empty = lambda side, dtype: torch.empty(count, 3, side, side, dtype=dtype, device=device)
        self.pictures = {"lr": empty(crop, torch.uint8), "hr": empty(4 * crop, torch.uint8)}
        if answer:
            self.pictures["teacher"] = empty(4 * crop, torch.uint8)
        if prior:
            self.pictures["prior"] = empty(4 * crop, torch.float16)
        self.kind = torch.empty(count, dtype=torch.long, device=device)
        self.filled = 0

    def fill(self, iteration: int) -> None:
        """Brings the stream to where it stands at an iteration, making only those crops that are still kept."""
        end = self.groups + int(iteration * self.config["groups_per_iteration"])
        size = self.config["group"]
        for number in range(max(self.filled, end - self.groups), end):
            at = slice(number % self.groups * size, number % self.groups * size + size)
            self.kind[at], made = group_of_pairs(self.corpus, self.config, self.seed, number, self.device, self.answer)
            for name, pictures in self.pictures.items():
                if name == "prior":
                    pictures[at] = self.prior(unit(self.pictures["lr"][at])).half()
                else:
                    pictures[at] = (made[name] * 255).round().byte()
        self.filled = max(self.filled, end)

    def batch(self, rng: Random, count: int) -> Crops:
        place = places(rng, count, len(self.kind), self.config)
        part = lambda name, scale: cut(self.pictures[name][place.slot], place, scale, self.config["crop"])
        hr = unit(part("hr", 4))
        teacher = unit(part("teacher", 4)) if self.answer else hr
        prior = part("prior", 4).float() if self.prior else None
        return Crops(hr, teacher, unit(part("lr", 1)), prior, self.kind[place.slot])
