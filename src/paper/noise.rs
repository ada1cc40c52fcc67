//! One noise field for a whole picture: a standard normal that is a function of seed, step and absolute
//! latent position, with the same bits on every platform. A tile reads its part of the field, so neither
//! tile size nor order changes the picture.
//!
//! Counter to 32 random bits: PCG4D (Jarzynski and Olano, "Hash Functions for GPU Rendering", 2020), integers
//! only. Bits to a normal: the top 16 select one of 65,536 equally likely quantiles from a table built once,
//! with arithmetic that IEEE 754 fixes. Largest value 4.17; mean 0 and variance 1 exactly as sampled.

use std::sync::LazyLock;

/// Quantiles `Phi^-1((i + 1/2) / 65536)`, scaled to unit variance.
static QUANTILES: LazyLock<Vec<f32>> = LazyLock::new(|| {
    const COUNT: usize = 1 << 16;
    // Upper half by bisection, lower half by symmetry: sum and skewness are exactly 0.
    let upper: Vec<f64> = (COUNT / 2..COUNT).map(|i| inverse_normal((i as f64 + 0.5) / COUNT as f64)).collect();
    let variance = upper.iter().map(|x| x * x).sum::<f64>() / upper.len() as f64;
    let scale = 1.0 / variance.sqrt();
    let lower = upper.iter().rev().map(|x| (-x * scale) as f32);
    lower.chain(upper.iter().map(|x| (x * scale) as f32)).collect()
});

/// `Phi^-1(p)` for 1/2 < p < 1 - 2^-20, by bisection on erfc, to the last bit of f64.
fn inverse_normal(p: f64) -> f64 {
    let (mut low, mut high) = (0.0f64, 6.0f64);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        let above = 0.5 * libm::erfc(middle * std::f64::consts::FRAC_1_SQRT_2);
        if above > 1.0 - p { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Four well-mixed words from four counters.
fn pcg4d(mut v: [u32; 4]) -> [u32; 4] {
    for x in &mut v {
        *x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    }
    let mix = |v: &mut [u32; 4]| {
        v[0] = v[0].wrapping_add(v[1].wrapping_mul(v[3]));
        v[1] = v[1].wrapping_add(v[2].wrapping_mul(v[0]));
        v[2] = v[2].wrapping_add(v[0].wrapping_mul(v[1]));
        v[3] = v[3].wrapping_add(v[1].wrapping_mul(v[2]));
    };
    mix(&mut v);
    for x in &mut v {
        *x ^= *x >> 16;
    }
    mix(&mut v);
    v
}

/// The table of quantiles, 65,536 numbers.
pub fn quantiles() -> &'static [f32] {
    &QUANTILES
}

/// The two counters of a draw that are constant over its field. The step enters together with the seed's high word.
pub fn words(seed: u64, step: u32) -> [u32; 2] {
    [seed as u32, ((seed >> 32) as u32).wrapping_add(step.wrapping_mul(0x9E37_79B9))]
}

/// Standard normals of the latent pixels in a row, `[width, channels]` row-major, written over `out`.
///
/// `step` is the index within the chain (0 draws x_T). `x` and `y` are absolute latent positions.
pub fn fill_row(out: &mut [f32], seed: u64, step: u32, y: u32, x: u32, channels: usize) {
    let quantiles = &*QUANTILES;
    let [low, high] = words(seed, step);
    for (column, pixel) in out.chunks_mut(channels).enumerate() {
        let x = x + column as u32;
        for (group, four) in pixel.chunks_mut(4).enumerate() {
            let words = pcg4d([x, y, low.wrapping_add((group as u32).wrapping_mul(0x85EB_CA6B)), high]);
            for (value, word) in four.iter_mut().zip(words) {
                *value = quantiles[(word >> 16) as usize];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(seed: u64, step: u32, size: usize, channels: usize) -> Vec<f32> {
        let mut out = vec![0.0; size * size * channels];
        for (y, row) in out.chunks_mut(size * channels).enumerate() {
            fill_row(row, seed, step, y as u32, 0, channels);
        }
        out
    }

    fn correlation(a: &[f32], b: &[f32]) -> f64 {
        a.iter().zip(b).map(|(x, y)| *x as f64 * *y as f64).sum::<f64>() / a.len() as f64
    }

    #[test]
    fn same_bits_everywhere() {
        let mut out = [0.0; 8];
        fill_row(&mut out, 7, 3, 5, 11, 4);
        let bits: Vec<u32> = out.iter().map(|x| x.to_bits()).collect();
        // Computed by an independent implementation; a change here changes every picture.
        const STORED: [u32; 8] =
            [0x3e8d_f71b, 0xbf9d_3b12, 0xbf2b_7fbe, 0x3e1a_0368, 0x3f01_3e53, 0xbdd9_4586, 0x3f5b_69dd, 0x3ea4_1a74];
        assert_eq!(bits, STORED, "{bits:08x?}");
    }

    #[test]
    fn a_part_equals_the_whole() {
        let whole = field(1, 2, 16, 48);
        let mut part = vec![0.0; 5 * 48];
        fill_row(&mut part, 1, 2, 9, 6, 48);
        assert_eq!(part, whole[(9 * 16 + 6) * 48..(9 * 16 + 11) * 48]);
    }

    /// 262,144 samples: mean within 5 / sqrt(n), variance within 5 sqrt(2 / n), kurtosis within 5 sqrt(24 / n),
    /// correlation between neighbours, channels, steps and seeds within 5 / sqrt(n).
    #[test]
    fn is_standard_normal_and_uncorrelated() {
        let (size, channels) = (64, 64);
        let a = field(42, 0, size, channels);
        let n = a.len() as f64;
        let moment = |k: i32| a.iter().map(|x| (*x as f64).powi(k)).sum::<f64>() / n;
        assert!(moment(1).abs() < 5.0 / n.sqrt(), "mean {}", moment(1));
        assert!((moment(2) - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "variance {}", moment(2));
        assert!((moment(4) - 3.0).abs() < 5.0 * (24.0f64 / n).sqrt() + 0.01, "kurtosis {}", moment(4));
        let limit = 5.0 / n.sqrt();
        for (name, shift) in [("channel", 1), ("group", 4), ("x", channels), ("y", channels * size)] {
            let c = correlation(&a[shift..], &a);
            assert!(c.abs() < limit, "{name}: {c}");
        }
        for (name, b) in [
            ("step", field(42, 1, size, channels)),
            ("seed", field(43, 0, size, channels)),
            ("high seed", field(42 + (1 << 32), 0, size, channels)),
        ] {
            let c = correlation(&a, &b);
            assert!(c.abs() < limit, "{name}: {c}");
        }
    }
}
