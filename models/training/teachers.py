"""The teachers: RRDB networks whose weights are published under permissive licences. README.md says where they come from."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import ncnn

# File stems in the folder of teachers, and the degradations that each is the best at.
FILES = {"clean": "REALSR_DF2K_UP4X", "mild": "realesrgan-x4plus", "real": "realesrgan-x4plus"}


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees all before it; their sum with the input, scaled by 0.2."""

    def __init__(self, channels: int = 64, growth: int = 32):
        super().__init__()
        widths = [growth] * 4 + [channels]
        self.convs = nn.ModuleList(nn.Conv2d(channels + i * growth, w, 3, padding=1) for i, w in enumerate(widths))

    def forward(self, x: Tensor) -> Tensor:
        seen = x
        for conv in self.convs[:-1]:
            seen = torch.cat([seen, F.leaky_relu(conv(seen), 0.2)], 1)
        return x + 0.2 * self.convs[-1](seen)


class Rrdb(nn.Module):
    """RGB [n, 3, h, w] in [0, 1] to [n, 3, 4h, 4w], not clamped (ESRGAN, Wang et al. 2018)."""

    def __init__(self, blocks: int = 23, channels: int = 64):
        super().__init__()
        conv = lambda a, b: nn.Conv2d(a, b, 3, padding=1)
        self.first = conv(3, channels)
        self.body = nn.ModuleList(nn.Sequential(*(DenseBlock(channels) for _ in range(3))) for _ in range(blocks))
        self.trunk = conv(channels, channels)
        self.up = nn.ModuleList(conv(channels, channels) for _ in range(2))
        self.high, self.last = conv(channels, channels), conv(channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        first = h = self.first(x)
        for block in self.body:
            h = h + 0.2 * block(h)
        h = first + self.trunk(h)
        for up in self.up:
            h = F.leaky_relu(up(F.interpolate(h, scale_factor=2.0, mode="nearest")), 0.2)
        return self.last(F.leaky_relu(self.high(h), 0.2))


def load(folder: Path, name: str, device: str = "cpu") -> Rrdb:
    """The network of the files `name.param` and `name.bin`."""
    network = Rrdb()
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    for layer, (weight, bias) in zip(layers, ncnn.convolutions(Path(folder) / name), strict=True):
        layer.weight.data.copy_(weight)
        layer.bias.data.copy_(bias)
    return network.requires_grad_(False).to(device).to(memory_format=torch.channels_last)


def answers(folder: Path, device: str):
    """The function from a degradation and LR in [0, 1] to its teacher's picture, clamped; in bf16, which is within 53 dB of
    f32."""
    networks = {name: load(folder, name, device) for name in set(FILES.values())}

    @torch.no_grad()
    def answer(kind: str, lr: Tensor) -> Tensor:
        with torch.autocast(device, dtype=torch.bfloat16):
            return networks[FILES[kind]](lr.contiguous(memory_format=torch.channels_last)).float().clamp(0, 1)

    return answer
