"""The released UNet with Swin windows in plain PyTorch. Tensor names are those of its checkpoints, shapes NCHW.

Written for the shapes of x4 super-resolution: the picture that conditions it has the latent's size.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(32, channels, eps=1e-5)


class ResBlock(nn.Module):
    """`skip(x) + conv(SiLU(film(norm(conv(SiLU(norm(x)))))))`; scale and shift come from the step's embedding."""

    def __init__(self, c_in: int, c_out: int, emb: int):
        super().__init__()
        self.in_layers = nn.Sequential(norm(c_in), nn.SiLU(), nn.Conv2d(c_in, c_out, 3, padding=1))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(emb, 2 * c_out))
        # The third is dropout where it is trained.
        self.out_layers = nn.Sequential(norm(c_out), nn.SiLU(), nn.Identity(), nn.Conv2d(c_out, c_out, 3, padding=1))
        self.skip_connection = nn.Identity() if c_in == c_out else nn.Conv2d(c_in, c_out, 1)

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        scale, shift = self.emb_layers(emb)[:, :, None, None].chunk(2, 1)
        h = self.out_layers[0](self.in_layers(x)) * (1 + scale) + shift
        return self.skip_connection(x) + self.out_layers[1:](h)


class WindowAttention(nn.Module):
    """Attention among the pixels of each window of a map that is rolled by `shift`, with the released code's mask."""

    def __init__(self, channels: int, heads: int, window: int, shift: int):
        super().__init__()
        self.heads, self.window, self.shift = heads, window, shift
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        row, column = torch.arange(window**2).div(window, rounding_mode="floor"), torch.arange(window**2) % window
        apart = lambda at: at[:, None] - at[None] + window - 1
        self.register_buffer("relative_position_index", apart(row) * (2 * window - 1) + apart(column))
        # Pairs on different sides of the seam, by column only; they are masked in the last row of windows.
        behind = column >= window - shift
        self.register_buffer("seam", -100.0 * (behind[:, None] != behind[None]), persistent=False)

    def bias(self, rows: int, columns: int) -> Tensor:
        """`[windows or 1, heads, tokens, tokens]`."""
        bias = self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)[None]
        if self.shift == 0:
            return bias
        mask = self.seam.new_zeros(rows, columns, 1, *self.seam.shape)
        mask[-1] = self.seam
        return bias + mask.flatten(0, 1)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        side, rows, columns = self.window, h // self.window, w // self.window
        x = x.roll((-self.shift, -self.shift), (2, 3)) if self.shift else x
        tokens = x.view(n, c, rows, side, columns, side).permute(0, 2, 4, 3, 5, 1).reshape(-1, side * side, c)
        q, k, v = self.qkv(tokens).view(-1, side * side, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        bias = self.bias(rows, columns)
        bias = bias.repeat(n, 1, 1, 1) if len(bias) > 1 else bias
        tokens = F.scaled_dot_product_attention(q, k, v, bias).transpose(1, 2).reshape(-1, side * side, c)
        tokens = self.proj(tokens).view(n, rows, columns, side, side, c)
        x = tokens.permute(0, 5, 1, 3, 2, 4).reshape(n, c, h, w)
        return x.roll((self.shift, self.shift), (2, 3)) if self.shift else x


class SwinBlock(nn.Module):
    def __init__(self, channels: int, heads: int, window: int, shift: int, ratio: int):
        super().__init__()
        self.norm1, self.norm2 = norm(channels), norm(channels)
        self.attn = WindowAttention(channels, heads, window, shift)
        self.mlp = nn.ModuleDict(
            {"fc1": nn.Conv2d(channels, ratio * channels, 1), "fc2": nn.Conv2d(ratio * channels, channels, 1)}
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(x))))


class Projection(nn.Module):
    def __init__(self, c_in: int, c_out: int):
        super().__init__()
        self.proj = nn.Conv2d(c_in, c_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x)


class SwinLayer(nn.Module):
    """Swin blocks between two projections, without a residual around them. `side` is the nominal one."""

    def __init__(self, config: dict, channels: int, side: int):
        super().__init__()
        width, window = config["swin_embed_dim"], min(config["window_size"], side)
        shift = 0 if side <= config["window_size"] else window // 2
        heads = width // config["num_head_channels"]
        self.patch_embed, self.patch_unembed = Projection(channels, width), Projection(width, channels)
        self.blocks = nn.Sequential(
            *(SwinBlock(width, heads, window, i % 2 * shift, config["mlp_ratio"]) for i in range(config["swin_depth"]))
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.patch_unembed(self.blocks(self.patch_embed(x)))


class Down(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.op(x)


class Up(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class Block(nn.Sequential):
    """Layers in a row, of which some read the step's embedding."""

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        for layer in self:
            x = layer(x, emb) if isinstance(layer, ResBlock) else layer(x)
        return x


class UNet(nn.Module):
    """Predicts x0 from the scaled state `x`, the step's index `t` and the low-resolution picture `lq` in [-1, 1]."""

    def __init__(self, config: dict):
        super().__init__()
        assert config["lq_size"] == config["image_size"] and not config.get("cond_mask")
        base, emb = config["model_channels"], 4 * config["model_channels"]
        widths = [base * factor for factor in config["channel_mult"]]
        sides = [config["image_size"] >> level for level in range(len(widths))]
        attends = lambda level: sides[level] in config["attention_resolutions"]
        swin = lambda c, level: SwinLayer(config, c, sides[level])
        self.frequencies = base // 2
        self.time_embed = nn.Sequential(nn.Linear(base, emb), nn.SiLU(), nn.Linear(emb, emb))

        c = widths[0]
        blocks, skips = [Block(nn.Conv2d(config["in_channels"] + 3, c, 3, padding=1))], [c]
        for level, width in enumerate(widths):
            for i in range(config["num_res_blocks"][level]):
                blocks.append(Block(ResBlock(c, width, emb), *([swin(width, level)] if i == 0 and attends(level) else [])))
                skips.append(c := width)
            if level + 1 < len(widths):
                blocks.append(Block(Down(c)))
                skips.append(c)
        self.input_blocks = nn.ModuleList(blocks)
        self.middle_block = Block(ResBlock(c, c, emb), swin(c, len(widths) - 1), ResBlock(c, c, emb))

        blocks = []
        for level, width in reversed(list(enumerate(widths))):
            count = config["num_res_blocks"][level] + 1
            for i in range(count):
                layers = [ResBlock(c + skips.pop(), width, emb)]
                c = width
                layers += [swin(c, level)] if i == 0 and attends(level) else []
                layers += [Up(c)] if level > 0 and i + 1 == count else []
                blocks.append(Block(*layers))
        self.output_blocks = nn.ModuleList(blocks)
        self.out = nn.Sequential(norm(c), nn.SiLU(), nn.Conv2d(c, config["out_channels"], 3, padding=1))

    def forward(self, x: Tensor, t: Tensor, lq: Tensor) -> Tensor:
        k = torch.arange(self.frequencies, device=x.device) / self.frequencies
        angles = t[:, None].float() * torch.exp(-math.log(10000) * k)
        emb = self.time_embed(torch.cat([angles.cos(), angles.sin()], 1))
        h, skips = torch.cat([x, lq], 1), []
        for block in self.input_blocks:
            skips.append(h := block(h, emb))
        h = self.middle_block(h, emb)
        for block in self.output_blocks:
            h = block(torch.cat([h, skips.pop()], 1), emb)
        return self.out(h)
