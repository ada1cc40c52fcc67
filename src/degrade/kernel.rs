//! Blur kernels and their application.

use super::{Random, Rgb};
use std::f64::consts::PI;

/// A square kernel of odd side that sums to 1.
pub struct Kernel {
    side: usize,
    taps: Vec<f32>,
}

impl Kernel {
    /// One tap.
    pub fn identity() -> Self {
        Self { side: 1, taps: vec![1.0] }
    }

    fn new(side: usize, at: impl Fn(f64, f64) -> f64) -> Self {
        let centre = (side / 2) as f64;
        let taps: Vec<f64> =
            (0..side * side).map(|i| at((i % side) as f64 - centre, (i / side) as f64 - centre)).collect();
        let sum: f64 = taps.iter().sum();
        Self { side, taps: taps.into_iter().map(|tap| (tap / sum) as f32).collect() }
    }

    /// 10 % sinc; else Gaussian (70 %), generalised Gaussian (15 %) or plateau (15 %), round or oblong, with standard
    /// deviations in the range `sigma`.
    pub fn blur(rng: &mut Random, sides: &[usize], sigma: [f64; 2]) -> Self {
        if rng.chance(0.1) {
            return Self::sinc(rng, sides);
        }
        let side = rng.choice(sides);
        let kind = rng.between(0.0, 1.0);
        let oblong = (0.45..0.70).contains(&kind) || (0.82..0.85).contains(&kind) || kind >= 0.97;
        let first = rng.between(sigma[0], sigma[1]);
        let second = if oblong { rng.between(sigma[0], sigma[1]) } else { first };
        let (sin, cos) = rng.between(-PI, PI).sin_cos();
        let lower = rng.chance(0.5);
        let general = if lower { rng.between(0.5, 1.0) } else { rng.between(1.0, 4.0) };
        let plateau = if lower { 1.0 } else { rng.between(1.0, 2.0) };
        Self::new(side, |x, y| {
            let distance = ((x * cos + y * sin) / first).powi(2) + ((y * cos - x * sin) / second).powi(2);
            match kind {
                k if k < 0.70 => (-0.5 * distance).exp(),
                k if k < 0.85 => (-0.5 * distance.powf(general)).exp(),
                _ => 1.0 / (1.0 + distance.powf(plateau)),
            }
        })
    }

    /// A circular low pass, which rings: `w J1(w r) / (2 pi r)`.
    pub fn sinc(rng: &mut Random, sides: &[usize]) -> Self {
        let side = rng.choice(sides);
        let lowest = if side < 13 { PI / 3.0 } else { PI / 5.0 };
        let cutoff = rng.between(lowest, PI);
        Self::new(side, |x, y| {
            let r = x.hypot(y);
            if r == 0.0 { cutoff * cutoff / (4.0 * PI) } else { cutoff * libm::j1(cutoff * r) / (2.0 * PI * r) }
        })
    }

    /// The picture filtered, clamped to [0, 1]; it is mirrored at its borders.
    pub fn apply(&self, x: &Rgb) -> Rgb {
        let half = (self.side / 2) as isize;
        let mirrored = |at: isize, size: usize| {
            let period = (2 * size as isize - 2).max(1);
            let at = at.rem_euclid(period);
            (if at < size as isize { at } else { period - at }) as usize
        };
        let columns: Vec<usize> =
            (-half..x.width as isize + half).map(|column| mirrored(column, x.width) * 3).collect();
        let mut data = Vec::with_capacity(x.data.len());
        for row in 0..x.height as isize {
            let rows: Vec<&[f32]> = (row - half..=row + half)
                .map(|row| &x.data[mirrored(row, x.height) * x.width * 3..][..x.width * 3])
                .collect();
            for column in 0..x.width {
                let mut sums = [0.0f32; 3];
                for (row, taps) in rows.iter().zip(self.taps.chunks_exact(self.side)) {
                    for (&at, &tap) in columns[column..].iter().zip(taps) {
                        for (sum, &v) in sums.iter_mut().zip(&row[at..at + 3]) {
                            *sum += tap * v;
                        }
                    }
                }
                data.extend(sums.map(|sum| sum.clamp(0.0, 1.0)));
            }
        }
        Rgb { data, ..*x }
    }
}
