//! The compact model: a convolutional UNet in a lossless linear latent space.
//!
//! Latent: space-to-depth by 4 of the picture minus its bicubic enlargement, in a fixed orthonormal basis V of the
//! 48 channels, `z = V^T (unshuffle(x) - unshuffle(bicubic(lr)))`. Nothing is lost. The prior mean y0 is the picture of the
//! network `prior`, or where there is none the bicubic picture, whose code is 0.
//! Every norm looks at one pixel, so the networks' reach is finite and tiles can be exact.

use super::config::CompactConfig;
use super::span::Span;
use super::{Denoiser, Latent, Reach};
use crate::layer::{Activation, ConvShape};
use crate::ops::{Conv2d, Map, RmsNorm, bicubic, bicubic_residual, wiener};
use crate::paper::schedule::Schedule;
use crate::weights::Weights;
use crate::{Error, Result};

/// Latent channels: 3 colours x 4 x 4 positions.
const CHANNELS: usize = 48;
/// Frequencies of the time embedding.
const FREQUENCIES: usize = 16;
/// Pixels that bicubic taps reach.
const TAPS: usize = 2;

/// Space-to-depth in an orthonormal basis, over a bicubic base.
pub struct SpaceToDepth {
    /// `V` as a 1x1 convolution: basis coefficients to unshuffled channels.
    basis: Conv2d,
    prior: Option<Prior>,
}

/// What draws y0.
struct Prior {
    network: Span,
    /// `V^T` as a 1x1 convolution.
    to_basis: Conv2d,
}

impl SpaceToDepth {
    /// Reads `basis.V`, `[48, 48]`, whose columns are the basis vectors, and `prior.*` where the configuration has it.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if V is missing or not orthonormal to 1e-4, or a tensor of the prior does not fit.
    pub fn load(config: &CompactConfig, weights: &Weights) -> Result<Self> {
        let v = weights.at("basis").read("V", &[CHANNELS, CHANNELS])?;
        let dot = |i: usize, j: usize| (0..CHANNELS).map(|k| v[k * CHANNELS + i] * v[k * CHANNELS + j]).sum::<f32>();
        let orthonormal = |i: usize, j: usize| (dot(i, j) - if i == j { 1.0 } else { 0.0 }).abs() < 1e-4;
        if !(0..CHANNELS).all(|i| (0..=i).all(|j| orthonormal(i, j))) {
            return Err(Error::BadWeights("basis.V is not orthonormal".into()));
        }
        let matrix = |numbers: Vec<f32>| {
            let weight = weights.compute().weight(numbers, [CHANNELS, CHANNELS, 1, 1]);
            let bias = weights.compute().weight(vec![0.0; CHANNELS], [CHANNELS]);
            Conv2d::new(weight, bias, ConvShape::same(CHANNELS, CHANNELS, 1))
        };
        let prior = match config.prior {
            0 => None,
            channels => {
                let transposed = (0..CHANNELS * CHANNELS).map(|i| v[i % CHANNELS * CHANNELS + i / CHANNELS]).collect();
                let network = Span::load(channels, &weights.at("prior"))?;
                Some(Prior { network, to_basis: matrix(transposed) })
            }
        };
        Ok(Self { basis: matrix(v), prior })
    }
}

impl Latent for SpaceToDepth {
    fn channels(&self) -> usize {
        CHANNELS
    }

    /// In f32 on every device: it is computed once, and all steps build on it.
    fn encode(&self, lr: &Map) -> Map {
        let Some(Prior { network, to_basis }) = &self.prior else { return lr.clone() };
        lr.in_f32();
        to_basis.forward(&bicubic_residual(&network.forward(lr), lr))
    }

    fn has_encoder(&self) -> bool {
        self.prior.is_some()
    }

    fn decode(&self, z: &Map, lr: &Map) -> Map {
        bicubic(lr, Some(&self.basis.forward(z)))
    }

    /// One 1x1 convolution, a hundredth of what the network does.
    fn is_decoded_cheaply(&self) -> bool {
        true
    }

    /// The CPU computes pairs of pixels (see [`crate::cpu`]), and a tile gives the same bits as the whole where its pairs are
    /// the same.
    fn multiple(&self) -> usize {
        2
    }

    fn encode_reach(&self) -> Reach {
        Reach::Finite(self.prior.as_ref().map_or(0, |prior| prior.network.halo()).max(TAPS))
    }

