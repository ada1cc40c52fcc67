//! Launch of `shaders/rms_norm.wgsl`.

use super::kernel::{Kernel, buffer, invocations, tensor};
use crate::ops::{Film, RmsNorm};
use burn::tensor::{DType, Tensor};

/// The kernel for a layer.
pub fn rms_norm_kernel(channels: usize, film: bool, silu: bool) -> Kernel {
    Kernel::new("rms_norm", include_str!("../../shaders/rms_norm.wgsl"))
        .count("C", channels)
        .real("EPS", RmsNorm::EPS)
        .flag("FILM", film)
        .flag("SILU", silu)
}

/// `act(film(norm(x)))`, `x` and the result `[n, h, w, c]`; c is a multiple of 4.
pub fn rms_norm(x: Tensor<4>, norm: &RmsNorm, film: Option<Film>, with_silu: bool) -> Tensor<4> {
    let [n, h, w, c] = x.dims();
    let kernel = rms_norm_kernel(c, film.is_some(), with_silu);
    let mut inputs = vec![buffer(x), buffer(norm.gamma.clone()), buffer(norm.beta.clone())];
    if let Some((scale, shift)) = film {
        inputs.extend([buffer(scale), buffer(shift)]);
    }
    tensor(kernel.launch(inputs, ([n, h, w, c], DType::F32), [n, h * w, 0, 0], invocations(n * h * w)))
}
