//! The compact model: a convolutional UNet in a lossless linear latent space.
//!
//! Latent: space-to-depth by 4 of the picture minus its bicubic enlargement, in a fixed orthonormal basis V of the
//! 48 channels, `z = V^T (unshuffle(x) - unshuffle(bicubic(lr)))`. The prior mean is then 0 and nothing is lost.
//! Every norm looks at one pixel, so the network's reach is finite and tiles can be exact.

use super::config::CompactConfig;
use super::{Denoiser, Latent, Reach};
use crate::ops::{Conv2d, ConvShape, Film, RmsNorm, bicubic};
use crate::schedule::Schedule;
use crate::weights::Weights;
use crate::{Error, Result};
use burn::tensor::{
    Device, Tensor, TensorData,
    activation::{sigmoid, silu},
};
use std::cell::RefCell;

/// Latent channels: 3 colours x 4 x 4 positions.
const CHANNELS: usize = 48;
/// Frequencies of the time embedding.
const FREQUENCIES: usize = 16;

/// Space-to-depth in an orthonormal basis, over a bicubic base.
pub struct SpaceToDepth {
    /// `V` as a 1x1 convolution: basis coefficients to unshuffled channels.
    basis: Conv2d,
}

impl SpaceToDepth {
    /// Reads `basis.V`, `[48, 48]`, whose columns are the basis vectors.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if V is missing or not orthonormal to 1e-4.
    pub fn load(weights: &Weights) -> Result<Self> {
        let v = weights.at("basis").read("V", &[CHANNELS, CHANNELS])?;
        let dot = |i: usize, j: usize| (0..CHANNELS).map(|k| v[k * CHANNELS + i] * v[k * CHANNELS + j]).sum::<f32>();
        let orthonormal = |i: usize, j: usize| (dot(i, j) - if i == j { 1.0 } else { 0.0 }).abs() < 1e-4;
        if !(0..CHANNELS).all(|i| (0..=i).all(|j| orthonormal(i, j))) {
            return Err(Error::BadWeights("basis.V is not orthonormal".into()));
        }
        let weight = Tensor::from_data(TensorData::new(v, [CHANNELS, CHANNELS, 1, 1]), weights.device());
        let bias = Tensor::zeros([CHANNELS], weights.device());
        Ok(Self { basis: Conv2d::new(weight, bias, ConvShape::same(CHANNELS, CHANNELS, 1)) })
    }
}

impl Latent for SpaceToDepth {
    fn channels(&self) -> usize {
        CHANNELS
    }

    fn encode(&self, _: Tensor<4>) -> Option<Tensor<4>> {
        None
    }

    fn decode(&self, z: Tensor<4>, lr: Tensor<4>) -> Tensor<4> {
        let [n, h, w, _] = z.dims();
        // Depth to space: channel = colour * 16 + dy * 4 + dx.
        let residual =
            self.basis.forward(z).reshape([n, h, w, 3, 4, 4]).permute([0, 1, 4, 2, 5, 3]).reshape([n, 4 * h, 4 * w, 3]);
        bicubic(lr, 4) + residual
    }

    /// Bicubic taps reach two pixels.
    fn reach(&self) -> Reach {
        Reach::Finite(2)
    }
}

/// The network.
pub struct CompactUNet {
    config: CompactConfig,
    /// Per-channel standard deviation of the residual in the basis.
    s: Vec<f32>,
    time: [Conv2d; 2],
    inp: Conv2d,
    enc: Vec<Vec<ResBlock>>,
    down: Vec<Conv2d>,
    up: Vec<Conv2d>,
    dec: Vec<Vec<ResBlock>>,
    norm: RmsNorm,
    out: Conv2d,
    device: Device,
    /// The last noise level's embedding: all tiles of a step share it.
    embedded: RefCell<Option<(f64, Tensor<2>)>>,
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

    fn forward(&self, x: Tensor<4>, emb: &Tensor<2>) -> Tensor<4> {
        let h = self.c1.forward(self.n1.forward(x.clone(), None, true));
        let film = halves(self.e.forward_rows(emb.clone()));
        x + self.c2.forward(self.n2.forward(h, Some(film), true))
    }
}

/// `[n, 2c]` into scale and shift.
fn halves(x: Tensor<2>) -> Film {
    let [n, c2] = x.dims();
    (x.clone().slice([0..n, 0..c2 / 2]), x.slice([0..n, c2 / 2..c2]))
}

