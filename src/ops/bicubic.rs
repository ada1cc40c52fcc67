//! Bicubic enlargement.

use super::Map;
use super::band::Rows;
use crate::gpu;
use crate::layer::Window;
use burn::tensor::Tensor;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use std::ops::Range;

/// Enlargement of every model.
pub(super) const FACTOR: usize = 4;
/// Pixels of the input that an enlarged one reads, before and after its own.
pub(super) const TAPS: usize = 2;

/// `[n, h, w, 3]` to `[n, 4h, 4w, 3]` with Keys' kernel, a = -0.75: pixel centres at half integers, border pixels
/// repeated, overshoot kept. The kernel of the released networks' own preparation. A `residual` `[n, h, w, 48]`, in
/// space-to-depth order (channel = colour * 16 + dy * 4 + dx), is added.
pub fn bicubic(x: &Map, residual: Option<&Map>) -> Map {
    match x {
        Map::Gpu(x) => Map::Gpu(gpu::bicubic(x, residual.map(Map::node))),
        Map::Host(_) | Map::Band(_) => {
            let [n, h, w, c] = x.dims();
            let enlarged = Window { rows_out: FACTOR, ..Window::ROW };
            let mut inputs = vec![(x, Window { above: TAPS, below: TAPS, ..enlarged })];
            inputs.extend(residual.map(|residual| (residual, enlarged)));
            Map::by_rows(&inputs, [n, FACTOR * h, FACTOR * w, c], |inputs, out| {
                let rows = out.start / FACTOR..out.end / FACTOR;
                let base = enlarge(&inputs[0], h, rows.clone());
                inputs.get(1).map_or(base.clone(), |residual| base + depth_to_space(residual.of(rows)))
            })
        }
    }
}

/// Rows `rows` of a map of `h` rows, enlarged.
pub(super) fn enlarge(x: &Rows, h: usize, rows: Range<usize>) -> Tensor<4> {
    let read = rows.start.saturating_sub(TAPS)..(rows.end + TAPS).min(h);
    let x = x.of(read.clone()).permute([0, 3, 1, 2]);
    let [.., height, width] = x.dims();
    let options = InterpolateOptions::new(InterpolateMode::Bicubic).with_align_corners(false);
    let y = interpolate(x, options.with_output_size([FACTOR * height, FACTOR * width])).permute([0, 2, 3, 1]);
    match read == rows {
        true => y,
        false => y.narrow(1, FACTOR * (rows.start - read.start), FACTOR * rows.len()),
    }
}

/// `[n, h, w, 16c]` to `[n, 4h, 4w, c]`.
fn depth_to_space(x: Tensor<4>) -> Tensor<4> {
    let [n, h, w, c] = x.dims();
    let c = c / FACTOR / FACTOR;
    let x = x.reshape([n, h, w, c, FACTOR, FACTOR]).permute([0, 1, 4, 2, 5, 3]);
    x.reshape([n, FACTOR * h, FACTOR * w, c])
}
