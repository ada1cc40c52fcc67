//! The matrix product that every convolution here is made of: rows of pixels times panels of weights.

use super::lanes::{self, Lanes, load, mul_add, splat, store};
use macerator::{Scalar, Simd};

/// Vectors of a panel's row. With [`ROWS`] rows there are enough independent sums to keep two multipliers busy, and few
/// enough to stay in 16 registers.
pub const VECTORS: usize = 2;
/// Rows of pixels that are multiplied together.
pub const ROWS: usize = 4;

/// The sums of `R` rows over one panel.
pub type Sums<S, const R: usize> = [[Lanes<S>; VECTORS]; R];

/// A matrix `[depth, columns]`, cut into panels of as many columns as [`VECTORS`] vectors hold, the last one filled up
/// with zeros: `[panel, depth, width]`.
#[derive(Debug)]
pub struct Panels {
    /// Rows of the matrix.
    depth: usize,
    /// Columns of a panel.
    width: usize,
    data: Vec<f32>,
}

impl Panels {
    /// The matrix whose entries are `at(row, column)`.
    pub fn new(depth: usize, columns: usize, at: impl Fn(usize, usize) -> f32) -> Self {
        let width = VECTORS * lanes::count();
        let mut data = Vec::with_capacity(depth * columns.next_multiple_of(width));
        for first in (0..columns).step_by(width) {
            for row in 0..depth {
                data.extend((first..first + width).map(|column| if column < columns { at(row, column) } else { 0.0 }));
            }
        }
        Self { depth, width, data }
    }

    /// Number of panels.
    pub fn count(&self) -> usize {
        self.data.len() / (self.depth * self.width).max(1)
    }

    /// The weights of a panel, `[depth, width]`.
    #[inline(always)]
    pub fn panel(&self, index: usize) -> &[f32] {
        &self.data[index * self.depth * self.width..][..self.depth * self.width]
    }

    /// Rows `first..first + rows` of the panel.
    #[inline(always)]
    pub fn rows<'a>(&self, panel: &'a [f32], first: usize, rows: usize) -> &'a [f32] {
        &panel[first * self.width..][..rows * self.width]
    }
}

/// Adds to `sums` the product of `rows` and the part of a panel that has as many rows as these have values. Every sum
/// grows in the same order whatever `R` is, so a pixel's value does not depend on its neighbours.
#[inline(always)]
pub fn accumulate<S: Simd, const R: usize>(sums: &mut Sums<S, R>, rows: [&[f32]; R], weights: &[f32]) {
    let width = VECTORS * f32::lanes::<S>();
    let mut rows = rows;
    for row in &mut rows {
        *row = &row[..weights.len() / width];
    }
    let mut now = *sums;
    for (k, weights) in weights.chunks_exact(width).enumerate() {
        let (left, right) = (load::<S>(weights), load::<S>(&weights[f32::lanes::<S>()..]));
        for r in 0..R {
            let x = splat::<S>(rows[r][k]);
            now[r][0] = mul_add::<S>(x, left, now[r][0]);
            now[r][1] = mul_add::<S>(x, right, now[r][1]);
        }
    }
    *sums = now;
}

/// Writes the products of the rows of `x`, `[rows, stride]`, and one panel, one every `step` values of `out`.
///
/// In WebAssembly a function of its own: inside a large one browsers keep less of the loop in registers (measured: a fifth
/// slower). Elsewhere it must be inlined, as everything that a kernel calls.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub fn product<S: Simd>(out: &mut [f32], step: usize, x: &[f32], stride: usize, weights: &[f32]) {
    let mut outs = out.chunks_mut(step);
    let mut groups = x.chunks_exact(ROWS * stride);
    for group in &mut groups {
        let mut rows: [&[f32]; ROWS] = [&[]; ROWS];
        for (row, x) in rows.iter_mut().zip(group.chunks_exact(stride)) {
            *row = x;
        }
        let mut sums = [[splat::<S>(0.0); VECTORS]; ROWS];
        accumulate::<S, ROWS>(&mut sums, rows, weights);
        for (sums, out) in sums.into_iter().zip(&mut outs) {
            store_all::<S>(out, sums);
        }
    }
    for (out, x) in outs.zip(groups.remainder().chunks_exact(stride)) {
        let mut sums = [[splat::<S>(0.0); VECTORS]; 1];
        accumulate::<S, 1>(&mut sums, [x], weights);
        store_all::<S>(out, sums[0]);
    }
}

#[inline(always)]
fn store_all<S: Simd>(out: &mut [f32], sums: [Lanes<S>; VECTORS]) {
    store::<S>(out, sums[0]);
    store::<S>(&mut out[f32::lanes::<S>()..], sums[1]);
}
