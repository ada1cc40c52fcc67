//! GroupNorm over `[n, h, w, c]`, fused with FiLM and SiLU.

use super::{Map, Weight, apply_film};
use crate::gpu::{self, NormWeights};
use burn::tensor::{Tensor, activation::silu};

/// Normalises groups of `c / groups` channels over the whole height and width, in f32.
#[derive(Clone, Debug)]
pub struct GroupNorm {
    /// Per-channel factor, `[c]`.
    pub gamma: Weight<1>,
    /// Per-channel offset, `[c]`.
    pub beta: Weight<1>,
    /// Number of groups; divides c.
    pub groups: usize,
    /// Added to the variance.
    pub eps: f32,
}

impl GroupNorm {
    /// `act(film(norm(x)))` with `act` SiLU or nothing; `x` and the result `[n, h, w, c]`, `film` `[n or 1, 1, 1, 2c]`:
    /// scale, then shift.
    pub fn forward(&self, x: &Map, film: Option<&Map>, with_silu: bool) -> Map {
        match x {
            Map::Gpu(x) => {
                let norm = NormWeights { gamma: self.gamma.gpu(), beta: self.beta.gpu() };
                Map::Gpu(gpu::group_norm(x, norm, self.groups, self.eps, film.map(Map::node), with_silu))
            }
            _ => Map::Host(self.on_host(x.clone().host(), film.cloned().map(Map::host), with_silu)),
        }
    }

    fn on_host(&self, x: Tensor<4>, film: Option<Tensor<4>>, with_silu: bool) -> Tensor<4> {
        let [n, h, w, c] = x.dims();
        let x = x.reshape([n, h, w, self.groups, c / self.groups]);
        // One dimension after the other keeps every sum short: one over all pixels would lose digits in f32.
        let mean = |x: Tensor<5>| x.mean_dim(2).mean_dim(1).mean_dim(4);
        // Two passes: the variance of centred values loses nothing where the mean is large.
        let x = x.clone() - mean(x);
        let var = mean(x.clone() * x.clone());
        let x = (x / (var + self.eps).sqrt()).reshape([n, h, w, c]);
        let x = x * self.gamma.host().reshape([1, 1, 1, c]) + self.beta.host().reshape([1, 1, 1, c]);
        let x = match film {
            Some(film) => apply_film(x, film),
            None => x,
        };
        if with_silu { silu(x) } else { x }
    }
}
