//! Encoder and decoder of the VQ autoencoder.

use super::config::VqNetConfig;
use crate::Result;
use crate::layer::ConvShape;
use crate::ops::tap::Tap;
use crate::ops::{Conv2d, GroupNorm, Map, attention, check_attention};
use crate::weights::Weights;

/// Epsilon of every GroupNorm in the autoencoder.
const EPS: f32 = 1e-6;

/// Picture to latent, before the projection to the codebook's space.
pub struct Encoder {
    conv_in: Conv2d,
    levels: Vec<Level>,
    mid: Mid,
    out: Out,
    tap: Tap,
}

impl Encoder {
    /// Reads `conv_in`, `down`, `mid`, `norm_out` and `conv_out`.
    pub fn load(weights: &Weights, config: &VqNetConfig) -> Result<Self> {
        let mut c = config.ch;
        let conv_in = Conv2d::load(&weights.at("conv_in"), ConvShape::same(config.in_channels, c, 3))?;
        let mut levels = Vec::new();
        for (level, mult) in config.ch_mult.iter().enumerate() {
            let weights = weights.at("down").at(level.to_string());
            let width = config.ch * mult;
            let blocks = load_blocks(&weights, c, width, config.num_res_blocks.at(level))?;
            let resize = match level + 1 < config.ch_mult.len() {
                // One zero row and column at the bottom and right only.
                true => Some(Resize::load(&weights.at("downsample"), ConvShape::down(width, width, 0, 1))?),
                false => None,
            };
            levels.push(Level { blocks, resize });
            c = width;
        }
        Ok(Self {
            conv_in,
            levels,
            mid: Mid::load(&weights.at("mid"), c)?,
            out: Out::load(weights, c, config.z_channels)?,
            tap: weights.tap(),
        })
    }

    /// `[n, h, w, in_channels]` to `[n, h / 2^l, w / 2^l, z_channels]` with `l` one less than the levels.
    pub fn forward(&self, x: &Map) -> Map {
        let h = self.levels.iter().fold(self.conv_in.forward(x), |h, level| level.forward(h));
        self.tap.pass(self.out.forward(&self.mid.forward(&h)))
    }
}

/// Latent, after the projection from the codebook's space, to picture.
pub struct Decoder {
    conv_in: Conv2d,
    mid: Mid,
    /// In the order in which they run: the lowest resolution first.
    levels: Vec<Level>,
    out: Out,
    conv_in_tap: Tap,
}

impl Decoder {
    /// Reads `conv_in`, `mid`, `up`, `norm_out` and `conv_out`.
    pub fn load(weights: &Weights, config: &VqNetConfig) -> Result<Self> {
        let mut c = config.ch * config.ch_mult.last().copied().unwrap_or(1);
        let conv_in = Conv2d::load(&weights.at("conv_in"), ConvShape::same(config.z_channels, c, 3))?;
        let mid = Mid::load(&weights.at("mid"), c)?;
        let mut levels = Vec::new();
        for (level, mult) in config.ch_mult.iter().enumerate().rev() {
            let weights = weights.at("up").at(level.to_string());
            let width = config.ch * mult;
            let blocks = load_blocks(&weights, c, width, config.num_res_blocks.at(level) + 1)?;
            let resize = match level > 0 {
                true => Some(Resize::load(&weights.at("upsample"), ConvShape::up(width, width))?),
                false => None,
            };
            levels.push(Level { blocks, resize });
            c = width;
        }
        Ok(Self {
            conv_in,
            mid,
            levels,
            out: Out::load(weights, c, config.out_ch)?,
            conv_in_tap: weights.at("conv_in").tap(),
        })
    }

    /// `[n, h, w, z_channels]` to `[n, h 2^l, w 2^l, out_ch]` with `l` one less than the levels.
    pub fn forward(&self, z: &Map) -> Map {
        let h = self.mid.forward(&self.conv_in_tap.pass(self.conv_in.forward(z)));
        self.out.forward(&self.levels.iter().fold(h, |h, level| level.forward(h)))
    }
}

/// Residual blocks at one resolution, then the step to the next.
struct Level {
    blocks: Vec<ResnetBlock>,
    resize: Option<Resize>,
}

impl Level {
    fn forward(&self, x: Map) -> Map {
        let h = self.blocks.iter().fold(x, |h, block| block.forward(&h));
        match &self.resize {
            Some(Resize { conv, tap }) => tap.pass(conv.forward(&h)),
            None => h,
        }
    }
}

