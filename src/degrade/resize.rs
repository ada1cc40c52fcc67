//! The three resamplers of the degradations, as PyTorch's `interpolate` has them: none of them smooths before shrinking,
//! except by area.

use super::{Random, Rgb};
use crate::image::resize::keys;

/// Which resampler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Area,
    Bilinear,
    Bicubic,
}

impl Mode {
    pub fn any(rng: &mut Random) -> Self {
        rng.choice(&[Self::Area, Self::Bilinear, Self::Bicubic])
    }

    /// For each of `to` positions the first source position and the weights from there; positions may lie outside.
    fn taps(self, from: usize, to: usize) -> Vec<(isize, Vec<f32>)> {
        let scale = from as f64 / to as f64;
        (0..to)
            .map(|i| {
                let at = (i as f64 + 0.5) * scale - 0.5;
                let (whole, part) = (at.floor(), at - at.floor());
                match self {
                    Self::Area => {
                        let (begin, end) = (i * from / to, ((i + 1) * from).div_ceil(to));
                        (begin as isize, vec![1.0 / (end - begin) as f32; end - begin])
                    }
                    Self::Bilinear => (whole as isize, vec![1.0 - part as f32, part as f32]),
                    Self::Bicubic => (whole as isize - 1, keys(part).to_vec()),
                }
            })
            .collect()
    }
}

/// Resized and clamped to [0, 1].
pub fn resize(x: &Rgb, width: usize, height: usize, mode: Mode) -> Rgb {
    let clamped = |at: isize, size: usize| at.clamp(0, size as isize - 1) as usize;
    let columns = mode.taps(x.width, width);
    let mut rows = Vec::with_capacity(x.height * width * 3);
    for row in x.data.chunks_exact(x.width * 3) {
        for (first, weights) in &columns {
            for c in 0..3 {
                let tap = |(k, w): (usize, &f32)| w * row[clamped(first + k as isize, x.width) * 3 + c];
                rows.push(weights.iter().enumerate().map(tap).sum::<f32>());
            }
        }
    }
    let mut data = Vec::with_capacity(width * height * 3);
    for (first, weights) in mode.taps(x.height, height) {
        for at in 0..width * 3 {
            let tap = |(k, w): (usize, &f32)| w * rows[clamped(first + k as isize, x.height) * width * 3 + at];
            data.push(weights.iter().enumerate().map(tap).sum::<f32>().clamp(0.0, 1.0));
        }
    }
    Rgb { width, height, data }
}
