//! Bicubic enlargement.

use super::Map;
use crate::gpu;
use burn::tensor::Tensor;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};

/// Enlargement of every model.
const FACTOR: usize = 4;

/// `[n, h, w, 3]` to `[n, 4h, 4w, 3]` with Keys' kernel, a = -0.75: pixel centres at half integers, border pixels
/// repeated, overshoot kept. The kernel of the released networks' own preparation. A `residual` `[n, h, w, 48]`, in
/// space-to-depth order (channel = colour * 16 + dy * 4 + dx), is added.
pub fn bicubic(x: &Map, residual: Option<&Map>) -> Map {
    match x {
        Map::Gpu(x) => Map::Gpu(gpu::bicubic(x, residual.map(Map::node))),
        Map::Host(x) => {
            let [n, h, w, c] = x.dims();
            let options = InterpolateOptions::new(InterpolateMode::Bicubic).with_align_corners(false);
            let options = options.with_output_size([FACTOR * h, FACTOR * w]);
            let base = interpolate(x.clone().permute([0, 3, 1, 2]), options).permute([0, 2, 3, 1]);
            let depth_to_space = |r: Tensor<4>| {
                let r = r.reshape([n, h, w, c, FACTOR, FACTOR]).permute([0, 1, 4, 2, 5, 3]);
                r.reshape([n, FACTOR * h, FACTOR * w, c])
            };
            Map::Host(match residual {
                Some(residual) => base + depth_to_space(residual.clone().host()),
                None => base,
            })
        }
    }
}
