"""The training pictures: tars of WebP, decoded once into one memory-mapped file, and a stream of degraded crops.

Crop number i of the stream is a function of (seed, i) alone, so a resumed run sees the very crops that an uninterrupted
one would have seen, and no random state has to be stored.
"""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from degrade import Random, degrade

HELD_OUT_EVERY = 27


class Corpus:
    """Decoded pictures. Every 27th by name is held out of training for validation."""

    def __init__(self, folder: Path, cache: Path, side: int):
        index = cache.with_suffix(".json")
        if not index.exists():
            decode(folder, cache, index)
        pictures = json.loads(index.read_text())
        self.bytes = np.memmap(cache, dtype=np.uint8, mode="r")
        self.held_out = pictures[::HELD_OUT_EVERY]
        self.pictures = [p for i, p in enumerate(pictures) if i % HELD_OUT_EVERY and min(p["size"]) >= side]
        area = np.cumsum([p["size"][0] * p["size"][1] for p in self.pictures], dtype=np.float64)
        self.shares = area / area[-1]

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
                    entries.append({"name": member.name, "size": picture.shape[:2], "offset": offset})
                    offset += picture.size
    index.write_text(json.dumps(entries))


class Stream:
    """Pairs of crops. The latest `pool` of the stream are kept as 8 bit; a batch draws sub-crops from them."""

    def __init__(self, corpus: Corpus, config: dict, seed: int, device: str = "cpu"):
        self.corpus, self.config, self.seed, self.device = corpus, config, seed, device
        self.side = 4 * config["pool_crop"]
        self.groups = config["pool"] // config["group"]
        count = self.groups * config["group"]
        self.hr = torch.empty(count, 3, self.side, self.side, dtype=torch.uint8, device=device)
        self.lr = torch.empty(count, 3, self.side // 4, self.side // 4, dtype=torch.uint8, device=device)
        self.filled = 0

    def fill(self, iteration: int) -> None:
        """Brings the stream to where it stands at an iteration, making only those crops that are still in the pool."""
        end = self.groups + int(iteration * self.config["groups_per_iteration"])
        size = self.config["group"]
        for number in range(max(self.filled, end - self.groups), end):
            rng = Random(self.seed, 1, number, device=self.device)
            hr = self.corpus.crops(rng, size, self.side)
            kind = rng.choice(("clean", "mild", "real"), self.config["mix"])
            at = number % self.groups * size
            self.hr[at : at + size] = (hr * 255).round().byte()
            self.lr[at : at + size] = (degrade(hr, kind, rng) * 255).round().byte()
        self.filled = max(self.filled, end)

    def batch(self, rng: Random, count: int) -> tuple[Tensor, Tensor]:
        """HR [count, 3, 4c, 4c] and LR [count, 3, c, c] as 8 bit, turned and mirrored at random."""
        c = self.config["crop"]
        places = rng.uniform((3, count), 0, 1)
        slot = (places[0] * len(self.hr)).long()
        top, left = (places[1:] * (self.config["pool_crop"] - c + 1)).long()
        turned, flip_y, flip_x = rng.uniform((3, count), 0, 1) < 0.5

        def cut(pictures: Tensor, scale: int) -> Tensor:
            line = torch.arange(scale * c, device=pictures.device)
            along = lambda flip: torch.where(flip[:, None], scale * c - 1 - line, line)
            y, x = along(flip_y)[:, :, None], along(flip_x)[:, None, :]
            y, x = y.expand(-1, -1, scale * c), x.expand(-1, scale * c, -1)
            swap = turned[:, None, None]
            rows = scale * top[:, None, None] + torch.where(swap, x, y)
            columns = scale * left[:, None, None] + torch.where(swap, y, x)
            return pictures[slot[:, None, None], :, rows, columns].permute(0, 3, 1, 2)

        return cut(self.hr, 4), cut(self.lr, 1)
