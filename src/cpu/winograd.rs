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
//! bit. The bits depend on whether a pixel is the first or the second of its pair: parts of a picture start at even
//! positions (see `CompactUNet::multiple`).

use super::direct::finish;
use super::lanes::{self, Lanes, load, load_padded, splat, store};
use super::panels::{Panels, VECTORS, product};
use super::picture::Picture;
use super::threads::fill_runs;
use crate::layer::ConvShape;
use macerator::{Scalar, Simd, WithSimd};

/// Tiles that are transformed together: their values stay in the cache while each weight is used for all of them.
const BLOCK: usize = 32;

/// A 3x3 convolution with `P` products per dimension: 4, or 3 with upsampling.
#[derive(Debug)]
pub struct Winograd<const P: usize> {
    shape: ConvShape,
    /// `[P * P * c_in, c_out]`
    weights: Panels,
    /// With zeros up to a whole panel.
    bias: Vec<f32>,
}

impl<const P: usize> Winograd<P> {
    /// Source pixels from one tile to the next.
    const STEP: usize = P - 2;

    /// `weight` `[c_out, c_in, 3, 3]`; `bias` `[c_out]`, filled up to whole panels.
    pub fn new(shape: ConvShape, weight: &[f32], bias: Vec<f32>) -> Self {
        let transformed: Vec<[[f32; P]; P]> = weight.chunks_exact(9).map(transform_window).collect();
        let weights = Panels::new(P * P * shape.c_in, shape.c_out, |row, column| {
            let (point, channel) = (row / shape.c_in, row % shape.c_in);
            transformed[column * shape.c_in + channel][point / P][point % P]
        });
        Self { shape, weights, bias }
    }

    /// Of one picture the output rows from row `first`, an even number, on; `out` `[rows, w', c_out]`, added to `residual` of the
    /// same shape if there is one.
    pub fn forward(&self, picture: Picture<'_>, residual: Option<&[f32]>, first: usize, out: &mut [f32]) {
        let row = self.shape.output(picture.width) * self.shape.c_out;
        let tiles = self.shape.output(picture.width).div_ceil(2);
        // Rows of tiles that make at least a block.
        let rows = BLOCK.div_ceil(tiles.max(1));
        let stride = self.shape.c_in.next_multiple_of(lanes::count());
        let scratch = || Scratch {
            lines: vec![0.0; P * (Self::STEP * BLOCK + 2) * stride],
            inputs: vec![0.0; P * P * plane(stride)],
            products: vec![0.0; P * P * BLOCK * VECTORS * lanes::count()],
        };
        fill_runs(out, 2 * rows * row, scratch, |scratch, index, out| {
            let residual = residual.map(|all| &all[index * 2 * rows * row..][..out.len()]);
            lanes::run(Tiles { layer: self, picture, first: first / 2 + index * rows, residual, scratch, out });
        });
    }
}

/// Values between the inputs of two products of a tile: those of a block, and a cache line more. Without it the planes
/// would compete for the same places of the cache.
fn plane(stride: usize) -> usize {
    BLOCK * stride + 16
}

/// What a thread works in. The stride is c_in, rounded up to whole vectors.
struct Scratch {
    /// A row of tiles transformed in the vertical, `[P, pixels, stride]`.
    lines: Vec<f32>,
    /// The input of every product, `P * P` planes `[BLOCK, stride]`.
    inputs: Vec<f32>,
    /// One panel of the products, `[BLOCK, P * P, panel]`.
    products: Vec<f32>,
}

/// The output rows from row `first` of the picture's tiles on, as many as fit into `out`.
struct Tiles<'a, const P: usize> {
    layer: &'a Winograd<P>,
    picture: Picture<'a>,
    first: usize,
    residual: Option<&'a [f32]>,
    scratch: &'a mut Scratch,
    out: &'a mut [f32],
}