    fn decode_reach(&self) -> Reach {
        Reach::Finite(TAPS)
    }
}

/// The network.
pub struct CompactUNet {
    config: CompactConfig,
    /// Per-channel standard deviation, in the basis, of what y0 lacks.
    s: Vec<f32>,
    /// Of y0, where a network draws it.
    y0_s: Option<Vec<f32>>,
    time: [Conv2d; 2],
    inp: Conv2d,
    enc: Vec<Vec<ResBlock>>,
    down: Vec<Conv2d>,
    up: Vec<Conv2d>,
    dec: Vec<Vec<ResBlock>>,
    norm: RmsNorm,
    out: Conv2d,
}

/// `[cos(-200 c f), sin(-200 c f)]` of a noise level: `c = ln sqrt(eta)`, `f_k = 10000^(-k/16)`.
fn frequencies(sqrt_eta: f64) -> Vec<f32> {
    let angle = |k: usize| -200.0 * sqrt_eta.ln() * 10000f64.powf(-(k as f64) / FREQUENCIES as f64);
    let cos = (0..FREQUENCIES).map(|k| angle(k).cos() as f32);
    cos.chain((0..FREQUENCIES).map(|k| angle(k).sin() as f32)).collect()
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
        let te = |i: &str, c_in: usize| Conv2d::load_linear(&net.at("te").at(i), c_in, *emb);
        Ok(Self {
            config: config.clone(),
            s: weights.at("basis").read("s", &[CHANNELS])?,
            y0_s,
            time: [te("0", 2 * FREQUENCIES)?, te("2", *emb)?],
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
        let ends = self.time.iter().chain([&self.inp, &self.out]).chain(&self.down).chain(&self.up);
        ends.chain(self.blocks().flat_map(|block| [&block.c1, &block.e, &block.c2]))
    }

    /// Every norm, in no order.
    pub(crate) fn norms(&self) -> impl Iterator<Item = &RmsNorm> {
        self.blocks().flat_map(|block| [&block.n1, &block.n2]).chain([&self.norm])
    }

    /// Time embedding, `[1, 1, 1, emb]`, of what [`frequencies`] returns: `SiLU(W2 SiLU(W0 f))`.
    fn embed(&self, frequencies: &Map) -> Map {
        let silu = Some(Activation::Silu);
        self.time[1].forward_with(&self.time[0].forward_with(frequencies, silu, None), silu, None)
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
    /// The noise level's frequencies, then three factors per channel, with `q = sqrt(eta)`, `a = 1 - eta` and
    /// `v = (a s)^2 + kappa^2 eta`: the Wiener estimate's of z0 in units of s, `a s / v`; its own, `a s^2 / v`; and the
    /// deviation that is left, `s kappa q / sqrt(v)`. With a prior one over the deviation of y0 comes last.
    fn level(&self, schedule: &Schedule, t: usize) -> Vec<Vec<f32>> {
        let (kappa, q) = (schedule.config.kappa, schedule.sqrt_eta[t]);
        let a = 1.0 - q * q;
        let per_channel = |f: &dyn Fn(f64, f64) -> f64| -> Vec<f32> {
            let value = |s: &f32| {
                let s = *s as f64;
                f(s, (a * s).powi(2) + (kappa * q).powi(2)) as f32
            };
            self.s.iter().map(value).collect()
        };
        let mut level = vec![
            frequencies(q),
            per_channel(&|s, v| a * s / v),
            per_channel(&|s, v| a * s * s / v),
            per_channel(&|s, v| s * kappa * q / v.sqrt()),
        ];
        // A channel without any deviation says nothing.
        let inverse = |s: &f32| if *s > 0.0 { 1.0 / s } else { 0.0 };
        level.extend(self.y0_s.as_ref().map(|y0_s| y0_s.iter().map(inverse).collect()));
        level
    }

    /// `z0 = y0 + w sigmoid(g + 1) + s kappa q / sqrt(v) F` around the Wiener estimate `w` of z0 - y0 from z_t - y0.
    fn predict_x0(&self, x_t: &Map, lr: &Map, y0: Option<&Map>, level: &[Map]) -> Map {
        let mut inputs = vec![x_t.scale(&level[1], y0), lr.clone()];
        inputs.extend(y0.map(|y0| y0.scale(&level[4], None)));
        let output = self.network(&Map::concat(inputs), &self.embed(&level[0]));
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
