//! NIQE (Mittal et al., "Making a Completely Blind Image Quality Analyzer", 2013): how far the statistics of a picture
//! lie from those of pristine photos. No reference is needed; smaller is better.

use super::{Plane, imresize};
use crate::Result;
use crate::image::Pixels;
use crate::weights::{SafetensorsSource, TensorSource};
use std::sync::LazyLock;

/// Side of the blocks at full size.
const BLOCK: usize = 96;
/// Numbers per block: 18 at each of two sizes.
const FEATURES: usize = 36;
/// Side of the local window.
const WINDOW: usize = 7;

/// Shapes of the generalised Gaussian that are tried, with the moment ratio of each.
static SHAPES: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| {
    let gamma = libm::tgamma;
    (0..9801)
        .map(|i| 0.2 + i as f64 * 0.001)
        .map(|a| (a, gamma(2.0 / a).powi(2) / (gamma(1.0 / a) * gamma(3.0 / a))))
        .collect()
});

/// The statistics of pristine photos.
pub struct Niqe {
    mean: Vec<f64>,
    covariance: Vec<f64>,
    window: [f64; WINDOW * WINDOW],
}

impl Niqe {
    /// Reads `mean` `[36]` and `covariance` `[36, 36]` from a safetensors file.
    ///
    /// # Errors
    /// [`crate::Error::BadWeights`].
    pub fn load(file: Vec<u8>) -> Result<Self> {
        let source = SafetensorsSource::new(vec![file])?;
        let read = |name: &str, shape: &[usize]| -> Result<Vec<f64>> {
            Ok(source.read(name, shape)?.into_iter().map(f64::from).collect())
        };
        Ok(Self {
            mean: read("mean", &[FEATURES])?,
            covariance: read("covariance", &[FEATURES, FEATURES])?,
            window: gaussian(),
        })
    }

    /// The score, or `None` if the picture is too small (two blocks of 96 x 96 are needed) or has no statistics (one
    /// colour).
    pub fn score(&self, picture: &Pixels) -> Option<f64> {
        let mut luma = Plane::luma(picture);
        luma.data.iter_mut().for_each(|y| *y = y.round_ties_even());
        let (rows, columns) = (luma.height / BLOCK, luma.width / BLOCK);
        let mut plane = luma.crop(0, 0, columns * BLOCK, rows * BLOCK);
        let mut blocks = vec![Vec::with_capacity(FEATURES); rows * columns];
        for scale in [1, 2] {
            let contrast = self.normalised(&plane);
            let side = BLOCK / scale;
            for (i, block) in blocks.iter_mut().enumerate() {
                let part = contrast.crop(i % columns * side, i / columns * side, side, side);
                block.extend(features(&part));
            }
            if scale == 1 {
                plane.data.iter_mut().for_each(|y| *y /= 255.0);
                plane = imresize(&plane, 0.5);
                plane.data.iter_mut().for_each(|y| *y *= 255.0);
            }
        }
        self.distance(&blocks)
    }

    /// `(y - mean) / (deviation + 1)` with a Gaussian window; borders are repeated.
    fn normalised(&self, plane: &Plane) -> Plane {
        let (w, h, half) = (plane.width as isize, plane.height as isize, (WINDOW / 2) as isize);
        let at = |x: isize, y: isize| plane.data[(y.clamp(0, h - 1) * w + x.clamp(0, w - 1)) as usize];
        let mut data = Vec::with_capacity(plane.data.len());
        for y in 0..h {
            for x in 0..w {
                let (mut mean, mut square) = (0.0, 0.0);
                for (k, weight) in self.window.iter().enumerate() {
                    let value = at(x + (k % WINDOW) as isize - half, y + (k / WINDOW) as isize - half);
                    mean += weight * value;
                    square += weight * value * value;
                }
                data.push((at(x, y) - mean) / ((square - mean * mean).abs().sqrt() + 1.0));
            }
        }
        Plane { data, ..plane.clone() }
    }

