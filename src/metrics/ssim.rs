//! Structural similarity of the luma (Wang et al., "Image Quality Assessment: From Error Visibility to Structural
//! Similarity", 2004).

use super::{Plane, pair};
use crate::Result;
use crate::image::Pixels;

/// Taps of the Gaussian window, standard deviation 1.5.
const TAPS: usize = 11;

/// SSIM of Y, without `border` pixels on every side; only whole windows count. NaN if there is none.
///
/// # Errors
/// [`crate::Error::BadOption`] if the sizes differ.
pub fn ssim_y(picture: &Pixels, reference: &Pixels, border: usize) -> Result<f64> {
    let (a, b) = pair(picture, reference, border)?;
    let product = |p: &Plane, q: &Plane| {
        window(&Plane { data: p.data.iter().zip(&q.data).map(|(x, y)| x * y).collect(), ..p.clone() })
    };
    let (mean_a, mean_b) = (window(&a), window(&b));
    let (aa, bb, ab) = (product(&a, &a), product(&b, &b), product(&a, &b));
    let (c1, c2) = ((0.01f64 * 255.0).powi(2), (0.03f64 * 255.0).powi(2));
    let at = |i: usize| {
        let (ma, mb) = (mean_a[i], mean_b[i]);
        let (va, vb, cov) = (aa[i] - ma * ma, bb[i] - mb * mb, ab[i] - ma * mb);
        (2.0 * ma * mb + c1) * (2.0 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))
    };
    Ok((0..mean_a.len()).map(at).sum::<f64>() / mean_a.len() as f64)
}

/// Gaussian means of all whole windows.
fn window(plane: &Plane) -> Vec<f64> {
    let half = (TAPS / 2) as f64;
    let taps = [(); TAPS];
    let mut at = -half;
    let mut taps = taps.map(|()| {
        let tap = (-at * at / (2.0 * 1.5 * 1.5)).exp();
        at += 1.0;
        tap
    });
    let sum: f64 = taps.iter().sum();
    taps.iter_mut().for_each(|tap| *tap /= sum);

    let (width, height) = ((plane.width + 1).saturating_sub(TAPS), (plane.height + 1).saturating_sub(TAPS));
    let rows: Vec<f64> = plane
        .data
        .chunks_exact(plane.width.max(1))
        .flat_map(|row| row.windows(TAPS).map(|part| part.iter().zip(&taps).map(|(x, t)| x * t).sum::<f64>()))
        .collect();
    let mut out = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            out.push(taps.iter().enumerate().map(|(k, t)| t * rows[(y + k) * width + x]).sum());
        }
    }
    out
}
