//! 3x3 convolution of stride 1 with fewer multiplications: Winograd's F(2x2, 3x3) (Lavin and Gray, "Fast Algorithms for
//! Convolutional Neural Networks", arXiv 1509.09308), 16 for a tile of 2x2 output pixels instead of 36.
//!
//! In one dimension two outputs `y0 = d0 g0 + d1 g1 + d2 g2`, `y1 = d1 g0 + d2 g1 + d3 g2` come from four products,
//! `m0 = (d0 - d2) g0`, `m1 = (d1 + d2) (g0 + g1 + g2) / 2`, `m2 = (d2 - d1) (g0 - g1 + g2) / 2`, `m3 = (d1 - d3) g2`:
//! `y0 = m0 + m1 + m2`, `y1 = m1 - m2 - m3`. In two dimensions rows and columns are transformed in turn.
//!
//! After nearest x2 upsampling `d1 = d2`, so `m2` is 0 and three products are left: 9 instead of 36, and the enlarged
//! picture is never made.
//!
//! No output takes part in a product with an input outside its 3x3 window, so the reach is that of the plain sum, to the
//! bit. The bits depend on whether a pixel is the first or the second of its pair: tiles of a picture start at even
//! positions (see `sampler::plan`).

use super::direct::finish;
use super::lanes::{self, Lanes, load, load_padded, store};
use super::panels::{Panels, VECTORS, product};
use super::picture::Picture;
use super::threads::fill_runs;
use crate::ops::ConvShape;
use macerator::{Scalar, Simd, WithSimd};

/// Tiles that are transformed together: their values stay in the cache while each weight is used for all of them.
const BLOCK: usize = 32;

/// A 3x3 convolution with `P` products per dimension: 4, or 3 with upsampling.
#[derive(Debug)]
pub struct Winograd<const P: usize> {
    shape: ConvShape,
    /// For each of the P * P products, `[c_in, c_out]`.
    weights: Vec<Panels>,
    /// With zeros up to a whole panel.
    bias: Vec<f32>,
}

impl<const P: usize> Winograd<P> {
    /// Source pixels from one tile to the next.
    const STEP: usize = P - 2;

    /// `weight` `[c_out, c_in, 3, 3]`; `bias` `[c_out]`, filled up to whole panels.
    pub fn new(shape: ConvShape, weight: &[f32], bias: Vec<f32>) -> Self {
        let transformed: Vec<[[f32; P]; P]> = weight.chunks_exact(9).map(transform_window).collect();
        let panels = |point: usize| {
            Panels::new(shape.c_in, shape.c_out, |row, column| {
                transformed[column * shape.c_in + row][point / P][point % P]
            })
        };
        Self { shape, weights: (0..P * P).map(panels).collect(), bias }
    }

    /// One picture; `out` `[h', w', c_out]`, added to `residual` of the same shape if there is one.
    pub fn forward(&self, picture: Picture<'_>, residual: Option<&[f32]>, out: &mut [f32]) {
        let row = self.shape.output(picture.width) * self.shape.c_out;
        let tiles = self.shape.output(picture.width).div_ceil(2);
        // Rows of tiles that make at least a block.
        let rows = BLOCK.div_ceil(tiles.max(1));
        fill_runs(out, 2 * rows * row, |index, out| {
            let residual = residual.map(|all| &all[index * 2 * rows * row..][..out.len()]);
            lanes::run(Tiles { layer: self, picture, first: index * rows, residual, out });
        });
    }
}

/// The output rows from row `first` of the tiles on, as many as fit into `out`.
struct Tiles<'a, const P: usize> {
    layer: &'a Winograd<P>,
    picture: Picture<'a>,
    first: usize,
    residual: Option<&'a [f32]>,
    out: &'a mut [f32],
}

impl<const P: usize> WithSimd for Tiles<'_, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self) {
        let Tiles { layer, picture, first, residual, out } = self;
        let c_out = layer.shape.c_out;
        let width = layer.shape.output(picture.width);
        let height = out.len() / (width * c_out).max(1);
        let across = width.div_ceil(2);
        let tiles = across * height.div_ceil(2);
        let stride = layer.shape.c_in.next_multiple_of(f32::lanes::<S>());
        let panel = VECTORS * f32::lanes::<S>();
        // The input of every product, [P * P, BLOCK, stride], and one panel of the products, [P * P, BLOCK, panel].
        let mut inputs = vec![0.0; P * P * BLOCK * stride];
        let mut products = vec![0.0; P * P * BLOCK * panel];
        for block in (0..tiles).step_by(BLOCK) {
            let count = BLOCK.min(tiles - block);
            for tile in 0..count {
                let (y, x) = (first + (block + tile) / across, (block + tile) % across);
                let place = |at: usize, offset: usize| (at * Winograd::<P>::STEP + offset) as isize - layer.origin();
                let pixels = std::array::from_fn(|i| std::array::from_fn(|j| picture.pixel(place(y, i), place(x, j))));
                transform_pixels::<S, P>(pixels, &mut inputs[tile * stride..], BLOCK * stride);
            }
            for index in 0..layer.bias.len() / panel {
                for ((weights, inputs), products) in layer
                    .weights
                    .iter()
                    .zip(inputs.chunks_exact(BLOCK * stride))
                    .zip(products.chunks_exact_mut(BLOCK * panel))
                {
                    product::<S>(
                        &mut products[..count * panel],
                        &inputs[..count * stride],
                        stride,
                        weights.panel(index),
                    );
                }
                let channels = index * panel..c_out.min((index + 1) * panel);
                let bias = &layer.bias[index * panel..];
                for tile in 0..count {
                    let sums = transform_products::<S, P>(&products[tile * panel..], BLOCK * panel);
                    let (y, x) = (2 * ((block + tile) / across), 2 * ((block + tile) % across));
                    for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                        if y + i < height && x + j < width {
                            let pixel = ((y + i) * width + x + j) * c_out;
                            let range = pixel + channels.start..pixel + channels.end;
                            let residual = residual.map(|all| &all[range.clone()]);
                            finish::<S>(&mut out[range], sums[i][j], bias, residual);
                        }
                    }
                }
            }
        }
    }
}

