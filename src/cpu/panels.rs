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
    let lanes = f32::lanes::<S>();
    let depth = weights.len() / (VECTORS * lanes);
    let rows = rows.map(|row| &row[..depth]);
    let mut now = *sums;
    for (k, weights) in weights.chunks_exact(VECTORS * lanes).enumerate() {
        let (left, right) = (load::<S>(weights), load::<S>(&weights[lanes..]));
        for r in 0..R {
            let x = splat::<S>(rows[r][k]);
            now[r][0] = mul_add::<S>(x, left, now[r][0]);
            now[r][1] = mul_add::<S>(x, right, now[r][1]);
        }
    }
    *sums = now;
}

/// Writes the product of the rows of `x`, `[rows, stride]`, and one panel to `out`, `[rows, width]`.
#[inline(always)]
pub fn product<S: Simd>(out: &mut [f32], x: &[f32], stride: usize, weights: &[f32]) {
    let lanes = f32::lanes::<S>();
    let width = VECTORS * lanes;
    let mut groups = out.chunks_exact_mut(ROWS * width);
    let mut rows = x.chunks_exact(stride);
    for out in &mut groups {
        let x: [&[f32]; ROWS] = std::array::from_fn(|_| rows.next().unwrap_or_default());
        let mut sums = [[splat::<S>(0.0); VECTORS]; ROWS];
        accumulate::<S, ROWS>(&mut sums, x, weights);
        for (out, sums) in out.chunks_exact_mut(width).zip(sums) {
            store::<S>(out, sums[0]);
            store::<S>(&mut out[lanes..], sums[1]);
        }
    }
    for (out, x) in groups.into_remainder().chunks_exact_mut(width).zip(rows) {
        let mut sums = [[splat::<S>(0.0); VECTORS]; 1];
        accumulate::<S, 1>(&mut sums, [x], weights);
        store::<S>(out, sums[0][0]);
        store::<S>(&mut out[lanes..], sums[0][1]);
    }
}
