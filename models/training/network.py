"""The networks of a chain and their latent. Tensor names are those of the shipped weights (`net.*`, `basis.*`, `prior.*`).

Shapes are NCHW at low resolution. The latent is `z = V^T (unshuffle(x) - unshuffle(bicubic(lr)))`, 48 channels, with V a
fixed orthonormal basis. The prior mean y0 is the picture of the network `prior`, or bicubic, whose code is 0; s is the standard
deviation of z - y0 in the basis, `y0_s` that of y0.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from span import Span

FREQUENCIES = 16
LATENT = 48


def embedding(log_sqrt_eta: Tensor) -> Tensor:
    """Cosines and sines of a noise level, ln sqrt(eta) [n], to [n, 32]."""
    k = torch.arange(FREQUENCIES, device=log_sqrt_eta.device)
    angle = -200.0 * log_sqrt_eta[:, None] * torch.exp(-math.log(10000.0) * k / FREQUENCIES)
    return torch.cat([angle.cos(), angle.sin()], 1)


def of_embedding(emb: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(2 * FREQUENCIES, emb), nn.SiLU(), nn.Linear(emb, emb), nn.SiLU())


class RmsNorm(nn.Module):
    """Norm over the channels of one pixel, so that the network's reach stays finite. Statistics in f32."""

    def __init__(self, channels: int):
        super().__init__()
        self.g = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.b = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = x.float()
        return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-5) * self.g + self.b


class ResBlock(nn.Module):
    """`x + c2(SiLU(film(n2(c1(SiLU(n1(x)))))))`; scale and shift come from the noise level's embedding."""

    def __init__(self, channels: int, emb: int):
        super().__init__()
        self.n1, self.n2 = RmsNorm(channels), RmsNorm(channels)
        self.c1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.c2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.e = nn.Linear(emb, 2 * channels)
        for layer in (self.c2, self.e):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        scale, shift = self.e(emb).float()[:, :, None, None].chunk(2, 1)
        h = self.c1(F.silu(self.n1(x)))
        return x + self.c2(F.silu(self.n2(h) * (1 + scale) + shift))


