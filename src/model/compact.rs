//! The compact model's network: a convolutional UNet. Every norm looks at one pixel, so its reach is finite and tiles can be exact.

use super::config::CompactConfig;
use super::noise_level::{Embedding, factors};
use super::space_to_depth::CHANNELS;
use super::{Denoiser, Reach};
use crate::layer::ConvShape;
use crate::ops::{Conv2d, Map, RmsNorm, wiener};
use crate::paper::schedule::Schedule;
use crate::weights::Weights;
use crate::{Error, Result};

/// The network.
pub struct CompactUNet {
    config: CompactConfig,
    /// Per-channel standard deviation, in the basis, of what y0 lacks.
    s: Vec<f32>,
    /// Of y0, where a network draws it.
    y0_s: Option<Vec<f32>>,
    time: Embedding,
    inp: Conv2d,
    enc: Vec<Vec<ResBlock>>,
    down: Vec<Conv2d>,
    up: Vec<Conv2d>,
    dec: Vec<Vec<ResBlock>>,
    norm: RmsNorm,
    out: Conv2d,
}

/// `x + c2(SiLU(film(n2(c1(SiLU(n1(x)))))))`.
struct ResBlock {
    n1: RmsNorm,
    c1: Conv2d,
    e: Conv2d,
    n2: RmsNorm,
    c2: Conv2d,
}

impl ResBlock {
    fn load(weights: &Weights, channels: usize, emb: usize) -> Result<Self> {
        let conv = |name| Conv2d::load(&weights.at(name), ConvShape::same(channels, channels, 3));
        Ok(Self {
            n1: RmsNorm::load(&weights.at("n1"), channels)?,
            c1: conv("c1")?,
            e: Conv2d::load_linear(&weights.at("e"), emb, 2 * channels)?,
            n2: RmsNorm::load(&weights.at("n2"), channels)?,
            c2: conv("c2")?,
        })
    }

    fn forward(&self, x: &Map, emb: &Map) -> Map {
        let h = self.c1.forward(&self.n1.forward(x, None, true));
        let film = self.e.forward(emb);
        self.c2.forward_with(&self.n2.forward(&h, Some(&film), true), None, Some(x))
    }
}

impl CompactUNet {
    /// Reads `net.*`, `basis.s`, and with a prior `basis.y0_s`.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if the configuration is inconsistent or a tensor does not fit it.
    pub fn load(config: &CompactConfig, weights: &Weights) -> Result<Self> {
        let CompactConfig { channels: ch, enc_blocks, dec_blocks, emb, prior } = config;
        let levels = ch.len();
        if levels == 0 || enc_blocks.len() != levels || dec_blocks.len() != levels || levels > 6 {
            return Err(Error::BadWeights(
                "the network needs one number of blocks per level, for 1 to 6 levels".into(),
            ));
        }
        let net = weights.at("net");
        let blocks = |name: &str, level: usize, count: usize| -> Result<Vec<ResBlock>> {
            let level_weights = net.at(name).at(level.to_string());
            (0..count).map(|i| ResBlock::load(&level_weights.at(i.to_string()), ch[level], *emb)).collect()
        };
        let numbered = |name: &str, level: usize| net.at(name).at(level.to_string());
        let y0_s = (*prior > 0).then(|| weights.at("basis").read("y0_s", &[CHANNELS])).transpose()?;
        let c_in = CHANNELS + 3 + if y0_s.is_some() { CHANNELS } else { 0 };
        Ok(Self {
            config: config.clone(),
            s: weights.at("basis").read("s", &[CHANNELS])?,
            y0_s,
            time: Embedding::load(&net.at("te"), *emb)?,
            inp: Conv2d::load(&net.at("inp"), ConvShape::same(c_in, ch[0], 3))?,
            enc: (0..levels).map(|l| blocks("enc", l, enc_blocks[l])).collect::<Result<_>>()?,
            down: (1..levels)
                .map(|l| Conv2d::load(&numbered("down", l - 1), ConvShape::down(ch[l - 1], ch[l], 1, 1)))
                .collect::<Result<_>>()?,
            up: (1..levels)
                .map(|l| Conv2d::load(&numbered("up", l - 1), ConvShape::up(ch[l], ch[l - 1])))
                .collect::<Result<_>>()?,
            dec: (0..levels).map(|l| blocks("dec", l, dec_blocks[l])).collect::<Result<_>>()?,
            norm: RmsNorm::load(&net.at("no"), ch[0])?,
            out: Conv2d::load(&net.at("out"), ConvShape::same(ch[0], 2 * CHANNELS, 3))?,
        })
    }

    fn blocks(&self) -> impl Iterator<Item = &ResBlock> {
        self.enc.iter().chain(&self.dec).flatten()
    }

