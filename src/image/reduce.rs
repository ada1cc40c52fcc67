//! Results smaller than x4: which size, and a Lanczos filter on the full result.

use super::{Pixels, Sample};
use crate::{Error, Result, memory};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

/// The size asked for; all `None`: x4.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Size {
    /// Pixels; alone, the height follows.
    pub width: Option<usize>,
    /// Pixels; alone, the width follows.
    pub height: Option<usize>,
    /// Instead of both: enlargement above 0, at most 4.
    pub scale: Option<f64>,
}

impl Size {
    /// Width and height of the file's picture, given those of the x4 result.
    ///
    /// # Errors
    /// [`Error::BadOption`] for a size of 0 or above the x4 result, and for a scale beside a width or height.
    pub fn of(&self, width: usize, height: usize) -> Result<(usize, usize)> {
        let part = |whole: usize, factor: f64| ((whole as f64 * factor).round() as usize).max(1);
        let size = match *self {
            Self { width: None, height: None, scale: None } => (width, height),
            Self { width: None, height: None, scale: Some(scale) } if scale > 0.0 && scale <= 4.0 => {
                (part(width, scale / 4.0), part(height, scale / 4.0))
            }
            Self { width: Some(w), height: Some(h), scale: None } => (w, h),
            Self { width: Some(w), height: None, scale: None } => (w, part(height, w as f64 / width as f64)),
            Self { width: None, height: Some(h), scale: None } => (part(width, h as f64 / height as f64), h),
            Self { scale: Some(_), .. } => {
                return Err(Error::BadOption("The scale lies above 0, is at most 4, and stands alone.".into()));
            }
        };
        if size.0 == 0 || size.1 == 0 || size.0 > width || size.1 > height {
            return Err(Error::BadOption(format!("The result has 1 to {width} x {height} pixels.")));
        }
        Ok(size)
    }
}

/// Reduces by a Lanczos filter of three lobes, on samples as stored. Colours are weighted by their alpha, so that what
/// is transparent does not shine through at edges.
///
/// # Errors
/// [`Error::OutOfMemory`]; [`Error::Internal`] if `pixels.data` does not have the size that the other fields say.
pub fn reduce<T: Sample>(pixels: Pixels<T>, (width, height): (usize, usize)) -> Result<Pixels<T>> {
    if (pixels.width, pixels.height) == (width, height) {
        return Ok(pixels);
    }
    let wrong = |reason: String| Error::Internal(format!("reducing to {width} x {height}: {reason}"));
    let kind = if pixels.channels == 4 { T::RGBA } else { T::RGB };
    let mut data = memory::filled(T::zeroed(), width * height * pixels.channels)?;
    let from = bytemuck::cast_slice(&pixels.data);
    let from =
        ImageRef::new(pixels.width as u32, pixels.height as u32, from, kind).map_err(|e| wrong(e.to_string()))?;
    let to = bytemuck::cast_slice_mut(&mut data);
    let mut to = Image::from_slice_u8(width as u32, height as u32, to, kind).map_err(|e| wrong(e.to_string()))?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).use_alpha(true);
    Resizer::new().resize(&from, &mut to, &options).map_err(|e| wrong(e.to_string()))?;
    Ok(Pixels { width, height, channels: pixels.channels, data })
}
