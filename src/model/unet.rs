//! The released UNet with Swin windows: the network f(x_t, y0, t) of paper Eq. 8, as its code builds it.

use super::config::UNetConfig;
use super::feature_extractor::FeatureExtractor;
use super::resblock::{EPS, ResBlock};
use super::swin::{SwinLayer, window};
use super::time_embed::{TimeEmbed, sinusoids};
use crate::layer::ConvShape;
use crate::ops::tap::Tap;
use crate::ops::{Conv2d, GroupNorm, Map};
use crate::weights::Weights;
use crate::{Error, Result};
use burn::tensor::{Tensor, TensorData};

/// Predicts x0 from the scaled chain state, the low-resolution picture and the step index.
pub struct UNet {
    time_embed: TimeEmbed,
    feature_extractor: FeatureExtractor,
    input_blocks: Vec<Block>,
    middle_block: Block,
    output_blocks: Vec<Block>,
    out_norm: GroupNorm,
    out_conv: Conv2d,
    out_norm_tap: Tap,
    out_tap: Tap,
    multiple: usize,
}

impl UNet {
    /// Reads the network under the names of the released state dict.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if the configuration is inconsistent or a tensor is missing or shaped otherwise.
    pub fn load(config: &UNetConfig, weights: &Weights) -> Result<Self> {
        check(config)?;
        let layout = Layout::new(config);
        let block = |name: &Weights, layers: &[LayerShape]| Block::load(name, config, layers);
        let blocks = |name: &str, all: &[Vec<LayerShape>]| -> Result<Vec<Block>> {
            let weights = weights.at(name);
            all.iter().enumerate().map(|(i, layers)| block(&weights.at(i.to_string()), layers)).collect()
        };
        let width = config.model_channels * config.channel_mult[0];
        let out = weights.at("out");
        Ok(Self {
            time_embed: TimeEmbed::load(&weights.at("time_embed"), config.model_channels)?,
            feature_extractor: FeatureExtractor::load(
                &weights.at("feature_extractor"),
                condition_channels(config),
                condition_stages(config),
            )?,
            input_blocks: blocks("input_blocks", &layout.input)?,
            middle_block: block(&weights.at("middle_block"), &layout.middle)?,
            output_blocks: blocks("output_blocks", &layout.output)?,
            out_norm: GroupNorm::load(&out.at("0"), width, EPS)?,
            out_conv: Conv2d::load(&out.at("2"), ConvShape::same(width, config.out_channels, 3))?,
            out_norm_tap: out.at("1").tap(),
            out_tap: out.tap(),
            multiple: layout.multiple,
        })
    }

    /// What the network reads of the step index `t`, from 0: sinusoids, as many as [`Self::time_channels`].
    pub fn time(&self, t: usize) -> Vec<f32> {
        sinusoids(t, self.time_embed.channels())
    }

    /// Numbers that [`Self::time`] returns.
    pub fn time_channels(&self) -> usize {
        self.time_embed.channels()
    }

    /// [`Self::forward_at`] on the CPU: `t` one index of the schedule per picture.
    pub fn forward(&self, x: Tensor<4>, t: &[usize], lq: Tensor<4>, mask: Option<Tensor<4>>) -> Tensor<4> {
        let values: Vec<f32> = t.iter().flat_map(|&t| self.time(t)).collect();
        let time = TensorData::new(values, [t.len(), 1, 1, self.time_channels()]);
        let time = Tensor::from_data(time, &x.device());
        self.forward_at(x.into(), &time.into(), lq.into(), mask.map(Map::from)).host()
    }

