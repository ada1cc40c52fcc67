//! Bicubic enlargement: the "before" picture, and the way of the alpha channel.

use std::ops::Range;

/// Keys' parameter, as PyTorch has it.
const A: f64 = -0.75;

/// Weights of the four taps around a position `t` in [0, 1) between the second and the third
/// (Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981). Their sum is 1.
pub(crate) fn keys(t: f64) -> [f32; 4] {
    let near = |x: f64| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    let far = |x: f64| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)].map(|weight| weight as f32)
}

/// For each of the `scale` result pixels that a source pixel becomes: which source pixel is its second tap (-1:
/// the one before, 0: the same), and its weights. Pixel centres are at half-integers.
fn phases(scale: usize) -> Vec<(isize, [f32; 4])> {
    (0..scale)
        .map(|phase| {
            let position = (phase as f64 + 0.5) / scale as f64 - 0.5;
            (position.floor() as isize, keys(position - position.floor()))
        })
        .collect()
}

/// Enlarges by a whole factor, one of the `rows` of the result after the other: `row(y, pixels)` with `pixels`
/// `[scale * width, channels]`. Beside it only one source row is held.
///
/// `src` is `[height, width, channels]`. Torch's `F.interpolate(mode="bicubic", align_corners=False,
/// antialias=False)`: taps outside the picture repeat its border, and the result is not clamped.
///
/// # Panics
/// If `src` has another size.
pub fn bicubic_rows(
    src: &[f32],
    width: usize,
    height: usize,
    channels: usize,
    scale: usize,
    rows: Range<usize>,
    mut row: impl FnMut(usize, &[f32]),
) {
    assert_eq!(src.len(), width * height * channels, "a picture of {width} x {height} x {channels}");
    let phases = phases(scale);
    let stride = width * channels;
    let clamped = |y: isize| &src[y.clamp(0, height as isize - 1) as usize * stride..][..stride];
    // Two pixels of border on both sides, so that the inner loop needs no clamping.
    let mut padded = vec![0.0; (width + 4) * channels];
    let mut out = vec![0.0; stride * scale];
    if out.is_empty() {
        return;
    }
    for y in rows {
        let (offset, [w0, w1, w2, w3]) = phases[y % scale];
        let second = (y / scale) as isize + offset;
        let (r0, r1) = (clamped(second - 1), clamped(second));
        let (r2, r3) = (clamped(second + 1), clamped(second + 2));
        let inner = &mut padded[2 * channels..][..stride];
        for (x, sum) in inner.iter_mut().enumerate() {
            *sum = w0 * r0[x] + w1 * r1[x] + w2 * r2[x] + w3 * r3[x];
        }
        for side in [0, channels] {
            padded.copy_within(2 * channels..3 * channels, side);
            padded.copy_within(stride + channels..stride + 2 * channels, stride + 2 * channels + side);
        }

        for (x, block) in out.chunks_exact_mut(scale * channels).enumerate() {
            for (pixel, (offset, [w0, w1, w2, w3])) in block.chunks_exact_mut(channels).zip(&phases) {
                let first = (x as isize + offset + 1) as usize;
                let taps = &padded[first * channels..][..4 * channels];
                for (c, sum) in pixel.iter_mut().enumerate() {
                    *sum = w0 * taps[c]
                        + w1 * taps[c + channels]
                        + w2 * taps[c + 2 * channels]
                        + w3 * taps[c + 3 * channels];
                }
            }
        }
        row(y, &out);
    }
}

/// [`bicubic_rows`] collected: `[height, width, channels]` to `[scale * height, scale * width, channels]`.
///
/// # Panics
/// If `src` has another size.
pub fn bicubic(src: &[f32], width: usize, height: usize, channels: usize, scale: usize) -> Vec<f32> {
    let mut result = Vec::with_capacity(src.len() * scale * scale);
    bicubic_rows(src, width, height, channels, scale, 0..height * scale, |_, row| result.extend_from_slice(row));
    result
}
