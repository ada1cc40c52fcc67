//! What JPEG does to a picture: 4:2:0 colour, the tables of annex K, quantised blocks. Nothing is coded.

use super::Rgb;
use std::f64::consts::PI;

const LUMA: [u8; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMA: [u8; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99,
];

/// The picture after JPEG at this quality, 1 to 100, rounded to 8 bits.
pub fn jpeg(x: &Rgb, quality: f64) -> Rgb {
    let (width, height) = (x.width.next_multiple_of(16), x.height.next_multiple_of(16));
    // The border is repeated up to whole blocks of 16.
    let pixel = |i: usize| {
        let at = (i / width).min(x.height - 1) * x.width + (i % width).min(x.width - 1);
        [0, 1, 2].map(|c| x.data[at * 3 + c].clamp(0.0, 1.0) * 255.0)
    };
    let plane = |r: f32, g: f32, b: f32, offset: f32| -> Vec<f32> {
        (0..width * height).map(pixel).map(|[x, y, z]| r * x + g * y + b * z + offset).collect()
    };
    let mut y = plane(0.299, 0.587, 0.114, -128.0);
    let mut cb = halved(&plane(-0.168_736, -0.331_264, 0.5, 0.0), width);
    let mut cr = halved(&plane(0.5, -0.418_688, -0.081_312, 0.0), width);
    quantise(&mut y, width, &LUMA, quality);
    quantise(&mut cb, width / 2, &CHROMA, quality);
    quantise(&mut cr, width / 2, &CHROMA, quality);
    let mut data = Vec::with_capacity(x.data.len());
    for row in 0..x.height {
        for column in 0..x.width {
            let luma = y[row * width + column] + 128.0;
            let (cb, cr) = (doubled(&cb, width / 2, column, row), doubled(&cr, width / 2, column, row));
            let rgb = [luma + 1.402 * cr, luma - 0.344_136 * cb - 0.714_136 * cr, luma + 1.772 * cb];
            data.extend(rgb.map(|v| v.clamp(0.0, 255.0).round_ties_even() / 255.0));
        }
    }
    Rgb { data, ..*x }
}

/// Means of 2 x 2.
fn halved(plane: &[f32], width: usize) -> Vec<f32> {
    let rows = plane.chunks_exact(2 * width);
    let mean = |rows: &[f32], x: usize| (rows[x] + rows[x + 1] + rows[width + x] + rows[width + x + 1]) / 4.0;
    rows.flat_map(|rows| (0..width).step_by(2).map(|x| mean(rows, x)).collect::<Vec<_>>()).collect()
}

/// The pixel of a half-size plane at full size, bilinear.
fn doubled(plane: &[f32], width: usize, x: usize, y: usize) -> f32 {
    let height = plane.len() / width;
    // The nearer of the two neighbours has three quarters of the weight.
    let taps = |at: usize, size: usize| {
        let other = if at.is_multiple_of(2) { (at / 2).saturating_sub(1) } else { (at / 2 + 1).min(size - 1) };
        [(at / 2, 0.75), (other, 0.25)]
    };
    let rows = taps(y, height).map(|(row, a)| taps(x, width).map(|(column, b)| a * b * plane[row * width + column]));
    rows.iter().flatten().sum()
}

/// Every 8 x 8 block to the frequency domain, rounded to steps there, and back.
fn quantise(plane: &mut [f32], width: usize, table: &[u8; 64], quality: f64) {
    let scale = if quality < 50.0 { 5000.0 / quality } else { 200.0 - 2.0 * quality };
    let steps = table.map(|step| ((f64::from(step) * scale + 50.0) / 100.0).floor().clamp(1.0, 255.0) as f32);
    let mut dct = [[0.0f32; 8]; 8];
    for (k, row) in dct.iter_mut().enumerate() {
        let norm = if k == 0 { 0.125f64.sqrt() } else { 0.5 };
        for (x, value) in row.iter_mut().enumerate() {
            *value = (norm * ((2 * x + 1) as f64 * k as f64 * PI / 16.0).cos()) as f32;
        }
    }
    for top in (0..plane.len() / width).step_by(8) {
        for left in (0..width).step_by(8) {
            let mut block = [[0.0f32; 8]; 8];
            for (y, row) in block.iter_mut().enumerate() {
                row.copy_from_slice(&plane[(top + y) * width + left..][..8]);
            }
            let mut frequencies = product(&product(&dct, &block), &transposed(&dct));
            for (value, step) in frequencies.iter_mut().flatten().zip(steps) {
                *value = (*value / step).round_ties_even() * step;
            }
            block = product(&product(&transposed(&dct), &frequencies), &dct);
            for (y, row) in block.iter().enumerate() {
                plane[(top + y) * width + left..][..8].copy_from_slice(row);
            }
        }
    }
}

fn product(a: &[[f32; 8]; 8], b: &[[f32; 8]; 8]) -> [[f32; 8]; 8] {
    let mut out = [[0.0; 8]; 8];
    for (row, from) in out.iter_mut().zip(a) {
        for (k, factor) in from.iter().enumerate() {
            for (sum, v) in row.iter_mut().zip(&b[k]) {
                *sum += factor * v;
            }
        }
    }
    out
}

fn transposed(a: &[[f32; 8]; 8]) -> [[f32; 8]; 8] {
    let mut out = [[0.0; 8]; 8];
    for (y, row) in a.iter().enumerate() {
        for (x, &v) in row.iter().enumerate() {
            out[x][y] = v;
        }
    }
    out
}