impl CompactUNet {
    /// Reads `net.*` and `basis.s`.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if the configuration is inconsistent or a tensor does not fit it.
    pub fn load(config: &CompactConfig, weights: &Weights) -> Result<Self> {
        let CompactConfig { channels: ch, enc_blocks, dec_blocks, emb } = config;
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
        let te = |i: &str, c_in: usize| Conv2d::load_linear(&net.at("te").at(i), c_in, *emb);
        Ok(Self {
            config: config.clone(),
            s: weights.at("basis").read("s", &[CHANNELS])?,
            time: [te("0", 2 * FREQUENCIES)?, te("2", *emb)?],
            inp: Conv2d::load(&net.at("inp"), ConvShape::same(CHANNELS + 3, ch[0], 3))?,
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
            device: weights.device().clone(),
            embedded: RefCell::default(),
        })
    }

    /// Time embedding of a noise level, `[1, emb]`:
    /// `SiLU(W2 SiLU(W0 [cos(-200 c f), sin(-200 c f)]))`, `c = ln sqrt(eta)`, `f_k = 10000^(-k/16)`.
    fn embed(&self, sqrt_eta: f64) -> Tensor<2> {
        if let Some((level, emb)) = &*self.embedded.borrow()
            && *level == sqrt_eta
        {
            return emb.clone();
        }
        let angle = |k: usize| -200.0 * sqrt_eta.ln() * 10000f64.powf(-(k as f64) / FREQUENCIES as f64);
        let cos = (0..FREQUENCIES).map(|k| angle(k).cos() as f32);
        let features: Vec<f32> = cos.chain((0..FREQUENCIES).map(|k| angle(k).sin() as f32)).collect();
        let x = Tensor::from_data(TensorData::new(features, [1, 2 * FREQUENCIES]), &self.device);
        let emb = silu(self.time[1].forward_rows(silu(self.time[0].forward_rows(x))));
        *self.embedded.borrow_mut() = Some((sqrt_eta, emb.clone()));
        emb
    }

    /// The raw network: `[n, h, w, 51]` to gate and correction, `[n, h, w, 96]`.
    fn network(&self, x: Tensor<4>, emb: &Tensor<2>) -> Tensor<4> {
        let run = |blocks: &[ResBlock], h: Tensor<4>| blocks.iter().fold(h, |h, block| block.forward(h, emb));
        let levels = self.config.channels.len();
        let mut h = self.inp.forward(x);
        let mut skips = Vec::with_capacity(levels - 1);
        for level in 0..levels {
            h = run(&self.enc[level], h);
            if level + 1 < levels {
                skips.push(h.clone());
                h = self.down[level].forward(h);
            }
        }
        for level in (0..levels).rev() {
            if let Some(skip) = if level + 1 < levels { skips.pop() } else { None } {
                h = self.up[level].forward(h) + skip;
            }
            h = run(&self.dec[level], h);
        }
        self.out.forward(self.norm.forward(h, None, true))
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
    /// `z0 = w sigmoid(g + 1) + s kappa q / sqrt(v) F` around the Wiener estimate `w` of z0 from z_t, with
    /// `q = sqrt(eta)`, `v = ((1 - eta) s)^2 + kappa^2 eta`, `w = (1 - eta) s^2 / v * z_t`.
    fn predict_x0(&self, x_t: Tensor<4>, lr: Tensor<4>, schedule: &Schedule, t: usize) -> Tensor<4> {
        let [n, h, w, c] = x_t.dims();
        let (kappa, q) = (schedule.config.kappa, schedule.sqrt_eta[t]);
        let a = 1.0 - q * q;
        let per_channel = |f: &dyn Fn(f64, f64) -> f64| -> Tensor<4> {
            let value = |s: &f32| {
                let s = *s as f64;
                f(s, (a * s).powi(2) + (kappa * q).powi(2)) as f32
            };
            Tensor::from_data(
                TensorData::new(self.s.iter().map(value).collect::<Vec<f32>>(), [1, 1, 1, c]),
                &self.device,
            )
        };
        let scaled = x_t.clone() * per_channel(&|s, v| a * s / v);
        let output = self.network(Tensor::cat(vec![scaled, lr], 3), &self.embed(q));
        let gate = output.clone().slice([0..n, 0..h, 0..w, 0..c]);
        let correction = output.slice([0..n, 0..h, 0..w, c..2 * c]);
        x_t * per_channel(&|s, v| a * s * s / v) * sigmoid(gate + 1.0)
            + correction * per_channel(&|s, v| s * kappa * q / v.sqrt())
    }

    fn multiple(&self) -> usize {
        1 << (self.config.channels.len() - 1)
    }

    fn reach(&self) -> Reach {
        Reach::Finite(self.halo())
    }

    fn any_level(&self) -> bool {
        true
    }
}
