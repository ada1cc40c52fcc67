"""LPIPS v0.1: with SqueezeNet 1.1 as a training loss, with AlexNet for validation, so that what is measured is not what
was trained on. Weights: safetensors with torchvision's feature names and `lin0`, `lin1`, ...
"""

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn


class Fire(nn.Module):
    def __init__(self, c_in: int, squeeze: int, expand: int):
        super().__init__()
        self.squeeze = nn.Conv2d(c_in, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


def squeezenet() -> tuple[nn.Sequential, tuple[int, ...]]:
    pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
    layers = nn.Sequential(
        nn.Conv2d(3, 64, 3, 2), nn.ReLU(), pool(),
        Fire(64, 16, 64), Fire(128, 16, 64), pool(),
        Fire(128, 32, 128), Fire(256, 32, 128), pool(),
        Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256),
    )  # fmt: skip
    return layers, (1, 4, 7, 9, 10, 11, 12)


def alexnet() -> tuple[nn.Sequential, tuple[int, ...]]:
    layers = nn.Sequential(
        nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(),
    )  # fmt: skip
    return layers, (1, 4, 7, 9, 11)


def distance(a: Tensor, b: Tensor, lin: Tensor) -> Tensor:
    """Weighted squared distance [n] of two feature maps whose pixels are scaled to unit length."""
    a, b = a.float(), b.float()
    a = a * torch.rsqrt(a.square().sum(1, keepdim=True) + 1e-10)
    b = b * torch.rsqrt(b.square().sum(1, keepdim=True) + 1e-10)
    return ((a - b).square() * lin).sum(1).mean((1, 2))


class Lpips(nn.Module):
    """Distance [n] of two pictures [n, 3, h, w] in [-1, 1]; gradients flow to the first."""

    def __init__(self, weights: str, compiled: bool = False):
        super().__init__()
        stored = {name.removeprefix("features."): t.float() for name, t in load_file(weights).items()}
        self.net, self.taps = squeezenet() if "3.squeeze.weight" in stored else alexnet()
        self.lins = [stored.pop(f"lin{i}") for i in range(len(self.taps))]
        self.net.load_state_dict(stored)
        self.net.requires_grad_(False).to(memory_format=torch.channels_last)
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1))
        # Most of the time goes into the element-wise work here, not into the convolutions.
        self.distance = torch.compile(distance, dynamic=False) if compiled else distance

    def features(self, x: Tensor) -> list[Tensor]:
        x = ((x - self.shift) / self.scale).contiguous(memory_format=torch.channels_last)
        taps = []
        for i, layer in enumerate(self.net):
            x = layer(x)
            if i in self.taps:
                taps.append(x)
        return taps

    def distance_to(self, found: list[Tensor], reference: Tensor) -> Tensor:
        """Distance [n] of a picture's features to a reference picture, through which no gradient flows."""
        with torch.no_grad():
            wanted = self.features(reference)
        return sum(self.distance(a, b, lin.to(a.device)) for a, b, lin in zip(found, wanted, self.lins))

    def forward(self, picture: Tensor, reference: Tensor) -> Tensor:
        return self.distance_to(self.features(picture), reference)
