//! Tensor operations of the networks. Every picture-shaped tensor is channels last: `[n, h, w, c]`.
//!
//! Each file holds one operation on [`Map`]s: its definition from burn's own operations, which runs on the CPU and under
//! autodiff and is the twin that the GPU kernel of the same name is tested against, and the choice between the two.

mod attention;
pub mod band;
mod bicubic;
mod bicubic_residual;
mod conv2d;
mod group_norm;
mod map;
mod nearest_code;
mod parameter_free_attention;
mod rms_norm;
pub mod tap;
mod weight;
mod wiener;
mod window_attention;

pub use attention::{attention, check_attention};
pub use band::Band;
pub use bicubic::bicubic;
pub use bicubic_residual::bicubic_residual;
pub use conv2d::Conv2d;
pub use group_norm::GroupNorm;
pub use map::Map;
pub use nearest_code::{nearest_code, nearest_index};
pub use parameter_free_attention::parameter_free_attention;
pub use rms_norm::RmsNorm;
pub use weight::Weight;
pub use wiener::wiener;
pub use window_attention::{WindowAttention, relative_position_index};

use burn::tensor::Tensor;

/// FiLM, `x * (1 + scale) + shift` over channels: `x` `[n, h, w, c]`, `film` `[n or 1, 1, 1, 2c]`, scale before shift.
pub(crate) fn apply_film(x: Tensor<4>, film: Tensor<4>) -> Tensor<4> {
    let c = x.dims()[3];
    x * (film.clone().narrow(3, 0, c) + 1.0) + film.narrow(3, c, c)
}
