//! Pictures in memory, and their way from and to files.

pub mod alpha;
mod bmp;
mod colour;
pub mod decode;
mod density;
pub mod encode;
mod exif;
mod gif;
mod ifd;
mod iptc;
mod jpeg;
pub mod neutral;
mod png;
pub mod reduce;
pub mod resize;
mod rows;
mod tags;
mod tiff;
mod webp;
mod xmp;

pub use colour::canvas_rows;
pub use decode::{Limits, decode, decode_tagged};
pub use density::Density;
pub use encode::{Encoder, Format, Sample, encode, encode_png};
pub use reduce::{Reducer, Size, reduce};
pub use rows::{FileRows, Pieces, Rows};
pub use tags::Tags;

use crate::{Error, Result, alloc};

/// A decoded picture. Colours are RGB in [0, 1] as stored (display-referred, no linearisation).
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// `[height, width, 3]`.
    pub rgb: Vec<f32>,
    /// `[height, width]`, if the file has transparency.
    pub alpha: Option<Vec<f32>>,
}

impl Picture {
    /// A picture from 8-bit RGBA, not premultiplied, `[height, width, 4]`: the layout of a page's `ImageData`.
    /// That layout always carries alpha, so alpha is kept only where some pixel is not opaque.
    ///
    /// # Errors
    /// [`Error::BadImage`] if there are no pixels, or if `rgba` does not hold width x height of them.
    pub fn from_rgba8(width: usize, height: usize, rgba: &[u8]) -> Result<Self> {
        let bytes = width.checked_mul(height).and_then(|pixels| pixels.checked_mul(4));
        if rgba.is_empty() || bytes != Some(rgba.len()) {
            return Err(Error::BadImage(format!("{width} x {height} pixels cannot be {} bytes", rgba.len())));
        }
        let mut picture = Self::from_samples(width, height, 4, rgba, 255.0);
        if rgba.chunks_exact(4).all(|pixel| pixel[3] == 255) {
            picture.alpha = None;
        }
        Ok(picture)
    }

    /// Samples of a result's pixel: RGB, or RGBA where the picture has transparency.
    pub fn channels(&self) -> usize {
        if self.alpha.is_some() { 4 } else { 3 }
    }

    /// A copy, if there is memory for it.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn copied(&self) -> Result<Self> {
        let copy = |values: &[f32]| alloc::try_collect(values.len(), values.iter().copied());
        Ok(Self { rgb: copy(&self.rgb)?, alpha: self.alpha.as_deref().map(copy).transpose()?, ..*self })
    }

    /// A picture from interleaved samples in `0..=max`, `[height, width, channels]`.
    /// `channels`: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    fn from_samples<T: Copy + Into<f32>>(width: usize, height: usize, channels: usize, data: &[T], max: f32) -> Self {
        let unit = |sample: T| sample.into() / max;
        let has_alpha = channels.is_multiple_of(2);
        let mut rgb = Vec::with_capacity(width * height * 3);
        for pixel in data.chunks_exact(channels) {
            match *pixel {
                [grey] | [grey, _] => rgb.extend([unit(grey); 3]),
                [r, g, b, ..] => rgb.extend([unit(r), unit(g), unit(b)]),
                [] => {}
            }
        }
        let alpha = has_alpha.then(|| data.chunks_exact(channels).map(|pixel| unit(pixel[channels - 1])).collect());
        Self { width, height, rgb, alpha }
    }
}

/// An upscaled picture, 8 or 16 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels<T = u8> {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// 3 (RGB) or 4 (RGBA, not premultiplied).
    pub channels: usize,
    /// `[height, width, channels]`.
    pub data: Vec<T>,
}
