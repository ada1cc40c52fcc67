"""The mesh of period 4 that a network which writes blocks of 4x4 pixels leaves on flat areas: how strong it is, and a loss
against it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def luma(rgb: Tensor) -> Tensor:
    """Y of BT.601, 16 to 235, from [n, 3, h, w] in 0 .. 255."""
    weight = torch.tensor([65.481, 128.553, 24.966], device=rgb.device).view(1, 3, 1, 1) / 255
    return (rgb * weight).sum(1, keepdim=True) + 16


def blocks(y: Tensor) -> Tensor:
    """What stands out from its surroundings' mean, by picture, position in the 4x4 block, and block: [n, 16, blocks]."""
    return F.pixel_unshuffle(y - F.avg_pool2d(F.pad(y, (2, 1, 2, 1), mode="replicate"), 4, 1), 4).flatten(2)


def mesh(y: Tensor) -> float:
    """Strength in grey levels: the standard deviation over the 16 positions of their means over the flattest quarter of all
    blocks."""
    detail = blocks(y).permute(1, 0, 2).reshape(16, -1)
    energy = detail.square().mean(0)
    return detail[:, energy <= energy.quantile(0.25)].mean(1).std().item()


def mesh_loss(found: Tensor, wanted: Tensor) -> Tensor:
    """The mean square of the 16 positions' mean errors on the flattest quarter of each picture's blocks, in units of [-1, 1].

    A mesh is an error that a position of the block has everywhere; LPIPS pays for it and MSE hardly sees it. What is random
    averages out over the blocks and costs nothing here.
    """
    found, wanted = (blocks(p.mean(1, keepdim=True)) for p in (found, wanted))
    energy = wanted.square().mean(1, keepdim=True)
    flat = (energy <= energy.quantile(0.25, dim=2, keepdim=True)).float()
    return (((found - wanted) * flat).sum(2) / flat.sum(2)).square().mean()
