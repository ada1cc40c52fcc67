//! How good is a picture? PSNR and SSIM of the luma, LPIPS, NIQE: one file each. Not part of a page's engine.

mod imresize;
mod lpips;
mod niqe;
mod psnr;
mod ssim;

pub use imresize::imresize;
pub use lpips::Lpips;
pub use niqe::Niqe;
pub use psnr::psnr_y;
pub use ssim::ssim_y;

use crate::image::Pixels;
use crate::{Error, Result};

/// One channel of a picture in f64.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// `[height, width]`.
    pub data: Vec<f64>,
}

impl Plane {
    /// Y of BT.601, 16 to 235: `16 + (65.481 R + 128.553 G + 24.966 B) / 255`.
    pub fn luma(picture: &Pixels) -> Self {
        let y = |c: &[u8]| {
            let sum = match *c {
                [r, g, b, ..] => 65.481 * r as f64 + 128.553 * g as f64 + 24.966 * b as f64,
                _ => 0.0,
            };
            16.0 + sum / 255.0
        };
        let data = picture.data.chunks_exact(picture.channels.max(1)).map(y).collect();
        Self { width: picture.width, height: picture.height, data }
    }

    /// Without `border` rows and columns on every side; empty if nothing remains.
    pub fn inner(&self, border: usize) -> Self {
        let width = self.width.saturating_sub(2 * border);
        let height = self.height.saturating_sub(2 * border);
        self.crop(border, border, width, height)
    }

    /// The part with this corner and size, which must lie inside.
    fn crop(&self, left: usize, top: usize, width: usize, height: usize) -> Self {
        let rows = self.data.chunks_exact(self.width.max(1)).skip(top).take(height);
        Self { width, height, data: rows.flat_map(|row| &row[left..left + width]).copied().collect() }
    }
}

/// The lumas of a picture and its reference, without a border.
fn pair(picture: &Pixels, reference: &Pixels, border: usize) -> Result<(Plane, Plane)> {
    same_size(picture, reference)?;
    Ok((Plane::luma(picture).inner(border), Plane::luma(reference).inner(border)))
}

fn same_size(picture: &Pixels, reference: &Pixels) -> Result<()> {
    let size = |p: &Pixels| (p.width, p.height);
    if size(picture) == size(reference) {
        return Ok(());
    }
    let [(w, h), (u, v)] = [size(picture), size(reference)];
    Err(Error::BadOption(format!("Pictures of {w} x {h} and {u} x {v} pixels cannot be compared.")))
}
