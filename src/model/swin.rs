//! The UNet's attention: a Swin transformer layer between two 1x1 convolutions.

use super::config::UNetConfig;
use super::resblock::EPS;
use crate::Result;
use crate::layer::{Activation, ConvShape};
use crate::ops::tap::Tap;
use crate::ops::{Conv2d, GroupNorm, Map, WindowAttention};
use crate::weights::Weights;

/// Projection in, Swin blocks, projection out; the released layer has no residual around it.
pub struct SwinLayer {
    embed: Conv2d,
    blocks: Vec<SwinBlock>,
    unembed: Conv2d,
    embed_tap: Tap,
}

impl SwinLayer {
    /// Reads `patch_embed`, `blocks` and `patch_unembed` of a layer at the nominal side `side`, which decides
    /// window and shift whatever the picture's size.
    pub fn load(weights: &Weights, config: &UNetConfig, channels: usize, side: usize) -> Result<Self> {
        let width = config.swin_embed_dim;
        let embed = weights.at("patch_embed");
        let blocks = weights.at("blocks");
        Ok(Self {
            embed: Conv2d::load(&embed.at("proj"), ConvShape::same(channels, width, 1))?,
            blocks: (0..config.swin_depth)
                .map(|i| {
                    let window = window(config, side);
                    // Every second block is shifted, unless one window covers the nominal map.
                    let shift = if i % 2 == 0 || side <= config.window_size { 0 } else { window / 2 };
                    SwinBlock::load(&blocks.at(i.to_string()), config, window, shift)
                })
                .collect::<Result<_>>()?,
            unembed: Conv2d::load(&weights.at("patch_unembed").at("proj"), ConvShape::same(width, channels, 1))?,
            embed_tap: embed.tap(),
        })
    }

    /// `[n, h, w, channels]` to the same; height and width are multiples of the window.
    pub fn forward(&self, x: &Map) -> Map {
        let x = self.embed_tap.pass(self.embed.forward(x));
        self.unembed.forward(&self.blocks.iter().fold(x, |x, block| block.forward(&x)))
    }
}

/// Side of the windows in a layer at the nominal side `side`.
pub fn window(config: &UNetConfig, side: usize) -> usize {
    config.window_size.min(side)
}

/// Window attention and an MLP, each behind a GroupNorm and with a residual.
struct SwinBlock {
    norm1: GroupNorm,
    qkv: Conv2d,
    attention: WindowAttention,
    proj: Conv2d,
    norm2: GroupNorm,
    fc1: Conv2d,
    fc2: Conv2d,
    norm1_tap: Tap,
    attn_tap: Tap,
    mlp_tap: Tap,
    tap: Tap,
}

impl SwinBlock {
    fn load(weights: &Weights, config: &UNetConfig, window: usize, shift: usize) -> Result<Self> {
        let c = config.swin_embed_dim;
        let heads = c.checked_div(config.num_head_channels).unwrap_or(0);
        let hidden = c * config.mlp_ratio;
        let (attn, mlp) = (weights.at("attn"), weights.at("mlp"));
        let table = attn.tensor("relative_position_bias_table", [(2 * window - 1).pow(2), heads])?;
        let attention = WindowAttention { table, heads, window, shift, mask: config.mask };
        attention.check(c)?;
        Ok(Self {
            norm1: GroupNorm::load(&weights.at("norm1"), c, EPS)?,
            qkv: Conv2d::load_linear(&attn.at("qkv"), c, 3 * c)?,
            attention,
            proj: Conv2d::load_linear(&attn.at("proj"), c, c)?,
            norm2: GroupNorm::load(&weights.at("norm2"), c, EPS)?,
            fc1: Conv2d::load(&mlp.at("fc1"), ConvShape::same(c, hidden, 1))?,
            fc2: Conv2d::load(&mlp.at("fc2"), ConvShape::same(hidden, c, 1))?,
            norm1_tap: weights.at("norm1").tap(),
            attn_tap: attn.tap(),
            mlp_tap: mlp.tap(),
            tap: weights.tap(),
        })
    }

    fn forward(&self, x: &Map) -> Map {
        let h = self.norm1_tap.pass(self.norm1.forward(x, None, false));
        let h = self.attention.forward(&self.qkv.forward(&h));
        let x = self.attn_tap.add(x, |x| self.proj.forward_with(&h, None, x));
        let h = self.fc1.forward_with(&self.norm2.forward(&x, None, false), Some(Activation::Gelu), None);
        self.tap.pass(self.mlp_tap.add(&x, |x| self.fc2.forward_with(&h, None, x)))
    }
}