impl<const P: usize> WithSimd for Tiles<'_, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self) {
        let Tiles { layer, picture, first, residual, scratch, out } = self;
        let c_out = layer.shape.c_out;
        let width = layer.shape.output(picture.width);
        let height = out.len() / (width * c_out).max(1);
        let across = width.div_ceil(2);
        let tiles = across * height.div_ceil(2);
        let stride = layer.shape.c_in.next_multiple_of(f32::lanes::<S>());
        let panel = VECTORS * f32::lanes::<S>();
        for block in (0..tiles).step_by(BLOCK) {
            let count = BLOCK.min(tiles - block);
            let mut done = 0;
            while done < count {
                let (y, x) = (first + (block + done) / across, (block + done) % across);
                let run = (across - x).min(count - done);
                layer.transform_columns::<S>(picture, y, x, run, &mut scratch.lines);
                transform_rows::<S, P>(&scratch.lines, stride, run, done, &mut scratch.inputs);
                done += run;
            }
            for index in 0..layer.weights.count() {
                let weights = layer.weights.panel(index);
                for point in 0..P * P {
                    let weights = layer.weights.rows(weights, point * layer.shape.c_in, layer.shape.c_in);
                    let inputs = &scratch.inputs[point * plane(stride)..][..count * stride];
                    product::<S>(&mut scratch.products[point * panel..], P * P * panel, inputs, stride, weights);
                }
                let channels = index * panel..c_out.min((index + 1) * panel);
                let bias = &layer.bias[index * panel..];
                for (tile, products) in scratch.products.chunks_exact(P * P * panel).take(count).enumerate() {
                    let sums = transform_products::<S, P>(products);
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

    /// The input of `run` tiles from tile `(y, x)` on, transformed in the vertical: `[P, pixels, stride]`.
    #[inline(always)]
    fn transform_columns<S: Simd>(&self, picture: Picture<'_>, y: usize, x: usize, run: usize, lines: &mut [f32]) {
        let lanes = f32::lanes::<S>();
        let stride = picture.channels.next_multiple_of(lanes);
        let place = |at: usize, offset: usize| (at * Self::STEP + offset) as isize - self.origin();
        let pixels = Self::STEP * run + 2;
        for pixel in 0..pixels {
            let mut column = [picture.zeros; P];
            for i in 0..P {
                column[i] = &picture.pixel(place(y, i), place(x, pixel))[..picture.channels];
            }
            for at in (0..picture.channels).step_by(lanes) {
                let mut d = [splat::<S>(0.0); P];
                for i in 0..P {
                    d[i] = load_padded::<S>(&column[i][at..]);
                }
                let d = transform_line::<S, P>(d);
                for i in 0..P {
                    store::<S>(&mut lines[(i * pixels + pixel) * stride + at..], d[i]);
                }
            }
        }
    }
}

/// The input of every product of `run` tiles, from what [`Winograd::transform_columns`] has left in `lines`; written to
/// `inputs` from tile `first` on.
#[inline(always)]
fn transform_rows<S: Simd, const P: usize>(lines: &[f32], stride: usize, run: usize, first: usize, inputs: &mut [f32]) {
    let lanes = f32::lanes::<S>();
    let pixels = (P - 2) * run + 2;
    for i in 0..P {
        let line = &lines[i * pixels * stride..][..pixels * stride];
        for tile in 0..run {
            let line = &line[tile * (P - 2) * stride..][..P * stride];
            let inputs =
                &mut inputs[i * P * plane(stride) + (first + tile) * stride..][..(P - 1) * plane(stride) + stride];
            for at in (0..stride).step_by(lanes) {
                let mut d = [splat::<S>(0.0); P];
                for j in 0..P {
                    d[j] = load::<S>(&line[j * stride + at..]);
                }
                let d = transform_line::<S, P>(d);
                for j in 0..P {
                    store::<S>(&mut inputs[j * plane(stride) + at..], d[j]);
                }
            }
        }
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

/// Four inputs in a line, or three before upsampling, for the products.
#[inline(always)]
fn transform_line<S: Simd, const P: usize>(d: [Lanes<S>; P]) -> [Lanes<S>; P] {
    let mut out = d;
    if P == 4 {
        out[0] = d[0] - d[2];
        out[1] = d[1] + d[2];
        out[2] = d[2] - d[1];
        out[P - 1] = d[1] - d[P - 1];
    } else {
        out[0] = d[0] - d[1];
        out[2] = d[1] - d[2];
    }
    out
}

/// The 2x2 outputs of a tile from one panel of its products, `[P * P, panel]`.
#[inline(always)]
fn transform_products<S: Simd, const P: usize>(products: &[f32]) -> [[[Lanes<S>; VECTORS]; 2]; 2] {
    let lanes = f32::lanes::<S>();
    let zero = splat::<S>(0.0);
    let mut out = [[[zero; VECTORS]; 2]; 2];
    for v in 0..VECTORS {
        let mut rows = [[zero; P]; 2];
        for i in 0..P {
            let mut row = [zero; P];
            for j in 0..P {
                row[j] = load::<S>(&products[((i * P + j) * VECTORS + v) * lanes..]);
            }
            [rows[0][i], rows[1][i]] = sum_line::<S, P>(row);
        }
        for j in 0..2 {
            [out[0][j][v], out[1][j][v]] = sum_line::<S, P>(rows[j]);
        }
    }
    out
}

/// Two outputs in a line from their products.
#[inline(always)]
fn sum_line<S: Simd, const P: usize>(m: [Lanes<S>; P]) -> [Lanes<S>; 2] {
    if P == 4 { [m[0] + m[1] + m[2], m[1] - m[2] - m[P - 1]] } else { [m[0] + m[1], m[1] - m[2]] }
}