    /// `x` `[n, h, w, in_channels]`, `time` `[n or 1, 1, 1, time_channels]`, `lq` the conditioning picture
    /// `[n, h k, w k, 3]` in [-1, 1] with `k = lq_size / image_size`, `mask` `[n, h k, w k, 1]`, 1 in holes and -1
    /// elsewhere, exactly if the configuration has `cond_mask`; returns `[n, h, w, out_channels]`. `h` and `w` are
    /// multiples of [`Self::multiple`].
    pub fn forward_at(&self, x: Map, time: &Map, lq: Map, mask: Option<Map>) -> Map {
        let emb = self.time_embed.forward(time);
        let condition = match mask {
            Some(mask) => Map::concat(vec![lq, mask]),
            None => lq,
        };
        let mut h = Map::concat(vec![x, self.feature_extractor.forward(condition)]);
        let mut skips = Vec::with_capacity(self.input_blocks.len());
        for block in &self.input_blocks {
            h = block.forward(h, &emb);
            skips.push(h.clone());
        }
        h = self.middle_block.forward(h, &emb);
        for (block, skip) in self.output_blocks.iter().zip(skips.into_iter().rev()) {
            h = block.forward(Map::concat(vec![h, skip]), &emb);
        }
        let h = self.out_norm_tap.pass(self.out_norm.forward(&h, None, true));
        self.out_tap.pass(self.out_conv.forward(&h))
    }

    /// Height and width of the latent are multiples of this: every level halves it, and windows tile it.
    pub fn multiple(&self) -> usize {
        self.multiple
    }
}

/// One layer of a block, and what decides its shape.
#[derive(Clone, Copy)]
pub(crate) enum LayerShape {
    Conv { c_in: usize, c_out: usize },
    Res { c_in: usize, c_out: usize },
    Swin { channels: usize, side: usize },
    Down(usize),
    Up(usize),
}

/// The layers of every block.
pub(crate) struct Layout {
    pub(crate) input: Vec<Vec<LayerShape>>,
    pub(crate) middle: Vec<LayerShape>,
    pub(crate) output: Vec<Vec<LayerShape>>,
    multiple: usize,
}

impl Layout {
    pub(crate) fn new(config: &UNetConfig) -> Self {
        use LayerShape::*;
        let levels = config.channel_mult.len();
        let width = |level: usize| config.model_channels * config.channel_mult[level];
        let side = |level: usize| config.image_size >> level;
        let with_swin = |level: usize| config.attention_resolutions.contains(&side(level));
        let condition = FeatureExtractor::channels(condition_channels(config), condition_stages(config));

        let mut c = width(0);
        let mut input = vec![vec![Conv { c_in: config.in_channels + condition, c_out: c }]];
        let mut skips = vec![c];
        for level in 0..levels {
            for i in 0..config.num_res_blocks[level] {
                let mut block = vec![Res { c_in: c, c_out: width(level) }];
                c = width(level);
                if i == 0 && with_swin(level) {
                    block.push(Swin { channels: c, side: side(level) });
                }
                input.push(block);
                skips.push(c);
            }
            if level + 1 < levels {
                input.push(vec![Down(c)]);
                skips.push(c);
            }
        }

        let same = Res { c_in: c, c_out: c };
        let middle = vec![same, Swin { channels: c, side: side(levels - 1) }, same];

        let mut output = Vec::with_capacity(skips.len());
        for level in (0..levels).rev() {
            for i in 0..=config.num_res_blocks[level] {
                // As many blocks come out as went in: one more per level here, the convolutions between levels there.
                let skip = skips.pop().unwrap_or_default();
                let mut block = vec![Res { c_in: c + skip, c_out: width(level) }];
                c = width(level);
                if i == 0 && with_swin(level) {
                    block.push(Swin { channels: c, side: side(level) });
                }
                if level > 0 && i == config.num_res_blocks[level] {
                    block.push(Up(c));
                }
                output.push(block);
            }
        }

        let swin_levels = (0..levels).filter(|&level| with_swin(level) || level + 1 == levels);
        let multiple = swin_levels.fold(1, |m, level| lcm(m, window(config, side(level)) << level));
        Self { input, middle, output, multiple }
    }
}

