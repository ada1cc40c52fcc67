//! BMP, GIF (the first frame) and TIFF (the first page), with the decoders of the `image` crate.

use super::decode::bad;
use super::{Limits, Tags};
use crate::{Error, Result};
use ::image::codecs::{bmp::BmpDecoder, gif::GifDecoder, tiff::TiffDecoder};
use ::image::metadata::Orientation;
use ::image::{DynamicImage, ImageDecoder, ImageError, ImageFormat};
use std::io::Cursor;

/// Decodes a file of one of the three formats.
///
/// # Errors
/// [`Error::ImageTooLarge`], [`Error::BadImage`]; [`Error::NotAnImage`] for another format.
pub(super) fn decode(bytes: &[u8], format: ImageFormat, limits: &Limits) -> Result<(DynamicImage, Tags)> {
    let file = Cursor::new(bytes);
    match format {
        ImageFormat::Bmp => read(BmpDecoder::new(file).map_err(damaged)?, limits),
        ImageFormat::Gif => {
            let (image, tags) = read(GifDecoder::new(file).map_err(damaged)?, limits)?;
            // The decoder gives every GIF an alpha channel.
            let opaque = image.as_rgba8().is_some_and(|image| image.pixels().all(|pixel| pixel.0[3] == 255));
            Ok((if opaque { DynamicImage::ImageRgb8(image.to_rgb8()) } else { image }, tags))
        }
        ImageFormat::Tiff => {
            let mut decoder = TiffDecoder::new(file).map_err(damaged)?;
            // TIFF has the tag itself, without EXIF data around it.
            let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
            let (mut image, tags) = read(decoder, limits)?;
            image.apply_orientation(orientation);
            Ok((image, Tags { exif: None, ..tags }))
        }
        _ => Err(Error::NotAnImage),
    }
}

fn read(mut decoder: impl ImageDecoder, limits: &Limits) -> Result<(DynamicImage, Tags)> {
    let (width, height) = decoder.dimensions();
    limits.check(width.into(), height.into())?;
    let mut allowed = ::image::Limits::default();
    allowed.max_alloc = Some(limits.bytes() as u64);
    decoder.set_limits(allowed).map_err(damaged)?;
    // Tags that cannot be read are none; the picture itself may be whole.
    let (icc, exif) = (decoder.icc_profile().ok().flatten(), decoder.exif_metadata().ok().flatten());
    let image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    Ok((image, Tags::new(icc, exif)))
}

fn damaged(error: ImageError) -> Error {
    let io = if let ImageError::IoError(io) = &error { Some(io.kind()) } else { None };
    bad(error, io)
}
