//! What the networks of the space-to-depth latent are told of a noise level.

use crate::Result;
use crate::layer::Activation;
use crate::ops::{Conv2d, Map};
use crate::paper::schedule::Schedule;
use crate::weights::Weights;

/// Frequencies of the embedding.
const FREQUENCIES: usize = 16;

/// `SiLU(W2 SiLU(W0 f))` of a level's [`frequencies`] f.
pub(super) struct Embedding([Conv2d; 2]);

impl Embedding {
    /// Reads `0` and `2`; the result has `emb` numbers.
    pub fn load(weights: &Weights, emb: usize) -> Result<Self> {
        let layer = |i: &str, c_in: usize| Conv2d::load_linear(&weights.at(i), c_in, emb);
        Ok(Self([layer("0", 2 * FREQUENCIES)?, layer("2", emb)?]))
    }

    /// The first of [`factors`], `[1, 1, 1, 32]`, to `[1, 1, 1, emb]`.
    pub fn forward(&self, frequencies: &Map) -> Map {
        let silu = Some(Activation::Silu);
        self.0[1].forward_with(&self.0[0].forward_with(frequencies, silu, None), silu, None)
    }

    /// Its layers.
    pub fn layers(&self) -> &[Conv2d] {
        &self.0
    }
}

/// `[cos(-200 c f), sin(-200 c f)]` of a noise level: `c = ln sqrt(eta)`, `f_k = 10000^(-k/16)`.
fn frequencies(sqrt_eta: f64) -> Vec<f32> {
    let angle = |k: usize| -200.0 * sqrt_eta.ln() * 10000f64.powf(-(k as f64) / FREQUENCIES as f64);
    let cos = (0..FREQUENCIES).map(|k| angle(k).cos() as f32);
    cos.chain((0..FREQUENCIES).map(|k| angle(k).sin() as f32)).collect()
}

/// Of index `t` of a schedule: its [`frequencies`], then three factors per channel of the latent, whose code deviates from the
/// prior mean by `s`. With `q = sqrt(eta)`, `a = 1 - eta` and `v = (a s)^2 + kappa^2 eta`: the Wiener estimate's of z0 in units of
/// s, `a s / v`; its own, `a s^2 / v`; and the deviation that is left, `s kappa q / sqrt(v)`.
pub(super) fn factors(s: &[f32], schedule: &Schedule, t: usize) -> Vec<Vec<f32>> {
    let (kappa, q) = (schedule.config.kappa, schedule.sqrt_eta[t]);
    let a = 1.0 - q * q;
    let per_channel = |f: &dyn Fn(f64, f64) -> f64| -> Vec<f32> {
        let value = |s: &f32| {
            let s = *s as f64;
            f(s, (a * s).powi(2) + (kappa * q).powi(2)) as f32
        };
        s.iter().map(value).collect()
    };
    vec![
        frequencies(q),
        per_channel(&|s, v| a * s / v),
        per_channel(&|s, v| a * s * s / v),
        per_channel(&|s, v| s * kappa * q / v.sqrt()),
    ]
}
