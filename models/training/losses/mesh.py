"""The mesh of period 4 that a network which writes blocks of 4x4 pixels leaves on flat areas."""

import torch
import torch.nn.functional as F
from torch import Tensor


def luma(rgb: Tensor) -> Tensor:
    """Y of BT.601, 16 to 235, from [n, 3, h, w] in 0 .. 255."""
    weight = torch.tensor([65.481, 128.553, 24.966], device=rgb.device).view(1, 3, 1, 1) / 255
    return (rgb * weight).sum(1, keepdim=True) + 16


def blocks(y: Tensor) -> Tensor:
    """The distance of every pixel from its surroundings' mean, [n, 16, blocks]: block by block, by position in it."""
    detail = y - F.avg_pool2d(F.pad(y, (2, 1, 2, 1), mode="replicate"), 4, 1)
    return F.pixel_unshuffle(detail, 4).flatten(2)


def mesh(y: Tensor) -> float:
    """Strength in grey levels: the standard deviation over the 16 positions of a block of their mean distance from the
    surroundings' mean, over the flattest quarter of the blocks."""
    found = blocks(y).permute(1, 0, 2).flatten(1)
    energy = found.square().mean(0)
    flat = found[:, energy <= energy.quantile(0.25)]
    return flat.mean(1).std().item()


def mesh_distance(picture: Tensor, reference: Tensor) -> Tensor:
    """A loss [n] against the mesh: how far apart the patterns of a picture and its reference are, each the mean over the
    quarter of the blocks that are flattest in the reference; root of the mean square over the 16 positions, in [-1, 1]."""
    weight = torch.tensor([0.299, 0.587, 0.114], device=picture.device).view(1, 3, 1, 1)
    found, wanted = (blocks((p.float() * weight).sum(1, keepdim=True)) for p in (picture, reference))
    energy = wanted.square().mean(1)
    flat = (energy <= energy.quantile(0.25, dim=1, keepdim=True)).float()[:, None]
    pattern = ((found - wanted) * flat).sum(2) / flat.sum(2)
    return (pattern.square().mean(1) + 1e-10).sqrt()
