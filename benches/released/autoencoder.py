"""The released VQ autoencoder in plain PyTorch. Tensor names are those of its checkpoints, shapes NCHW."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(32, channels, eps=1e-6)


class ResnetBlock(nn.Module):
    def __init__(self, c_in: int, c_out: int):
        super().__init__()
        self.norm1, self.norm2 = norm(c_in), norm(c_out)
        self.conv1 = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1)
        self.nin_shortcut = None if c_in == c_out else nn.Conv2d(c_in, c_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return (x if self.nin_shortcut is None else self.nin_shortcut(x)) + h


class Attention(nn.Module):
    """One head over all pixels."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = norm(channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(x)
        tokens = lambda layer: layer(h).flatten(2).transpose(1, 2)[:, None]
        h = F.scaled_dot_product_attention(tokens(self.q), tokens(self.k), tokens(self.v))
        return x + self.proj_out(h[:, 0].transpose(1, 2).reshape(x.shape))


class Mid(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.block_1, self.block_2 = ResnetBlock(channels, channels), ResnetBlock(channels, channels)
        self.attn_1 = Attention(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.block_2(self.attn_1(self.block_1(x)))


class Resize(nn.Module):
    """To half the side, with zeros to the right and below only, or to double."""

    def __init__(self, channels: int, up: bool):
        super().__init__()
        self.up = up
        self.conv = nn.Conv2d(channels, channels, 3, padding=1) if up else nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest") if self.up else F.pad(x, (0, 1, 0, 1)))


class Level(nn.Module):
    """Residual blocks at one resolution, then the step to the next (`resize` names it)."""

    def __init__(self, c_in: int, c_out: int, count: int, resize: str | None):
        super().__init__()
        self.block = nn.Sequential(*(ResnetBlock(c_in if i == 0 else c_out, c_out) for i in range(count)))
        self.resize = resize
        if resize:
            self.add_module(resize, Resize(c_out, resize == "upsample"))

    def forward(self, x: Tensor) -> Tensor:
        x = self.block(x)
        return getattr(self, self.resize)(x) if self.resize else x


class Encoder(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        widths = [config["ch"] * factor for factor in config["ch_mult"]]
        self.conv_in = nn.Conv2d(config["in_channels"], c := config["ch"], 3, padding=1)
        levels = []
        for width in widths:
            last = len(levels) + 1 == len(widths)
            levels.append(Level(c, width, config["num_res_blocks"], None if last else "downsample"))
            c = width
        self.down = nn.ModuleList(levels)
        self.mid = Mid(c)
        self.norm_out, self.conv_out = norm(c), nn.Conv2d(c, config["z_channels"], 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv_in(x)
        for level in self.down:
            h = level(h)
        return self.conv_out(F.silu(self.norm_out(self.mid(h))))


class Decoder(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        widths = [config["ch"] * factor for factor in config["ch_mult"]]
        self.conv_in = nn.Conv2d(config["z_channels"], c := widths[-1], 3, padding=1)
        self.mid = Mid(c)
        levels = []
        for level in reversed(range(len(widths))):
            levels.append(Level(c, widths[level], config["num_res_blocks"] + 1, "upsample" if level > 0 else None))
            c = widths[level]
        # Named by level, run from the highest down.
        self.up = nn.ModuleList(reversed(levels))
        self.norm_out, self.conv_out = norm(c), nn.Conv2d(c, config["out_ch"], 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        h = self.mid(self.conv_in(z))
        for level in reversed(self.up):
            h = level(h)
        return self.conv_out(F.silu(self.norm_out(h)))


class Autoencoder(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        net, codes = config["ddconfig"], config["embed_dim"]
        self.encoder, self.decoder = Encoder(net), Decoder(net)
        self.quant_conv = nn.Conv2d(net["z_channels"], codes, 1)
        self.post_quant_conv = nn.Conv2d(codes, net["z_channels"], 1)
        self.quantize = nn.ModuleDict({"embedding": nn.Embedding(config["n_embed"], codes)})

    def encode(self, x: Tensor) -> Tensor:
        """Pictures to latents, not quantised."""
        return self.quant_conv(self.encoder(x))

    def nearest(self, z: Tensor) -> Tensor:
        """Index of every pixel's nearest code, `[n * h * w]`."""
        tokens, book = z.permute(0, 2, 3, 1).flatten(0, 2), self.quantize["embedding"].weight
        distance = tokens.square().sum(1, keepdim=True) + book.square().sum(1) - 2 * tokens @ book.T
        return distance.argmin(1)

    def codes(self, index: Tensor, z: Tensor) -> Tensor:
        """The codes of these indices, shaped as `z`."""
        n, _, h, w = z.shape
        return self.quantize["embedding"](index).view(n, h, w, -1).permute(0, 3, 1, 2)

    def decode(self, z: Tensor) -> Tensor:
        """Latents to pictures, by the nearest codes."""
        return self.decode_codes(self.codes(self.nearest(z), z))

    def decode_codes(self, codes: Tensor) -> Tensor:
        return self.decoder(self.post_quant_conv(codes))
