//! GIF, with the `gif` crate itself: the first frame, on a screen that may be smaller than it.

use super::decode::{cut_short, image8};
use super::{Limits, Tags};
use crate::{Error, Result, alloc};
use ::gif::{ColorOutput, DecodeOptions, DecodingError, MemoryLimit};
use ::image::DynamicImage;
use std::io::ErrorKind;
use std::num::NonZeroU64;

/// Decodes the first frame as browsers show it: where it does not reach, the picture is transparent, and a screen that
/// does not hold it grows. Only then is there an alpha channel, or if the frame is transparent itself.
///
/// # Errors
/// [`Error::ImageTooLarge`], [`Error::BadImage`].
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<(DynamicImage, Tags)> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    options.set_memory_limit(NonZeroU64::new(limits.bytes() as u64).map_or(MemoryLimit::Unlimited, MemoryLimit::Bytes));
    let mut decoder = options.read_info(bytes).map_err(damaged)?;
    let (screen_width, screen_height) = (decoder.width(), decoder.height());
    let frame = decoder.next_frame_info().map_err(damaged)?.ok_or_else(cut_short)?;
    let (left, top): (usize, usize) = (frame.left.into(), frame.top.into());
    let (across, down): (usize, usize) = (frame.width.into(), frame.height.into());
    let (width, height) = ((left + across).max(screen_width.into()), (top + down).max(screen_height.into()));
    limits.check(width as u64, height as u64)?;
    limits.check(across as u64, down as u64)?;

    let mut pixels = alloc::filled(0, across * down * 4)?;
    decoder.read_into_buffer(&mut pixels).map_err(damaged)?;
    if (across, down) != (width, height) {
        let mut screen = alloc::filled(0, width * height * 4)?;
        for (row, line) in pixels.chunks_exact(across * 4).enumerate() {
            screen[((top + row) * width + left) * 4..][..across * 4].copy_from_slice(line);
        }
        pixels = screen;
    }
    let opaque = pixels.chunks_exact(4).all(|pixel| pixel[3] == 255);
    let image = image8(width as u32, height as u32, 4, pixels)
        .ok_or_else(|| Error::Internal("GIF samples do not fit their size".into()))?;
    let image = if opaque { DynamicImage::ImageRgb8(image.to_rgb8()) } else { image };
    let tag = |data: Option<&[u8]>| data.map(<[u8]>::to_vec);
    Ok((image, Tags { icc: tag(decoder.icc_profile()), xmp: tag(decoder.xmp_metadata()), ..Tags::default() }))
}

fn damaged(error: DecodingError) -> Error {
    match error {
        DecodingError::Io(io) if io.kind() == ErrorKind::UnexpectedEof => cut_short(),
        other => Error::BadImage(other.to_string()),
    }
}
