//! Bicubic enlargement.

use burn::tensor::Tensor;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};

/// `[n, h, w, c]` to `[n, factor * h, factor * w, c]` with Keys' kernel, a = -0.75: pixel centres at half
/// integers, border pixels repeated, overshoot kept. The kernel of the released networks' own preparation.
pub fn bicubic(x: Tensor<4>, factor: usize) -> Tensor<4> {
    let [_, h, w, _] = x.dims();
    let options = InterpolateOptions::new(InterpolateMode::Bicubic)
        .with_align_corners(false)
        .with_output_size([factor * h, factor * w]);
    interpolate(x.permute([0, 3, 1, 2]), options).permute([0, 2, 3, 1])
}
