//! GroupNorm over `[n, h, w, c]`, fused with FiLM and SiLU.

use super::{Film, apply_film};
use crate::{Result, gpu, weights::Weights};
use burn::tensor::{Tensor, activation::silu};

/// Normalises groups of `c / groups` channels over the whole height and width, in f32.
#[derive(Clone, Debug)]
pub struct GroupNorm {
    /// Per-channel factor, `[c]`.
    pub gamma: Tensor<1>,
    /// Per-channel offset, `[c]`.
    pub beta: Tensor<1>,
    /// Number of groups; divides c.
    pub groups: usize,
    /// Added to the variance.
    pub eps: f32,
}

impl GroupNorm {
    /// Reads `weight` and `bias`, both `[channels]`; 32 groups.
    pub fn load(weights: &Weights, channels: usize, eps: f32) -> Result<Self> {
        Ok(Self {
            gamma: weights.tensor("weight", [channels])?,
            beta: weights.tensor("bias", [channels])?,
            groups: 32,
            eps,
        })
    }

    /// `act(film(norm(x)))` with `act` SiLU or nothing; `x` and the result `[n, h, w, c]`.
    pub fn forward(&self, x: Tensor<4>, film: Option<Film>, with_silu: bool) -> Tensor<4> {
        if gpu::holds(&x) && x.dims()[3].is_multiple_of(4) {
            return gpu::group_norm(x, self, film, with_silu);
        }
        let [n, h, w, c] = x.dims();
        let (hw, per) = (h * w, c / self.groups);
        let x = x.reshape([n, hw, self.groups, per]);
        // Two passes: the variance of centred values loses nothing where the mean is large.
        let mean = x.clone().mean_dim(1).mean_dim(3);
        let x = x - mean;
        let var = (x.clone() * x.clone()).mean_dim(1).mean_dim(3);
        let x = (x / (var + self.eps).sqrt()).reshape([n, h, w, c]);
        let x = x * self.gamma.clone().reshape([1, 1, 1, c]) + self.beta.clone().reshape([1, 1, 1, c]);
        let x = match film {
            Some(film) => apply_film(x, film),
            None => x,
        };
        if with_silu { silu(x) } else { x }
    }
}