/// `count` blocks `block.0`, `block.1`, ..., the first from `c_in` channels.
fn load_blocks(weights: &Weights, c_in: usize, width: usize, count: usize) -> Result<Vec<ResnetBlock>> {
    let weights = weights.at("block");
    let block = |i: usize| ResnetBlock::load(&weights.at(i.to_string()), if i == 0 { c_in } else { width }, width);
    (0..count).map(block).collect()
}

/// A convolution to half or double the side.
struct Resize {
    conv: Conv2d,
    tap: Tap,
}

impl Resize {
    fn load(weights: &Weights, shape: ConvShape) -> Result<Self> {
        Ok(Self { conv: Conv2d::load(&weights.at("conv"), shape)?, tap: weights.tap() })
    }
}

/// `shortcut(x) + conv2(silu(norm2(conv1(silu(norm1(x))))))`.
struct ResnetBlock {
    norm1: GroupNorm,
    conv1: Conv2d,
    norm2: GroupNorm,
    conv2: Conv2d,
    shortcut: Option<Conv2d>,
    tap: Tap,
}

impl ResnetBlock {
    fn load(weights: &Weights, c_in: usize, c_out: usize) -> Result<Self> {
        let shortcut = match c_in == c_out {
            true => None,
            false => Some(Conv2d::load(&weights.at("nin_shortcut"), ConvShape::same(c_in, c_out, 1))?),
        };
        Ok(Self {
            norm1: GroupNorm::load(&weights.at("norm1"), c_in, EPS)?,
            conv1: Conv2d::load(&weights.at("conv1"), ConvShape::same(c_in, c_out, 3))?,
            norm2: GroupNorm::load(&weights.at("norm2"), c_out, EPS)?,
            conv2: Conv2d::load(&weights.at("conv2"), ConvShape::same(c_out, c_out, 3))?,
            shortcut,
            tap: weights.tap(),
        })
    }

    fn forward(&self, x: &Map) -> Map {
        let h = self.conv1.forward(&self.norm1.forward(x, None, true));
        let h = self.norm2.forward(&h, None, true);
        let shortcut = self.shortcut.as_ref().map(|shortcut| shortcut.forward(x));
        self.tap.pass(self.conv2.forward_with(&h, None, Some(shortcut.as_ref().unwrap_or(x))))
    }
}

/// The part at the lowest resolution: attention over all pixels between two residual blocks.
struct Mid {
    block_1: ResnetBlock,
    attn_1: AttentionBlock,
    block_2: ResnetBlock,
}

impl Mid {
    fn load(weights: &Weights, channels: usize) -> Result<Self> {
        Ok(Self {
            block_1: ResnetBlock::load(&weights.at("block_1"), channels, channels)?,
            attn_1: AttentionBlock::load(&weights.at("attn_1"), channels)?,
            block_2: ResnetBlock::load(&weights.at("block_2"), channels, channels)?,
        })
    }

    fn forward(&self, x: &Map) -> Map {
        self.block_2.forward(&self.attn_1.forward(&self.block_1.forward(x)))
    }
}

/// Single-head attention over all pixels, with a residual.
struct AttentionBlock {
    norm: GroupNorm,
    q: Conv2d,
    k: Conv2d,
    v: Conv2d,
    proj_out: Conv2d,
    tap: Tap,
}

impl AttentionBlock {
    fn load(weights: &Weights, channels: usize) -> Result<Self> {
        check_attention(channels)?;
        let conv = |name| Conv2d::load(&weights.at(name), ConvShape::same(channels, channels, 1));
        Ok(Self {
            norm: GroupNorm::load(&weights.at("norm"), channels, EPS)?,
            q: conv("q")?,
            k: conv("k")?,
            v: conv("v")?,
            proj_out: conv("proj_out")?,
            tap: weights.tap(),
        })
    }

    fn forward(&self, x: &Map) -> Map {
        let y = self.norm.forward(x, None, false);
        let y = attention(&self.q.forward(&y), &self.k.forward(&y), &self.v.forward(&y));
        self.tap.pass(self.proj_out.forward_with(&y, None, Some(x)))
    }
}

/// `conv(silu(norm(x)))` at the end of either network.
struct Out {
    norm: GroupNorm,
    conv: Conv2d,
    norm_tap: Tap,
}

impl Out {
    fn load(weights: &Weights, c_in: usize, c_out: usize) -> Result<Self> {
        Ok(Self {
            norm: GroupNorm::load(&weights.at("norm_out"), c_in, EPS)?,
            conv: Conv2d::load(&weights.at("conv_out"), ConvShape::same(c_in, c_out, 3))?,
            norm_tap: weights.at("norm_out").at("silu").tap(),
        })
    }

    fn forward(&self, x: &Map) -> Map {
        self.conv.forward(&self.norm_tap.pass(self.norm.forward(x, None, true)))
    }
}
