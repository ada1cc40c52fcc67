"""Crops that no photo has: rectangles of pure colours that meet at sharp edges, and noise of them.

A network that multiplies features, as SPAN does, can answer such a crop with numbers far outside a picture.
"""

import torch
from torch import Tensor

from data.corpus import Crops
from data.degrade import Random, degrade


def extremes(rng: Random, count: int, crop: int) -> Crops:
    """`count` clean crops of `crop` LR pixels; the teacher's answer is the truth."""
    hr, lr = (torch.empty(count, 3, side, side, device=rng.device) for side in (4 * crop, crop))
    for index in range(count):
        hr[index] = rectangles(rng, 4 * crop) if rng.chance(0.85) else squares(rng, 4 * crop)
        lr[index] = degrade(hr[index : index + 1], "clean", rng)[0]
    return Crops(hr * 2 - 1, hr * 2 - 1, lr * 2 - 1, None, torch.zeros(count, dtype=torch.long, device=rng.device))


def joined(crops: Crops, strange: Crops) -> Crops:
    """Both, `strange` last."""
    return Crops(*(None if a is None else torch.cat([a, b]) for a, b in zip(crops, strange, strict=True)))


def colour(rng: Random, pure: bool) -> Tensor:
    """[3, 1, 1]; pure: every channel 0 or 1."""
    value = rng.uniform((3, 1, 1), 0, 1)
    return value.round() if pure else value


def rectangles(rng: Random, side: int) -> Tensor:
    """Up to a dozen over one another, [3, side, side]."""
    pure = rng.chance(0.5)
    picture = colour(rng, pure).expand(3, side, side).clone()
    for _ in range(1 + int(rng.number(0, 12))):
        (top, left), (height, width) = ((int(rng.number(0, most)) for _ in range(2)) for most in (side, 2 * side / 3))
        picture[:, top : top + height + 1, left : left + width + 1] = colour(rng, pure)
    return picture


def squares(rng: Random, side: int) -> Tensor:
    """A colour for each square of 4 or 8 pixels, [3, side, side]."""
    size = rng.choice((4, 8))
    values = rng.uniform((3, side // size, side // size), 0, 1)
    return (values.round() if rng.chance(0.5) else values).repeat_interleave(size, 1).repeat_interleave(size, 2)
