//! Per-pixel RMS norm over `[n, h, w, c]`, fused with FiLM and SiLU. It looks at one pixel only, so a
//! tile's border cannot change its statistics.

use super::{Map, Weight, apply_film};
use crate::cpu as kernels;
use crate::gpu::{self, NormWeights};
use crate::layer::Window;
use burn::tensor::{Tensor, activation::silu};

/// `x * rsqrt(mean over channels of x^2 + 1e-5) * g + b` at every pixel.
#[derive(Clone, Debug)]
pub struct RmsNorm {
    /// Per-channel factor, `[c]`.
    pub gamma: Weight<1>,
    /// Per-channel offset, `[c]`.
    pub beta: Weight<1>,
}

impl RmsNorm {
    /// Added to the mean square.
    pub const EPS: f32 = gpu::RMS_NORM_EPS;

    /// `act(film(norm(x)))` with `act` SiLU or nothing; `x` and the result `[n, h, w, c]`, `film` `[n or 1, 1, 1, 2c]`:
    /// scale, then shift.
    pub fn forward(&self, x: &Map, film: Option<&Map>, with_silu: bool) -> Map {
        match x {
            Map::Gpu(x) => {
                let norm = NormWeights { gamma: self.gamma.gpu(), beta: self.beta.gpu() };
                Map::Gpu(gpu::rms_norm(x, norm, film.map(Map::node), with_silu))
            }
            Map::Host(_) | Map::Band(_) => Map::by_rows(&[(x, Window::ROW)], x.dims(), |inputs, out| {
                self.on_host(inputs[0].of(out), film.cloned().map(Map::host), with_silu)
            }),
        }
    }

    fn on_host(&self, x: Tensor<4>, film: Option<Tensor<4>>, with_silu: bool) -> Tensor<4> {
        let halves = film.as_ref().map(|film| {
            let (n, [.., c]) = (x.dims()[0], x.dims());
            let half =
                |begin: usize| film.clone().narrow(3, begin, c).expand([n as i64, 1, 1, c as i64]).reshape([n, c]);
            (half(0), half(c))
        });
        if let Some(out) =
            kernels::rms_norm(&x, &self.gamma.host(), &self.beta.host(), halves.as_ref(), Self::EPS, with_silu)
        {
            return out;
        }
        let c = x.dims()[3];
        let mean_square = (x.clone() * x.clone()).mean_dim(3);
        let x = x / (mean_square + Self::EPS).sqrt();
        let x = x * self.gamma.host().reshape([1, 1, 1, c]) + self.beta.host().reshape([1, 1, 1, c]);
        let x = match film {
            Some(film) => apply_film(x, film),
            None => x,
        };
        if with_silu { silu(x) } else { x }
    }
}