/// Layers that run one after the other.
struct Block {
    layers: Vec<(Layer, Tap)>,
    tap: Tap,
}

enum Layer {
    Conv(Conv2d),
    Res(ResBlock),
    Swin(SwinLayer),
}

impl Block {
    fn load(weights: &Weights, config: &UNetConfig, layers: &[LayerShape]) -> Result<Self> {
        let layer = |(i, shape): (usize, &LayerShape)| {
            let weights = weights.at(i.to_string());
            let layer = match *shape {
                LayerShape::Conv { c_in, c_out } => {
                    Layer::Conv(Conv2d::load(&weights, ConvShape::same(c_in, c_out, 3))?)
                }
                LayerShape::Res { c_in, c_out } => {
                    Layer::Res(ResBlock::load(&weights, c_in, c_out, 4 * config.model_channels)?)
                }
                LayerShape::Swin { channels, side } => Layer::Swin(SwinLayer::load(&weights, config, channels, side)?),
                LayerShape::Down(c) => Layer::Conv(Conv2d::load(&weights.at("op"), ConvShape::down(c, c, 1, 1))?),
                LayerShape::Up(c) => Layer::Conv(Conv2d::load(&weights.at("conv"), ConvShape::up(c, c))?),
            };
            Ok((layer, weights.tap()))
        };
        Ok(Self { layers: layers.iter().enumerate().map(layer).collect::<Result<_>>()?, tap: weights.tap() })
    }

    /// `emb` is the SiLU of the time embedding, `[n or 1, 1, 1, emb]`.
    fn forward(&self, x: Map, emb: &Map) -> Map {
        let h = self.layers.iter().fold(x, |h, (layer, tap)| {
            tap.pass(match layer {
                Layer::Conv(conv) => conv.forward(&h),
                Layer::Res(block) => block.forward(&h, emb),
                Layer::Swin(layer) => layer.forward(&h),
            })
        });
        self.tap.pass(h)
    }
}

/// Channels of the conditioning picture, its mask included.
pub(crate) fn condition_channels(config: &UNetConfig) -> usize {
    3 + usize::from(config.cond_mask)
}

/// Halvings from the conditioning picture to the latent.
pub(crate) fn condition_stages(config: &UNetConfig) -> usize {
    (config.lq_size / config.image_size).ilog2() as usize
}

fn lcm(a: usize, b: usize) -> usize {
    let (mut x, mut y) = (a, b);
    while y > 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}

/// Refuses a configuration that no network can be built from.
pub(crate) fn check(config: &UNetConfig) -> Result<()> {
    let levels = config.channel_mult.len();
    let in_range = |values: &[usize]| values.iter().all(|v| (1..=4096).contains(v));
    let sizes = [
        config.image_size,
        config.in_channels,
        config.model_channels,
        config.out_channels,
        config.num_head_channels,
        config.swin_embed_dim,
        config.window_size,
        config.mlp_ratio,
        config.lq_size,
    ];
    let counts = [&config.channel_mult[..], &config.num_res_blocks[..]].concat();
    let reason = if !in_range(&sizes) || !counts.iter().all(|v| (1..=64).contains(v)) || config.swin_depth > 64 {
        "a number is out of range"
    } else if levels == 0 || levels > 12 || config.num_res_blocks.len() != levels {
        "channel_mult and num_res_blocks must name the same levels, 1 to 12"
    } else if !config.image_size.is_multiple_of(1 << (levels - 1)) {
        "image_size must halve at every level"
    } else if !config.lq_size.is_multiple_of(config.image_size)
        || !(config.lq_size / config.image_size).is_power_of_two()
    {
        "lq_size must be image_size times a power of two"
    } else if !config.swin_embed_dim.is_multiple_of(config.num_head_channels) {
        "num_head_channels must divide swin_embed_dim"
    } else {
        return Ok(());
    };
    Err(Error::BadWeights(format!("the UNet's configuration: {reason}")))
}