impl<const P: usize> Winograd<P> {
    /// Source rows (and columns) before the picture that the first tile reads.
    fn origin(&self) -> isize {
        // With upsampling the padding is one enlarged pixel, the border of the source pixel before the first.
        if P == 4 { self.shape.pad_begin as isize } else { 1 }
    }
}

/// A window's weights, 3x3, for the P * P products.
fn transform_window<const P: usize>(window: &[f32]) -> [[f32; P]; P] {
    let line = |g: [f64; 3]| -> [f64; P] {
        let all = g[0] + g[1] + g[2];
        std::array::from_fn(|i| match (P, i) {
            (_, 0) => g[0],
            (4, 1) => all / 2.0,
            (4, 2) => all / 2.0 - g[1],
            (3, 1) => all,
            _ => g[2],
        })
    };
    let rows: [[f64; P]; 3] = std::array::from_fn(|y| line(std::array::from_fn(|x| f64::from(window[3 * y + x]))));
    let columns: [[f64; P]; P] = std::array::from_fn(|x| line(std::array::from_fn(|y| rows[y][x])));
    std::array::from_fn(|y| std::array::from_fn(|x| columns[x][y] as f32))
}

/// Writes the input of the P * P products of one tile, `plane` values apart.
#[inline(always)]
fn transform_pixels<S: Simd, const P: usize>(pixels: [[&[f32]; P]; P], out: &mut [f32], plane: usize) {
    let lanes = f32::lanes::<S>();
    let channels = pixels[0][0].len();
    let pixels = pixels.map(|row| row.map(|pixel| &pixel[..channels]));
    let mut transform = |at: usize, pixel: [[Lanes<S>; P]; P]| {
        let rows = pixel.map(transform_line::<S, P>);
        for j in 0..P {
            let column = transform_line::<S, P>(std::array::from_fn(|i| rows[i][j]));
            for (i, value) in column.into_iter().enumerate() {
                store::<S>(&mut out[(i * P + j) * plane + at..], value);
            }
        }
    };
    let whole = channels / lanes * lanes;
    for at in (0..whole).step_by(lanes) {
        transform(at, pixels.map(|row| row.map(|pixel| load::<S>(&pixel[at..]))));
    }
    if whole < channels {
        transform(whole, pixels.map(|row| row.map(|pixel| load_padded::<S>(&pixel[whole..]))));
    }
}

/// Four inputs in a line, or three before upsampling, for the products.
#[inline(always)]
fn transform_line<S: Simd, const P: usize>(d: [Lanes<S>; P]) -> [Lanes<S>; P] {
    std::array::from_fn(|i| match (P, i) {
        (4, 0) => d[0] - d[2],
        (4, 1) => d[1] + d[2],
        (4, 2) => d[2] - d[1],
        (4, _) => d[1] - d[P - 1],
        (_, 0) => d[0] - d[1],
        (_, 1) => d[1],
        _ => d[1] - d[2],
    })
}

/// The 2x2 outputs of a tile from its products, which lie `plane` values apart.
#[inline(always)]
fn transform_products<S: Simd, const P: usize>(products: &[f32], plane: usize) -> [[[Lanes<S>; VECTORS]; 2]; 2] {
    let lanes = f32::lanes::<S>();
    let line = |m: [Lanes<S>; P]| match P {
        4 => [m[0] + m[1] + m[2], m[1] - m[2] - m[P - 1]],
        _ => [m[0] + m[1], m[1] - m[2]],
    };
    let mut out = [[[super::lanes::splat::<S>(0.0); VECTORS]; 2]; 2];
    for v in 0..VECTORS {
        let rows: [[Lanes<S>; 2]; P] = std::array::from_fn(|i| {
            line(std::array::from_fn(|j| load::<S>(&products[(i * P + j) * plane + v * lanes..])))
        });
        for j in 0..2 {
            let column = line(rows.map(|row| row[j]));
            for i in 0..2 {
                out[i][j][v] = column[i];
            }
        }
    }
    out
}
