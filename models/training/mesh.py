"""The mesh of period 4 that a network which writes blocks of 4x4 pixels leaves on flat areas."""

import torch
import torch.nn.functional as F
from torch import Tensor


def luma(rgb: Tensor) -> Tensor:
    """Y of BT.601, 16 to 235, from [n, 3, h, w] in 0 .. 255."""
    weight = torch.tensor([65.481, 128.553, 24.966], device=rgb.device).view(1, 3, 1, 1) / 255
    return (rgb * weight).sum(1, keepdim=True) + 16


def mesh(y: Tensor) -> float:
    """Strength in grey levels: the standard deviation over the 16 positions of a block of their mean distance from the
    surroundings' mean, over the flattest quarter of the blocks."""
    detail = y - F.avg_pool2d(F.pad(y, (2, 1, 2, 1), mode="replicate"), 4, 1)
    blocks = F.pixel_unshuffle(detail, 4).permute(1, 0, 2, 3).reshape(16, -1)
    energy = blocks.square().mean(0)
    flat = blocks[:, energy <= energy.quantile(0.25)]
    return flat.mean(1).std().item()
