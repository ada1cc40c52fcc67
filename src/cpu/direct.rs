//! Convolution as it is defined: for each output pixel, the product of the input pixels under the window and the weights.
//! Input pixels are read where they lie.

use super::lanes::{self, Lanes, load, load_padded, splat, store_cut};
use super::panels::{Panels, ROWS, VECTORS, accumulate};
use super::picture::Picture;
use super::threads::fill_runs;
use crate::layer::ConvShape;
use macerator::{Scalar, Simd, WithSimd};

/// Pixels that one thread computes at a time where all pixels lie in one row.
const RUN: usize = 64;

/// A convolution of any window and stride, without upsampling.
#[derive(Debug)]
pub struct Direct {
    shape: ConvShape,
    /// `[k * k * c_in, c_out]`
    weights: Panels,
    /// With zeros up to a whole panel.
    bias: Vec<f32>,
}

impl Direct {
    /// `weight` `[c_out, c_in, k, k]`; `bias` `[c_out]`, filled up to whole panels.
    pub fn new(shape: ConvShape, weight: &[f32], bias: Vec<f32>) -> Self {
        let (k, c_in) = (shape.kernel, shape.c_in);
        let weights = Panels::new(k * k * c_in, shape.c_out, |row, column| {
            let (tap, channel) = (row / c_in, row % c_in);
            weight[(column * c_in + channel) * k * k + tap]
        });
        Self { shape, weights, bias }
    }

    /// Of one picture the output rows from row `first` on; `out` `[rows, w', c_out]`, added to `residual` of the same shape if
    /// there is one.
    pub fn forward(&self, picture: Picture<'_>, residual: Option<&[f32]>, first: usize, out: &mut [f32]) {
        let s = &self.shape;
        let every_pixel = s.kernel == 1 && s.stride == 1 && s.pad_begin == 0 && s.pad_end == 0;
        // Pixels that need no neighbours form a single row.
        let (picture, first) = match every_pixel {
            true => (Picture { rows: 1, first: 0, width: picture.rows * picture.width, ..picture }, 0),
            false => (picture, first),
        };
        let width = s.output(picture.width);
        let pixels = if every_pixel { RUN.min(width) } else { width };
        fill_runs(
            out,
            pixels * s.c_out,
            || (),
            |(), index, out| {
                let begin = index * pixels;
                let residual = residual.map(|all| &all[begin * s.c_out..][..out.len()]);
                lanes::run(Row { layer: self, picture, y: first + begin / width, x: begin % width, residual, out });
            },
        );
    }
}

/// The output pixels of row `y` from column `x` on, as many as fit into `out`.
struct Row<'a> {
    layer: &'a Direct,
    picture: Picture<'a>,
    y: usize,
    x: usize,
    residual: Option<&'a [f32]>,
    out: &'a mut [f32],
}

impl WithSimd for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self) {
        let pixels = self.out.len() / self.layer.shape.c_out.max(1);
        let mut row = self;
        for panel in 0..row.layer.weights.count() {
            let mut pixel = 0;
            while pixel + ROWS <= pixels {
                row.fill::<S, ROWS>(panel, pixel);
                pixel += ROWS;
            }
            while pixel < pixels {
                row.fill::<S, 1>(panel, pixel);
                pixel += 1;
            }
        }
    }
}

impl Row<'_> {
    /// One panel of the output channels of `R` pixels from `pixel` on. For its inlining see `panels::product`.
    #[cfg_attr(target_family = "wasm", inline(never))]
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn fill<S: Simd, const R: usize>(&mut self, panel: usize, pixel: usize) {
        let Row { layer, picture, y, x, residual, out } = self;
        let s = &layer.shape;
        let weights = layer.weights.panel(panel);
        let place = |at: usize, offset: usize| (at * s.stride + offset) as isize - s.pad_begin as isize;
        let mut sums = [[splat::<S>(0.0); VECTORS]; R];
        for tap in 0..s.kernel * s.kernel {
            let row = place(*y, tap / s.kernel);
            let mut rows = [picture.zeros; R];
            for r in 0..R {
                rows[r] = picture.pixel(row, place(*x + pixel + r, tap % s.kernel));
            }
            accumulate::<S, R>(&mut sums, rows, layer.weights.rows(weights, tap * s.c_in, s.c_in));
        }
        let first = panel * VECTORS * f32::lanes::<S>();
        for r in 0..R {
            let begin = (pixel + r) * s.c_out;
            let range = begin + first..begin + s.c_out.min(first + VECTORS * f32::lanes::<S>());
            let residual = residual.map(|all| &all[range.clone()]);
            finish::<S>(&mut out[range], sums[r], &layer.bias[first..], residual);
        }
    }
}

/// Writes a panel's sums of one pixel with bias and residual.
#[inline(always)]
pub fn finish<S: Simd>(out: &mut [f32], sums: [Lanes<S>; VECTORS], bias: &[f32], residual: Option<&[f32]>) {
    let lanes = f32::lanes::<S>();
    for (v, (out, sum)) in out.chunks_mut(lanes).zip(sums).enumerate() {
        let value = sum + load::<S>(&bias[v * lanes..]);
        let value = match residual {
            Some(residual) => value + load_padded::<S>(&residual[v * lanes..]),
            None => value,
        };
        store_cut::<S>(out, value);
    }
}
