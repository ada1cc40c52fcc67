//! BMP, with the decoder of the `image` crate.

use super::decode::bad_image;
use super::{Limits, Tags};
use crate::Result;
use ::image::codecs::bmp::BmpDecoder;
use ::image::{DynamicImage, ImageDecoder};
use std::io::Cursor;

/// Decodes a file.
///
/// # Errors
/// [`crate::Error::ImageTooLarge`], [`crate::Error::Unsupported`], [`crate::Error::BadImage`].
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<(DynamicImage, Tags)> {
    let damaged = |error| bad_image("BMP", error);
    let mut decoder = BmpDecoder::new(Cursor::new(bytes)).map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    limits.check(width.into(), height.into())?;
    let mut allowed = ::image::Limits::default();
    allowed.max_alloc = Some(limits.bytes() as u64);
    decoder.set_limits(allowed).map_err(damaged)?;
    // Tags that cannot be read are none; the picture itself may be whole.
    let icc = decoder.icc_profile().ok().flatten();
    let image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    Ok((image, Tags { icc, ..Tags::default() }))
}
