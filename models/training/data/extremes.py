"""Crops that no photo has: rectangles of pure colours that meet at sharp edges, and noise of them.

A network that multiplies features, as SPAN does, can answer such a crop with numbers far outside a picture.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from data.corpus import Crops
from data.degrade import Random, degrade


def extremes(rng: Random, count: int, crop: int) -> Crops:
    """`count` clean crops of `crop` LR pixels; the teacher's answer is the truth."""
    hr, lr = (torch.empty(count, 3, side, side, device=rng.device) for side in (4 * crop, crop))
    for index in range(count):
        # Edges between pixels of LR, as screenshots and drawings have them, or anywhere.
        aligned = rng.chance(0.5)
        hr[index] = rectangles(rng, 4 * crop, 4 if aligned else 1) if rng.chance(0.85) else squares(rng, 4 * crop)
        whole = hr[index : index + 1]
        lr[index] = (F.avg_pool2d(whole, 4) if aligned else degrade(whole, "clean", rng))[0]
    return Crops(hr * 2 - 1, hr * 2 - 1, lr * 2 - 1, None, torch.zeros(count, dtype=torch.long, device=rng.device))


def joined(crops: Crops, strange: Crops) -> Crops:
    """Both, `strange` last."""
    return Crops(*(None if a is None else torch.cat([a, b]) for a, b in zip(crops, strange, strict=True)))


def colour(rng: Random, pure: bool) -> Tensor:
    """[3, 1, 1]; pure: every channel 0 or 1."""
    value = rng.uniform((3, 1, 1), 0, 1)
    return value.round() if pure else value


def rectangles(rng: Random, side: int, grid: int) -> Tensor:
    """Up to a dozen over one another, with corners at multiples of `grid`, [3, side, side]."""
    pure = rng.chance(0.5)
    picture = colour(rng, pure).expand(3, side, side).clone()
    for _ in range(1 + int(rng.number(0, 12))):
        number = lambda most: int(rng.number(0, most)) // grid * grid
        top, left, height, width = number(side), number(side), number(2 * side / 3), number(2 * side / 3)
        picture[:, top : top + height + grid, left : left + width + grid] = colour(rng, pure)
    return picture


def squares(rng: Random, side: int) -> Tensor:
    """A colour for each square of 4 or 8 pixels, [3, side, side]."""
    size = rng.choice((4, 8))
    values = rng.uniform((3, side // size, side // size), 0, 1)
    return (values.round() if rng.chance(0.5) else values).repeat_interleave(size, 1).repeat_interleave(size, 2)
