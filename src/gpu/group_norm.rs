//! Launch of `shaders/group_norm_stats.wgsl`, `group_norm_combine.wgsl` and `group_norm_apply.wgsl`.

use super::kernel::{Kernel, buffer, invocations, tensor};
use crate::ops::{Film, GroupNorm};
use burn::tensor::{DType, Tensor};

/// About as many invocations as the statistics are shared among: enough to fill a GPU, few enough to be joined by one
/// invocation per group.
const PARTS: usize = 8192;
/// Fewest pixels of a chunk.
const CHUNK: usize = 16;
/// Pixels of one invocation of the last step.
const PIXELS: usize = 4;

/// The three kernels, in their order.
pub fn group_norm_kernels(channels: usize, groups: usize, eps: f32, film: bool, silu: bool) -> [Kernel; 3] {
    [
        Kernel::new("group_norm_stats", include_str!("../../shaders/group_norm_stats.wgsl")).count("C", channels),
        Kernel::new("group_norm_combine", include_str!("../../shaders/group_norm_combine.wgsl"))
            .count("C", channels)
            .count("GROUPS", groups)
            .real("EPS", eps)
            .flag("FILM", film),
        Kernel::new("group_norm_apply", include_str!("../../shaders/group_norm_apply.wgsl"))
            .count("C", channels)
            .flag("SILU", silu),
    ]
}

/// `act(film(norm(x)))`, `x` and the result `[n, h, w, c]`; c is a multiple of 4.
pub fn group_norm(x: Tensor<4>, norm: &GroupNorm, film: Option<Film>, with_silu: bool) -> Tensor<4> {
    let [n, h, w, c] = x.dims();
    let [stats, combine, apply] = group_norm_kernels(c, norm.groups, norm.eps, film.is_some(), with_silu);
    let (pixels, lanes) = (h * w, c / 4);
    let length = pixels.div_ceil((PARTS / lanes).max(1)).max(CHUNK);
    let chunks = pixels.div_ceil(length);
    let size = [n, pixels, chunks, length];
    let x = buffer(x);

    let part = stats.launch(vec![x.clone()], ([n, chunks, 2, c], DType::F32), size, invocations(n * chunks * lanes));
    let mut inputs = vec![part, buffer(norm.gamma.clone()), buffer(norm.beta.clone())];
    if let Some((scale, shift)) = film {
        inputs.extend([buffer(scale), buffer(shift)]);
    }
    let coefficients = combine.launch(inputs, ([n, 3, c], DType::F32), size, invocations(n * norm.groups));
    let groups = invocations(n * pixels.div_ceil(PIXELS) * lanes);
    tensor(apply.launch(vec![x, coefficients], ([n, h, w, c], DType::F32), size, groups))
}