class UNet(nn.Module):
    """Latent, LR, and y0's code where there is one, [n, 51 or 99, h, w], and ln sqrt(eta) [n], to gate and correction,
    [n, 96, h, w]."""

    def __init__(self, channels: list[int], enc_blocks: list[int], dec_blocks: list[int], emb: int, prior: int = 0):
        """`prior`: channels of the network of y0, whose code is then 48 more inputs; 0 for none."""
        super().__init__()
        levels = list(zip(channels, channels[1:]))
        self.te = of_embedding(emb)
        self.inp = nn.Conv2d(LATENT + 3 + (LATENT if prior else 0), channels[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in levels)
        self.up = nn.ModuleList(nn.Conv2d(b, a, 3, padding=1) for a, b in levels)
        stack = lambda counts: nn.ModuleList(
            nn.ModuleList(ResBlock(c, emb) for _ in range(n)) for c, n in zip(channels, counts, strict=True)
        )
        self.enc, self.dec = stack(enc_blocks), stack(dec_blocks)
        self.no = RmsNorm(channels[0])
        self.out = nn.Conv2d(channels[0], 2 * LATENT, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, inputs: Tensor, log_sqrt_eta: Tensor) -> Tensor:
        emb = self.te(embedding(log_sqrt_eta))
        h = self.inp(inputs)
        skips = []
        for level, blocks in enumerate(self.enc):
            for block in blocks:
                h = block(h, emb)
            if level < len(self.down):
                skips.append(h)
                h = self.down[level](h)
        for level in reversed(range(len(self.dec))):
            if level < len(self.up):
                h = self.up[level](F.interpolate(h, scale_factor=2.0, mode="nearest")) + skips.pop()
            for block in self.dec[level]:
                h = block(h, emb)
        return self.out(F.silu(self.no(h)))


class SpanDenoiser(Span):
    """SPAN that also sees the latent and the noise level. It begins as the same function of LR as a SPAN whose weights it gets."""

    def __init__(self, channels: int, emb: int):
        super().__init__(channels)
        self.te = of_embedding(emb)
        self.conv_z = nn.Conv2d(LATENT, channels, 3, padding=1)
        # The noise level scales what comes of the latent, and the inner features of every block.
        self.e = nn.ModuleList(nn.Linear(emb, channels) for _ in range(1 + len(self.blocks)))
        self.out = nn.Conv2d(channels, 2 * LATENT, 3, padding=1)
        for layer in (self.conv_z, *self.e, self.out):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        for layer in self.e:
            nn.init.ones_(layer.bias)

    def forward(self, lr: Tensor, z: Tensor, log_sqrt_eta: Tensor) -> tuple[Tensor, Tensor]:
        """The picture as `Span` gives it, [n, 48, h, w], and gate and correction as `UNet` gives them, [n, 96, h, w]."""
        emb = self.te(embedding(log_sqrt_eta))
        of_z, *scales = (layer(emb)[:, :, None, None] for layer in self.e)
        features = self.features(self.conv_1(lr - self.mean.view(1, 3, 1, 1)) + of_z * self.conv_z(z), scales)
        return self.upsampler(features), self.out(features)


class Model(nn.Module):
    """What all models have: the latent's two directions, and y0."""

    def __init__(self, kappa: float, prior: int = 0):
        """`prior`: channels of the network of y0; 0: y0 is bicubic."""
        super().__init__()
        self.kappa = kappa
        self.basis = nn.Module()
        self.basis.register_buffer("V", torch.eye(LATENT))
        self.basis.register_buffer("s", torch.ones(LATENT))
        self.prior = Span(prior).requires_grad_(False) if prior else None
        if self.prior:
            self.basis.register_buffer("y0_s", torch.ones(LATENT))

    def y0(self, lr: Tensor) -> Tensor:
        """The prior mean as a picture [n, 3, 4h, 4w] in [-1, 1]; always in f32."""
        with torch.no_grad(), torch.autocast(lr.device.type, enabled=False):
            return self.prior(lr.float()).clamp(-1, 1) if self.prior else bicubic(lr)

    def code_of_y0(self, lr: Tensor) -> Tensor:
        """The prior mean in the latent, [n, 48, h, w]; always in f32."""
        with torch.autocast(lr.device.type, enabled=False):
            return self.to_latent(self.y0(lr), lr)

    def to_latent(self, picture: Tensor, lr: Tensor) -> Tensor:
        """The code of a picture [n, 3, 4h, 4w] that enlarges LR [n, 3, h, w], both in [-1, 1]."""
        residual = F.pixel_unshuffle(picture - bicubic(lr), 4)
        return torch.einsum("ij,nihw->njhw", self.basis.V, residual)

    def to_picture(self, z: Tensor, lr: Tensor) -> Tensor:
        """The picture of z, not clamped."""
        return bicubic(lr) + F.pixel_shuffle(torch.einsum("ij,njhw->nihw", self.basis.V, z), 4)


class SpanModel(Model):
    """`predict` is that of `Compact` with the code of the network's own picture in the place of y0: the picture itself where the
    noise is strong, and beside it what z_t says, through a gate. y0 is bicubic."""

    def __init__(self, network: dict, kappa: float):
        super().__init__(kappa)
        self.net = SpanDenoiser(network["channels"], network["emb"])

    def predict(self, z_t: Tensor, lr: Tensor, y0: Tensor, sqrt_eta: Tensor) -> Tensor:
        """As `Compact.predict`."""
        q, s = sqrt_eta.view(-1, 1, 1, 1), self.basis.s.view(1, -1, 1, 1)
        a = 1 - q * q
        v = (a * s).square() + (self.kappa * q).square()
        picture, head = self.net(lr, a * s / v * z_t, sqrt_eta.log())
        gate, correction = head.float().chunk(2, 1)
        with torch.autocast(lr.device.type, enabled=False):
            code = self.to_latent(clamped(F.pixel_shuffle(picture.float(), 4)), lr.float())
        return code + a * s * s / v * (z_t - code) * torch.sigmoid(gate + 1) + s * self.kappa * q * torch.rsqrt(v) * correction


class Compact(Model):
    """The denoiser around the U-Net.

    `predict` is `z0 = y0 + w sigmoid(g + 1) + s kappa q / sqrt(v) F` around the Wiener estimate w of z0 - y0 from z_t - y0,
    with `q = sqrt(eta)`, `a = 1 - eta`, `v = (a s)^2 + (kappa q)^2`, `w = a s^2 / v (z_t - y0)`.
    """

    def __init__(self, network: dict, kappa: float, regression: bool = False):
        super().__init__(kappa, network.get("prior", 0))
        self.net = UNet(**network)
        self.regression = regression  # the control: no noise goes in, one step comes out

    def predict(self, z_t: Tensor, lr: Tensor, y0: Tensor, sqrt_eta: Tensor) -> Tensor:
        """z0 [n, 48, h, w] from z_t, LR in [-1, 1] and y0's code; `sqrt_eta` [n]."""
        q, s = sqrt_eta.view(-1, 1, 1, 1), self.basis.s.view(1, -1, 1, 1)
        a = 1 - q * q
        v = (a * s).square() + (self.kappa * q).square()
        shift = z_t - y0
        if self.regression:
            shift = torch.zeros_like(shift)
        inputs = [a * s / v * shift, lr]
        if self.prior:
            inputs.append(y0 / self.basis.y0_s.view(1, -1, 1, 1))
        gate, correction = self.net(torch.cat(inputs, 1), sqrt_eta.log()).float().chunk(2, 1)
        return y0 + a * s * s / v * shift * torch.sigmoid(gate + 1) + s * self.kappa * q * torch.rsqrt(v) * correction


def clamped(picture: Tensor) -> Tensor:
    """To [-1, 1], with the gradient of the identity: a number that is out of range on the wrong side must find its way back."""
    return picture + (picture.clamp(-1, 1) - picture).detach()


def bicubic(lr: Tensor) -> Tensor:
    """Enlargement by 4: Keys with a = -0.75, half-pixel centres."""
    return F.interpolate(lr, scale_factor=4.0, mode="bicubic", align_corners=False)
