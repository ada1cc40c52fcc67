//! Results smaller than x4: which size, and a Lanczos filter on the full result.

use super::{Pixels, Sample};
use crate::{Error, Result, alloc};
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use std::borrow::Cow;

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
    let Pixels { width: columns, height: rows, channels, data } = &pixels;
    if !(3..=4).contains(channels) || data.len() != columns * rows * channels {
        return Err(wrong((width, height), format!("{} samples in {channels} channels", data.len())));
    }
    if (*columns, *rows) == (width, height) {
        return Ok(pixels);
    }
    let data = Reducer::new((*columns, *rows), (width, height), *channels).push(data)?.into_owned();
    Ok(Pixels { width, height, channels: *channels, data })
}

/// Most rows that are reduced at a time.
const ROWS: usize = 64;
/// Lobes of the filter: so far it sees, in pixels of the smaller picture.
const LOBES: f64 = 3.0;

/// [`reduce`] for a picture that grows from the top down. It holds the rows that the filter still has to see.
///
/// One channel after the other: the resizer's own weighting of 16-bit colours brings a table of half a megabyte, a fifth
/// of all that a page downloads.
pub struct Reducer<T> {
    from: (usize, usize),
    to: (usize, usize),
    channels: usize,
    /// Rows of the larger picture, from row `first` on.
    held: Vec<T>,
    first: usize,
    /// Rows of the smaller picture that are done.
    done: usize,
}

impl<T: Sample> Reducer<T> {
    /// From one size to another, width and height; 3 or 4 channels.
    pub fn new(from: (usize, usize), to: (usize, usize), channels: usize) -> Self {
        Self { from, to, channels, held: Vec::new(), first: 0, done: 0 }
    }

    /// Takes rows of the larger picture; gives those of the smaller one that follow from them.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; [`Error::Internal`] if these are not whole rows.
    pub fn push<'a>(&mut self, mut samples: &'a [T]) -> Result<Cow<'a, [T]>> {
        let Self { from, to, channels, .. } = *self;
        let (line, ratio) = (from.0 * channels, from.1 as f64 / to.1 as f64);
        if from == to {
            return Ok(Cow::Borrowed(samples));
        }
        if line == 0 || !samples.len().is_multiple_of(line) {
            return Err(wrong(to, format!("{} samples in rows of {line}", samples.len())));
        }
        // These rows, and what is held of those before them, which is less than two blocks.
        let rows = ((samples.len() / line) as f64 / ratio).ceil() as usize + 2 * ROWS;
        let mut made = alloc::with_capacity(rows.min(to.1 - self.done) * to.0 * channels)?;
        while self.done < to.1 {
            let end = (self.done + ROWS).min(to.1);
            // One row more than the filter sees, whichever way its place is rounded.
            let reach = LOBES * ratio.max(1.0) + 1.0;
            let seen = ((end as f64 * ratio + reach).ceil() as usize).min(from.1);
            let missing = ((seen - self.first) * line).saturating_sub(self.held.len());
            let (now, later) = samples.split_at(missing.min(samples.len()));
            alloc::reserve(&mut self.held, now.len())?;
            self.held.extend_from_slice(now);
            samples = later;
            if now.len() < missing {
                break;
            }
            self.make(end, &mut made)?;
            self.done = end;
            let unseen = ((end as f64 * ratio - reach).floor().max(0.0) as usize).max(self.first);
            self.held.drain(..((unseen - self.first) * line).min(self.held.len()));
            self.first = unseen;
        }
        Ok(Cow::Owned(made))
    }

    /// Appends the rows of the smaller picture up to row `end`.
    fn make(&self, end: usize, made: &mut Vec<T>) -> Result<()> {
        let Self { from: (columns, rows), to: (width, height), channels, .. } = *self;
        let (held, count) = (self.held.len() / (columns * channels), end - self.done);
        let ratio = rows as f64 / height as f64;
        let top = self.done as f64 * ratio - self.first as f64;
        let part = (top, (count as f64 * ratio).min(held as f64 - top));
        let begun = made.len();
        made.resize(begun + width * count * channels, T::zeroed());
        let data = &mut made[begun..];
        let mut plane = alloc::filled(T::zeroed(), columns * held)?;
        let mut reduced = alloc::filled(T::zeroed(), width * count)?;
        // Alpha, the last one, comes first: the colours are divided by its reduced values.
        for channel in (0..channels).rev() {
            let weighted = channels == 4 && channel < 3;
            for (sample, pixel) in plane.iter_mut().zip(self.held.chunks_exact(channels)) {
                *sample = if weighted { pixel[channel].weighted(pixel[3]) } else { pixel[channel] };
            }
            resample::<T>(&plane, (columns, held), part, &mut reduced, (width, count))
                .map_err(|reason| wrong((width, height), reason))?;
            for (pixel, &sample) in data.chunks_exact_mut(channels).zip(&reduced) {
                pixel[channel] = if weighted { sample.unweighted(pixel[3]) } else { sample };
            }
        }
        Ok(())
    }
}

fn wrong((width, height): (usize, usize), reason: String) -> Error {
    Error::Internal(format!("reducing to {width} x {height}: {reason}"))
}

/// One plane, `from` with the size `of` to `to` with the size `size`. `rows`: the first of those that are enlarged or reduced, and
/// how many; the filter sees the others too.
fn resample<T: Sample>(
    from: &[T],
    of: (usize, usize),
    rows: (f64, f64),
    to: &mut [T],
    size: (usize, usize),
) -> std::result::Result<(), String> {
    let from = TypedImageRef::<T::Plane>::from_buffer(of.0 as u32, of.1 as u32, bytemuck::cast_slice(from))
        .map_err(|e| e.to_string())?;
    let mut to = TypedImage::<T::Plane>::from_buffer(size.0 as u32, size.1 as u32, bytemuck::cast_slice_mut(to))
        .map_err(|e| e.to_string())?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    let options = options.crop(0.0, rows.0, of.0 as f64, rows.1);
    Resizer::new().resize_typed(&from, &mut to, &options).map_err(|e| e.to_string())
}