    /// Every convolution, linear layers included, in no order.
    pub(crate) fn convolutions(&self) -> impl Iterator<Item = &Conv2d> {
        let ends = self.time.layers().iter().chain([&self.inp, &self.out]).chain(&self.down).chain(&self.up);
        ends.chain(self.blocks().flat_map(|block| [&block.c1, &block.e, &block.c2]))
    }

    /// Every norm, in no order.
    pub(crate) fn norms(&self) -> impl Iterator<Item = &RmsNorm> {
        self.blocks().flat_map(|block| [&block.n1, &block.n2]).chain([&self.norm])
    }

    /// The raw network: `[n, h, w, 51]`, or 99 with y0, to gate and correction, `[n, h, w, 96]`.
    fn network(&self, x: &Map, emb: &Map) -> Map {
        let run = |blocks: &[ResBlock], h: Map| blocks.iter().fold(h, |h, block| block.forward(&h, emb));
        let levels = self.config.channels.len();
        let mut h = self.inp.forward(x);
        let mut skips = Vec::with_capacity(levels - 1);
        for level in 0..levels {
            h = run(&self.enc[level], h);
            if level + 1 < levels {
                skips.push(h.clone());
                h = self.down[level].forward(&h);
            }
        }
        for level in (0..levels).rev() {
            if let Some(skip) = if level + 1 < levels { skips.pop() } else { None } {
                h = self.up[level].forward_with(&h, None, Some(&skip));
            }
            h = run(&self.dec[level], h);
        }
        self.out.forward(&self.norm.forward(&h, None, true))
    }

    /// How far, in low-resolution pixels, an output can depend on the input: the interval of inputs that one
    /// output position reads, followed backwards through every layer, for every phase of the downsampling grid.
    fn halo(&self) -> usize {
        let levels = self.config.channels.len();
        let period = self.multiple() as i64;
        let origin = 1 << 20;
        (origin..origin + period)
            .map(|x| {
                let mut deep = [x - 1, x + 1];
                let mut skips = Vec::new();
                for level in 0..levels {
                    let convs = 2 * self.config.dec_blocks[level] as i64;
                    deep = [deep[0] - convs, deep[1] + convs];
                    if level + 1 < levels {
                        skips.push(deep);
                        // The 3x3 after nearest upsampling, then the parent pixel.
                        deep = [(deep[0] - 1).div_euclid(2), (deep[1] + 1).div_euclid(2)];
                    }
                }
                for level in (0..levels).rev() {
                    if level + 1 < levels {
                        let skip = skips[level];
                        // The stride-2 3x3 reads 2i - 1 ..= 2i + 1.
                        deep = [(2 * deep[0] - 1).min(skip[0]), (2 * deep[1] + 1).max(skip[1])];
                    }
                    let convs = 2 * self.config.enc_blocks[level] as i64;
                    deep = [deep[0] - convs, deep[1] + convs];
                }
                let [low, high] = [deep[0] - 1, deep[1] + 1];
                (x - low).max(high - x) as usize
            })
            .max()
            .unwrap_or(0)
    }
}

impl Denoiser for CompactUNet {
    /// The frequencies and factors of `noise_level.rs`, and with a prior one over the deviation of y0.
    fn level(&self, schedule: &Schedule, t: usize) -> Vec<Vec<f32>> {
        let mut level = factors(&self.s, schedule, t);
        // A channel without any deviation says nothing.
        let inverse = |s: &f32| if *s > 0.0 { 1.0 / s } else { 0.0 };
        level.extend(self.y0_s.as_ref().map(|y0_s| y0_s.iter().map(inverse).collect()));
        level
    }

    /// `z0 = y0 + w sigmoid(g + 1) + s kappa q / sqrt(v) F` around the Wiener estimate `w` of z0 - y0 from z_t - y0.
    fn predict_x0(&self, x_t: &Map, lr: &Map, y0: Option<&Map>, level: &[Map]) -> Map {
        let mut inputs = vec![x_t.scale(&level[1], y0), lr.clone()];
        inputs.extend(y0.map(|y0| y0.scale(&level[4], None)));
        let output = self.network(&Map::concat(inputs), &self.time.forward(&level[0]));
        wiener(x_t, &output, &level[2], &level[3], y0)
    }

    fn sees_y0(&self) -> bool {
        self.y0_s.is_some()
    }

    /// The grid of the downsamplings, twice: the CPU computes pairs of pixels (see [`crate::cpu`]), and a tile gives the
    /// same bits as the whole where its pairs are the same.
    fn multiple(&self) -> usize {
        2 << (self.config.channels.len() - 1)
    }

    fn reach(&self) -> Reach {
        Reach::Finite(self.halo())
    }

    fn channels(&self) -> usize {
        self.config.channels[0]
    }

    fn accepts_any_noise_level(&self) -> bool {
        true
    }
}
