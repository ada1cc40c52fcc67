"""SPAN (Wan et al. 2023), the network that may draw the prior mean y0: the picture that a chain starts from.

The published weights are read from ncnn's files; `widen` begins a wider network where a trained one is.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import ncnn

BLOCKS = 6
MEAN = (0.4488, 0.4371, 0.4040)
# Of a block's result. Photos stay below it but for single features (the largest of 50 pictures: 6.4); edges between pure colours
# do not, and six blocks would make numbers of any size of them.
BOUND = 4.0


class Span(nn.Module):
    """RGB [n, 3, h, w] in [-1, 1] to [n, 3, 4h, 4w], not clamped.

    Six blocks `(x + y) (sigmoid(y) - 1/2)`, bounded, of three 3x3 convolutions each; the picture is made of the first features, the
    first block's, the last block's, and those inside the last block.
    """

    def __init__(self, channels: int = 48):
        super().__init__()
        conv = lambda a, b: nn.Conv2d(a, b, 3, padding=1)
        self.conv_1 = conv(3, channels)
        self.blocks = nn.ModuleList(nn.ModuleList(conv(channels, channels) for _ in range(3)) for _ in range(BLOCKS))
        self.conv_2 = conv(channels, channels)
        self.conv_cat = nn.Conv2d(4 * channels, channels, 1)
        self.upsampler = conv(channels, 48)
        self.register_buffer("mean", 2 * torch.tensor(MEAN) - 1)

    def forward(self, lr: Tensor) -> Tensor:
        first = self.conv_1(lr - self.mean.view(1, 3, 1, 1))
        return F.pixel_shuffle(self.upsampler(self.features(first)), 4)

    def features(self, first: Tensor, scales: list[Tensor] | None = None) -> Tensor:
        """What the picture is made of; `scales`: for every block the factors of its inner features."""
        x = first
        for number, (c1, c2, c3) in enumerate(self.blocks):
            inner = F.silu(c1(x))
            if scales:
                inner = inner * scales[number]
            y = c3(F.silu(c2(inner)))
            x = ((x + y) * (torch.sigmoid(y) - 0.5)).clamp(-BOUND, BOUND)
            if number == 0:
                early = x
        return self.conv_cat(torch.cat([first, self.conv_2(x), early, inner], 1))


def published(stem: Path) -> Span:
    """The published network. It takes 255 (rgb - mean) with rgb in [0, 1] and gives rgb; both scales go into its weights."""
    network = Span()
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        for layer, (weight, bias) in zip(layers, ncnn.convolutions(stem), strict=True):
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
        network.conv_1.weight *= 127.5
        network.upsampler.weight *= 2
        network.upsampler.bias.copy_(2 * network.upsampler.bias - 1)
    return network


def widen(network: Span, channels: int, seed: int = 0) -> Span:
    """The same function with more channels: new ones are copies, and what reads them shares their weights unequally."""
    wide, old = Span(channels), network.conv_1.out_channels
    rng = torch.Generator().manual_seed(seed)
    source = torch.cat([torch.arange(old), torch.randperm(old, generator=rng)[: channels - old]])

    def reads(weight: Tensor, sources: Tensor) -> Tensor:
        share = 0.5 + torch.rand(weight.shape[0], len(sources), generator=rng)
        total = torch.zeros(weight.shape[:2]).index_add_(1, sources, share)
        return weight[:, sources] * (share / total[:, sources])[:, :, None, None]

    with torch.no_grad():
        for name, layer in wide.named_modules():
            if not isinstance(layer, nn.Conv2d):
                continue
            weight, bias = network.get_submodule(name).weight, network.get_submodule(name).bias
            if name != "upsampler":
                weight, bias = weight[source], bias[source]
            if name == "conv_cat":
                weight = reads(weight, torch.cat([source + i * old for i in range(4)]))
            elif name != "conv_1":
                weight = reads(weight, source)
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
    return wide
