//! Peak signal-to-noise ratio of the luma.

use super::pair;
use crate::Result;
use crate::image::Pixels;

/// PSNR of Y in dB, peak 255, without `border` pixels on every side; infinite for equal pictures, NaN if nothing is left
/// of them.
///
/// # Errors
/// [`crate::Error::BadOption`] if the sizes differ.
pub fn psnr_y(picture: &Pixels, reference: &Pixels, border: usize) -> Result<f64> {
    let (a, b) = pair(picture, reference, border)?;
    let squares: f64 = a.data.iter().zip(&b.data).map(|(a, b)| (a - b) * (a - b)).sum();
    Ok(10.0 * (255.0 * 255.0 / (squares / a.data.len() as f64)).log10())
}
