"""Degradations from HR to LR at a quarter of the size: `clean`, `mild` and `real` (two rounds of blur, resize, noise and
JPEG, after Real-ESRGAN, with the ranges of the ResShift release). Pictures are [n, 3, h, w] in [0, 1].
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


KINDS = ("clean", "mild", "real")


class Random:
    """Draws that depend on the given numbers only, and not on what ran before."""

    def __init__(self, *key: int, device: str = "cpu"):
        seed = 0
        for part in key:
            seed = (seed * 1_000_003 + part + 1) % (1 << 62)
        self.device = device
        self.host = torch.Generator().manual_seed(seed)  # decides branches
        self.generator = self.host if device == "cpu" else torch.Generator(device).manual_seed(seed)

    def uniform(self, shape, low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(shape, generator=self.generator, device=self.device)

    def normal(self, shape) -> Tensor:
        return torch.randn(shape, generator=self.generator, device=self.device)

    def number(self, low: float = 0.0, high: float = 1.0) -> float:
        return low + (high - low) * torch.rand(1, generator=self.host).item()

    def chance(self, p: float) -> bool:
        return self.number() < p

    def choice(self, options, weights=None):
        weights = torch.ones(len(options)) if weights is None else torch.tensor(weights, dtype=torch.float32)
        return options[int(torch.multinomial(weights, 1, generator=self.host))]


def degrade(hr: Tensor, kind: str, rng: Random) -> Tensor:
    """LR of one of the three kinds, rounded to 8 bit."""
    lr = real(hr, rng) if kind == "real" else F.interpolate(
        hr, scale_factor=0.25, mode=rng.choice(("bicubic", "bilinear"), (0.85, 0.15)), antialias=True
    ).clamp(0, 1)
    if kind == "mild":
        if rng.chance(0.5):
            lr = noise(lr, rng, (1, 8), (0.05, 1.0))
        lr = jpeg(lr, rng.uniform(len(lr), 40, 95))
    return (lr.clamp(0, 1) * 255).round() / 255


def real(hr: Tensor, rng: Random) -> Tensor:
    """The second-order pipeline. Branches are shared by the batch, parameters are each picture's own."""
    n, _, h, w = hr.shape
    x = blur(hr, kernels(n, rng, 21, range(3, 20, 2), (0.2, 3.0)))
    x = resize(x, rng, (h, w), up=(0.2, 1.5), down=(0.7, 0.15))
    x = jpeg(noise(x, rng, (1, 30), (0.05, 3.0)), rng.uniform(n, 30, 95))
    if rng.chance(0.5):
        if rng.chance(0.8):
            x = blur(x, kernels(n, rng, 15, range(3, 14, 2), (0.2, 1.5)))
        x = resize(x, rng, (h // 4, w // 4), up=(0.3, 1.2), down=(0.4, 0.3))
        x = noise(x, rng, (1, 25), (0.05, 2.5))
    sharp = torch.zeros(n, 15, 15, device=hr.device)
    sharp[:, 7, 7] = 1
    ringing = sinc(rng.uniform(n, math.pi / 3, math.pi), sizes(n, rng, range(3, 14, 2)), 15)
    final = torch.where((rng.uniform((n, 1, 1), 0, 1) < 0.8), ringing, sharp)
    quality = rng.uniform(n, 30, 95)
    shrink = lambda x: F.interpolate(x, size=(h // 4, w // 4), mode=mode(rng)).clamp(0, 1)
    if rng.chance(0.5):
        return jpeg(blur(shrink(x), final).clamp(0, 1), quality)
    return blur(shrink(jpeg(x, quality)), final)


def mode(rng: Random) -> str:
    return rng.choice(("area", "bilinear", "bicubic"))


def resize(x: Tensor, rng: Random, size, up, down) -> Tensor:
    """To `size` times a random factor: up with (probability, most), down with (probability, least)."""
    draw, factor = rng.number(), 1.0
    if draw < up[0]:
        factor = rng.number(1, up[1])
    elif draw < up[0] + down[0]:
        factor = rng.number(down[1], 1)
    target = [max(8, int(side * factor)) for side in size]
    return F.interpolate(x, size=target, mode=mode(rng)).clamp(0, 1)


def sizes(n: int, rng: Random, odd: range) -> Tensor:
    table = torch.tensor(list(odd), device=rng.device)
    return table[(rng.uniform(n, 0, 1) * len(table)).long()]


def grid(pad: int, device) -> tuple[Tensor, Tensor]:
    r = torch.arange(pad, device=device, dtype=torch.float32) - pad // 2
    return r[None, :, None], r[None, None, :]


def normalised(kernel: Tensor, size: Tensor) -> Tensor:
    """Cut to `size` and summing to 1."""
    y, x = grid(kernel.shape[-1], kernel.device)
    half = (size // 2).view(-1, 1, 1)
    kernel = kernel * ((y.abs() <= half) & (x.abs() <= half))
    return kernel / kernel.sum((1, 2), keepdim=True)


def sinc(cutoff: Tensor, size: Tensor, pad: int) -> Tensor:
    """Circular low pass with ringing: `w J1(w r) / (2 pi r)`."""
    y, x = grid(pad, cutoff.device)
    r, w = (y * y + x * x).sqrt(), cutoff.view(-1, 1, 1)
    centre = w * w / (4 * math.pi)
    kernel = torch.where(r == 0, centre, w * torch.special.bessel_j1(w * r) / (2 * math.pi * r.clamp(min=1e-6)))
    return normalised(kernel, size)


def kernels(n: int, rng: Random, pad: int, odd: range, sigma) -> Tensor:
    """n blur kernels [n, pad, pad]: 10 % sinc, else Gaussian (70 %), generalised (15 %) or plateau (15 %), round or not."""
    size = sizes(n, rng, odd)
    y, x = grid(pad, rng.device)
    kind = rng.uniform(n, 0, 1)
    general, plateau = (kind >= 0.70) & (kind < 0.85), kind >= 0.85
    oblong = ((kind >= 0.45) & (kind < 0.70)) | ((kind >= 0.82) & (kind < 0.85)) | (kind >= 0.97)
    column = lambda v: v.view(-1, 1, 1)
    first = rng.uniform(n, *sigma)
    second = torch.where(oblong, rng.uniform(n, *sigma), first)
    angle = rng.uniform(n, -math.pi, math.pi)
    u = x * column(angle.cos()) + y * column(angle.sin())
    v = y * column(angle.cos()) - x * column(angle.sin())
    distance = (u / column(first)).square() + (v / column(second)).square()
    half = rng.uniform(n, 0, 1) < 0.5
    beta_general = torch.where(half, rng.uniform(n, 0.5, 1), rng.uniform(n, 1, 4))
    beta_plateau = torch.where(half, torch.ones(n, device=rng.device), rng.uniform(n, 1, 2))
    beta = torch.where(general, beta_general, torch.ones(n, device=rng.device))
    kernel = torch.where(
        column(plateau), 1 / (1 + distance ** column(beta_plateau)), torch.exp(-0.5 * distance ** column(beta))
    )
    lowest = torch.where(size < 13, math.pi / 3, math.pi / 5)
    cutoff = lowest + (math.pi - lowest) * rng.uniform(n, 0, 1)
    ringing = column(rng.uniform(n, 0, 1) < 0.1)
    return torch.where(ringing, sinc(cutoff, size, pad), normalised(kernel, size))


def blur(x: Tensor, kernel: Tensor) -> Tensor:
    """Each picture with its own kernel, reflected borders."""
    n, c, h, w = x.shape
    p = kernel.shape[-1] // 2
    border = "reflect" if min(h, w) > p else "replicate"
    rows = F.pad(x, (p, p, p, p), mode=border).reshape(1, n * c, h + 2 * p, w + 2 * p)
    return F.conv2d(rows, kernel[:, None].repeat_interleave(c, 0), groups=n * c).view(n, c, h, w)


def noise(x: Tensor, rng: Random, gaussian, poisson) -> Tensor:
    """Half Gaussian (standard deviation in 1/255), half Poisson (scale), 40 % of both grey."""
    n, c, h, w = x.shape
    each = lambda low, high: rng.uniform((n, 1, 1, 1), low, high)
    draw = torch.where(each(0, 1) < 0.4, rng.normal((n, 1, h, w)), rng.normal((n, c, h, w)))
    # Scaled Poisson noise of 256 levels in its Gaussian limit.
    shot = (x.clamp(0, 1) / 256).sqrt() * each(*poisson)
    std = torch.where(each(0, 1) < 0.5, each(*gaussian) / 255, shot)
    return (x + draw * std).clamp(0, 1)


LUMA = """16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 62
18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101 72 92 95 98 112 100 103 99"""
CHROMA = """17 18 24 47 99 99 99 99 18 21 26 66 99 99 99 99 24 26 56 99 99 99 99 99 47 66 99 99 99 99 99 99""" + " 99" * 32


def jpeg(x: Tensor, quality: Tensor) -> Tensor:
    """What JPEG at `quality` [n] with 4:2:0 colour does to a picture: the tables of the standard's annex K, no coding."""
    n, _, h, w = x.shape
    x = F.pad(x.clamp(0, 1), (0, -w % 16, 0, -h % 16), mode="replicate") * 255
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality).view(-1, 1, 1)

    def table(text: str) -> Tensor:
        base = torch.tensor([float(v) for v in text.split()], device=x.device).view(1, 8, 8)
        return ((base * scale + 50) / 100).floor().clamp(1, 255)

    i = torch.arange(8, device=x.device, dtype=torch.float32)
    dct = torch.cos((2 * i[None] + 1) * i[:, None] * math.pi / 16) / 2
    dct[0] = math.sqrt(0.125)

    def quantised(plane: Tensor, steps: Tensor) -> Tensor:
        rows, cols = plane.shape[2] // 8, plane.shape[3] // 8
        blocks = plane.view(n, rows, 8, cols, 8).permute(0, 1, 3, 2, 4)
        steps = steps.view(n, 1, 1, 8, 8)
        blocks = dct.T @ (torch.round(dct @ blocks @ dct.T / steps) * steps) @ dct
        return blocks.permute(0, 1, 3, 2, 4).reshape(n, 1, 8 * rows, 8 * cols)

    r, g, b = x.split(1, 1)
    y = quantised(0.299 * r + 0.587 * g + 0.114 * b - 128, table(LUMA)) + 128
    chroma = table(CHROMA)
    halved = lambda plane: F.avg_pool2d(plane, 2)
    doubled = lambda plane: F.interpolate(plane, scale_factor=2, mode="bilinear")
    cb = doubled(quantised(halved(-0.168736 * r - 0.331264 * g + 0.5 * b), chroma))
    cr = doubled(quantised(halved(0.5 * r - 0.418688 * g - 0.081312 * b), chroma))
    rgb = torch.cat([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], 1)
    return (rgb.clamp(0, 255).round() / 255)[:, :, :h, :w]
