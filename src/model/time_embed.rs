//! The embedding of the step index.

use crate::Result;
use crate::layer::Activation;
use crate::ops::tap::Tap;
use crate::ops::{Conv2d, Map};
use crate::weights::Weights;

/// Sinusoids of the step index, then two linear layers with SiLU between.
pub struct TimeEmbed {
    channels: usize,
    linear_0: Conv2d,
    linear_2: Conv2d,
    tap: Tap,
}

impl TimeEmbed {
    /// Reads `0` and `2` for sinusoids of width `channels`; the embedding is four times as wide.
    ///
    /// # Errors
    /// [`crate::Error::BadWeights`] if a tensor is missing or has another shape.
    pub fn load(weights: &Weights, channels: usize) -> Result<Self> {
        let width = 4 * channels;
        Ok(Self {
            channels,
            linear_0: Conv2d::load_linear(&weights.at("0"), channels, width)?,
            linear_2: Conv2d::load_linear(&weights.at("2"), width, width)?,
            tap: weights.tap(),
        })
    }

    /// Width of the sinusoids.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The SiLU of the embedding: every residual block begins with it. `sinusoids` `[n, 1, 1, channels]`; returns
    /// `[n, 1, 1, 4 channels]`.
    pub fn forward(&self, sinusoids: &Map) -> Map {
        let h = self.linear_0.forward_with(sinusoids, Some(Activation::Silu), None);
        self.tap.silu(|activation| self.linear_2.forward_with(&h, activation, None))
    }
}

/// `cos(t f_k)` for all k, then `sin(t f_k)`, with `f_k = 10000^(-k / half)`, `half = channels / 2`. Computed in f64.
pub fn sinusoids(t: usize, channels: usize) -> Vec<f32> {
    let half = channels / 2;
    let angle = |k: usize| t as f64 * (-(10000f64.ln()) * k as f64 / half as f64).exp();
    let cosines = (0..half).map(|k| angle(k).cos() as f32);
    let sines = (0..half).map(|k| angle(k).sin() as f32);
    cosines.chain(sines).collect()
}
