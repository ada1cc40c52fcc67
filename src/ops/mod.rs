//! Tensor operations of the networks. Every picture-shaped tensor is channels last: `[n, h, w, c]`.
//!
//! Each file holds one operation: its definition from burn's own operations, which runs on the CPU
//! and under autodiff and is the twin that the GPU kernel of the same name is tested against, and the
//! choice between the two by the tensor's device.

mod attention;
mod bicubic;
mod conv2d;
mod cpu;
mod group_norm;
mod nearest_code;
mod rms_norm;
mod window_attention;

pub use attention::attention;
pub use bicubic::bicubic;
pub use conv2d::{Conv2d, ConvShape};
pub use group_norm::GroupNorm;
pub use nearest_code::nearest_code;
pub use rms_norm::RmsNorm;
pub use window_attention::{MaskKind, WindowAttention, relative_position_index};

use burn::tensor::Tensor;

/// FiLM: a per-channel `(scale, shift)` pair, each `[n, c]`, applied as `x * (1 + scale) + shift`.
pub type Film = (Tensor<2>, Tensor<2>);

/// `x * (1 + scale) + shift` over channels, `x` `[n, h, w, c]`.
pub(crate) fn apply_film(x: Tensor<4>, film: Film) -> Tensor<4> {
    let [n, _, _, c] = x.dims();
    let (scale, shift) = film;
    x * (scale.reshape([n, 1, 1, c]) + 1.0) + shift.reshape([n, 1, 1, c])
}
