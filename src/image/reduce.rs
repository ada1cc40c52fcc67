//! Results smaller than x4: which size, and a Lanczos filter on the full result.

use super::{Pixels, Sample};
use crate::{Error, Result, alloc};
use fast_image_resize::images::{TypedImage, TypedImageRef};
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
/// One channel after the other: the resizer's own weighting of 16-bit colours brings a table of half a megabyte, a fifth
/// of all that a page downloads.
///
/// # Errors
/// [`Error::OutOfMemory`]; [`Error::Internal`] if `pixels.data` does not have the size that the other fields say.
pub fn reduce<T: Sample>(pixels: Pixels<T>, (width, height): (usize, usize)) -> Result<Pixels<T>> {
    if (pixels.width, pixels.height) == (width, height) {
        return Ok(pixels);
    }
    let wrong = |reason: String| Error::Internal(format!("reducing to {width} x {height}: {reason}"));
    let channels = pixels.channels;
    if !(3..=4).contains(&channels) || pixels.data.len() != pixels.width * pixels.height * channels {
        return Err(wrong(format!("{} samples in {channels} channels", pixels.data.len())));
    }
    let mut data = alloc::filled(T::zeroed(), width * height * channels)?;
    let mut plane = alloc::filled(T::zeroed(), pixels.width * pixels.height)?;
    let mut reduced = alloc::filled(T::zeroed(), width * height)?;
    // Alpha, the last one, comes first: the colours are divided by its reduced values.
    for channel in (0..channels).rev() {
        let weighted = channels == 4 && channel < 3;
        for (sample, pixel) in plane.iter_mut().zip(pixels.data.chunks_exact(channels)) {
            *sample = if weighted { pixel[channel].weighted(pixel[3]) } else { pixel[channel] };
        }
        resample::<T>(&plane, (pixels.width, pixels.height), &mut reduced, (width, height)).map_err(wrong)?;
        for (pixel, &sample) in data.chunks_exact_mut(channels).zip(&reduced) {
            pixel[channel] = if weighted { sample.unweighted(pixel[3]) } else { sample };
        }
    }
    Ok(Pixels { width, height, channels, data })
}

/// One plane, `from` with the size `of` to `to` with the size `size`.
fn resample<T: Sample>(
    from: &[T],
    of: (usize, usize),
    to: &mut [T],
    size: (usize, usize),
) -> std::result::Result<(), String> {
    let from = TypedImageRef::<T::Plane>::from_buffer(of.0 as u32, of.1 as u32, bytemuck::cast_slice(from))
        .map_err(|e| e.to_string())?;
    let mut to = TypedImage::<T::Plane>::from_buffer(size.0 as u32, size.1 as u32, bytemuck::cast_slice_mut(to))
        .map_err(|e| e.to_string())?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    Resizer::new().resize_typed(&from, &mut to, &options).map_err(|e| e.to_string())
}
