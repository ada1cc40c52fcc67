//! Bicubic x4 enlargement of `[n, h, w, c]`: Keys' kernel with a = -0.75, half-pixel centres, no antialiasing,
//! edges repeated, not clamped.

use burn::tensor::{
    Tensor, module,
    ops::{InterpolateMode, InterpolateOptions},
};

/// `[n, h, w, c]` to `[n, 4h, 4w, c]`.
pub fn bicubic_x4(x: Tensor<4>) -> Tensor<4> {
    let [_, h, w, _] = x.dims();
    let options =
        InterpolateOptions::new(InterpolateMode::Bicubic).with_align_corners(false).with_output_size([4 * h, 4 * w]);
    module::interpolate(x.permute([0, 3, 1, 2]), options).permute([0, 2, 3, 1])
}