    /// Mahalanobis distance of the blocks' statistics from the pristine ones.
    fn distance(&self, blocks: &[Vec<f64>]) -> Option<f64> {
        let mean: Vec<f64> = (0..FEATURES)
            .map(|k| {
                let known: Vec<f64> = blocks.iter().map(|b| b[k]).filter(|v| !v.is_nan()).collect();
                known.iter().sum::<f64>() / known.len() as f64
            })
            .collect();
        let whole: Vec<&Vec<f64>> = blocks.iter().filter(|b| b.iter().all(|v| !v.is_nan())).collect();
        if whole.len() < 2 {
            return None;
        }
        let count = whole.len() as f64;
        let centre: Vec<f64> = (0..FEATURES).map(|k| whole.iter().map(|b| b[k]).sum::<f64>() / count).collect();
        let covariance = |i: usize, j: usize| {
            whole.iter().map(|b| (b[i] - centre[i]) * (b[j] - centre[j])).sum::<f64>() / (count - 1.0)
        };
        let pooled: Vec<f64> = (0..FEATURES * FEATURES)
            .map(|k| 0.5 * (self.covariance[k] + covariance(k / FEATURES, k % FEATURES)))
            .collect();
        let difference: Vec<f64> = self.mean.iter().zip(&mean).map(|(a, b)| a - b).collect();
        quadratic_form(pooled, &difference).map(f64::sqrt)
    }
}

/// The local window: a Gaussian of standard deviation 7/6, summing to 1.
fn gaussian() -> [f64; WINDOW * WINDOW] {
    let deviation = WINDOW as f64 / 6.0;
    let from_centre = |at: usize| at as f64 - (WINDOW / 2) as f64;
    let mut window = [0.0; WINDOW * WINDOW];
    for (k, weight) in window.iter_mut().enumerate() {
        let (x, y) = (from_centre(k % WINDOW), from_centre(k / WINDOW));
        *weight = (-(x * x + y * y) / (2.0 * deviation * deviation)).exp();
    }
    let sum: f64 = window.iter().sum();
    window.map(|weight| weight / sum)
}

/// `d^T A^-1 d` by Cholesky, for a symmetric A `[n, n]`; `None` if A is not positive definite.
fn quadratic_form(mut a: Vec<f64>, d: &[f64]) -> Option<f64> {
    let n = d.len();
    let mut sum = 0.0;
    let mut solved = d.to_vec();
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| a[i * n + k] * a[j * n + k]).sum();
            let rest = a[i * n + j] - dot;
            if i > j {
                a[i * n + j] = rest / a[j * n + j];
            } else if rest > 0.0 {
                a[i * n + i] = rest.sqrt();
            } else {
                return None;
            }
        }
        let dot: f64 = (0..i).map(|k| a[i * n + k] * solved[k]).sum();
        solved[i] = (d[i] - dot) / a[i * n + i];
        sum += solved[i] * solved[i];
    }
    Some(sum)
}

/// 18 numbers of one block: its own distribution, and that of its products with four shifted copies.
fn features(block: &Plane) -> Vec<f64> {
    let fit = asymmetric_gaussian(&block.data);
    let mut out = vec![fit.shape, 0.5 * (fit.left + fit.right)];
    let (w, h) = (block.width, block.height);
    // Down and right by this much; the last one goes one to the left.
    for (down, right) in [(0, 1), (1, 0), (1, 1), (1, w - 1)] {
        let shifted = |i: usize| block.data[(i / w + h - down) % h * w + (i % w + w - right) % w];
        let products: Vec<f64> = block.data.iter().enumerate().map(|(i, v)| v * shifted(i)).collect();
        let fit = asymmetric_gaussian(&products);
        let ratio = libm::tgamma(2.0 / fit.shape) / libm::tgamma(1.0 / fit.shape);
        out.extend([fit.shape, (fit.right - fit.left) * ratio, fit.left, fit.right]);
    }
    out
}

struct Fit {
    shape: f64,
    left: f64,
    right: f64,
}

/// Moment matching of a generalised Gaussian with two widths. NaN where one side has no values.
fn asymmetric_gaussian(values: &[f64]) -> Fit {
    let deviation = |side: &dyn Fn(f64) -> bool| {
        let (sum, count) = values.iter().filter(|v| side(**v)).fold((0.0, 0.0), |(s, n), v| (s + v * v, n + 1.0));
        (sum / count).sqrt()
    };
    let (left, right) = (deviation(&|v| v < 0.0), deviation(&|v| v > 0.0));
    let count = values.len() as f64;
    let absolute = values.iter().map(|v| v.abs()).sum::<f64>() / count;
    let square = values.iter().map(|v| v * v).sum::<f64>() / count;
    let g = left / right;
    let wanted = absolute * absolute / square * (g.powi(3) + 1.0) * (g + 1.0) / (g * g + 1.0).powi(2);
    let mut best = (f64::INFINITY, SHAPES[0].0);
    for &(shape, ratio) in SHAPES.iter() {
        let error = (ratio - wanted).powi(2);
        if error < best.0 {
            best = (error, shape);
        }
    }
    let shape = best.1;
    let width = (libm::tgamma(1.0 / shape) / libm::tgamma(3.0 / shape)).sqrt();
    Fit { shape, left: left * width, right: right * width }
}
