//! A file's bytes to a picture: PNG, JPEG, WebP, GIF, BMP and TIFF, told apart by content.
//!
//! The size in the header is checked before anything is allocated for pixels. Of an animation the first frame is
//! read. RGB profiles are not applied: samples are taken as stored, and the profile goes along ([`Tags`]); others are.

use super::{Density, Picture, Tags, bmp, colour, gif, jpeg, png, tiff, webp};
use crate::{Error, Result, limits};
use ::image::metadata::Orientation;
use ::image::{DynamicImage, ImageBuffer, ImageError, ImageFormat};
use std::io::ErrorKind;

/// [`Limits::default`]'s number of input pixels: 4 million, whose x4 result has 64 million, 8192 a side. A page that knows
/// of less memory takes fewer (`npm/src/page/capabilities.ts`).
pub const DEFAULT_MAX_PIXELS: u64 = limits::PIXELS_MAX as u64;

/// What a picture may ask for before it is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest number of input pixels.
    pub max_pixels: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_pixels: DEFAULT_MAX_PIXELS }
    }
}

impl Limits {
    /// Whether a picture of this size may be decoded.
    ///
    /// # Errors
    /// [`Error::ImageTooLarge`], or [`Error::BadImage`] if a side is 0.
    pub fn check(&self, width: u64, height: u64) -> Result<()> {
        if width == 0 || height == 0 {
            return Err(Error::BadImage(format!("its size is {width} x {height}")));
        }
        if width.saturating_mul(height) > self.max_pixels {
            return Err(Error::ImageTooLarge { width, height, limit: self.max_pixels });
        }
        Ok(())
    }

    /// What a decoder may allocate, in bytes: 16-bit RGBA and one copy of it, and a fixed amount for tables and
    /// metadata, which do not grow with the picture.
    pub(super) fn bytes(&self) -> usize {
        usize::try_from(self.max_pixels.saturating_mul(16).saturating_add(1 << 25)).unwrap_or(usize::MAX)
    }
}

/// As [`decode_tagged`], without the tags.
///
/// # Errors
/// As [`decode_tagged`].
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Picture> {
    Ok(decode_tagged(bytes, limits)?.0)
}

/// Decodes a PNG, JPEG, WebP, GIF, BMP or TIFF file.
///
/// Grey becomes RGB; palettes and colour keys are resolved; 1, 2, 4, 8 and 16 bits are scaled to [0, 1]; grey and CMYK become
/// sRGB by their profile; the EXIF orientation is applied, so width and height are those that are seen.
///
/// # Errors
/// [`Error::NoInput`] for no bytes, [`Error::NotAnImage`] for any other kind of file, [`Error::Unsupported`] with the
/// name of a variety that is not read, [`Error::ImageTooLarge`] with the header's width and height, [`Error::BadImage`] for
/// a file that is damaged or cut short. A file that ends too early is always an error, never a picture with a grey rest.
pub fn decode_tagged(bytes: &[u8], limits: &Limits) -> Result<(Picture, Tags)> {
    const BIG_TIFF: [&[u8]; 2] = [b"II\x2B\0", b"MM\0\x2B"];
    if bytes.is_empty() {
        return Err(Error::NoInput);
    }
    let (image, tags) = match ::image::guess_format(bytes) {
        Ok(ImageFormat::Png) => png::decode(bytes, limits)?,
        Ok(ImageFormat::Jpeg) => jpeg::decode(bytes, limits)?,
        Ok(ImageFormat::WebP) => webp::decode(bytes, limits)?,
        Ok(ImageFormat::Bmp) => bmp::decode(bytes, limits)?,
        Ok(ImageFormat::Gif) => gif::decode(bytes, limits)?,
        Ok(ImageFormat::Tiff) => tiff::decode(bytes, limits)?,
        _ if BIG_TIFF.iter().any(|magic| bytes.starts_with(magic)) => tiff::decode(bytes, limits)?,
        _ => return Err(Error::NotAnImage),
    };
    let (mut image, mut tags) = colour::settle(image, tags.settled())?;
    let orientation = tags.orientation();
    image.apply_orientation(orientation);
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    if matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH) {
        tags.density = tags.density.map(Density::turned);
    }
    Ok((picture(&image)?, tags))
}

fn picture(image: &DynamicImage) -> Result<Picture> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let eight = |channels, data: &[u8]| Ok(Picture::from_samples(width, height, channels, data, 255.0));
    let sixteen = |channels, data: &[u16]| Ok(Picture::from_samples(width, height, channels, data, 65535.0));
    match image {
        DynamicImage::ImageLuma8(image) => eight(1, image),
        DynamicImage::ImageLumaA8(image) => eight(2, image),
        DynamicImage::ImageRgb8(image) => eight(3, image),
        DynamicImage::ImageRgba8(image) => eight(4, image),
        DynamicImage::ImageLuma16(image) => sixteen(1, image),
        DynamicImage::ImageLumaA16(image) => sixteen(2, image),
        DynamicImage::ImageRgb16(image) => sixteen(3, image),
        DynamicImage::ImageRgba16(image) => sixteen(4, image),
        other => Err(Error::Internal(format!("a decoder returned {:?}", other.color()))),
    }
}

/// 8-bit samples as an image that can be turned; `None` if they are too few.
pub(super) fn image8(width: u32, height: u32, channels: usize, data: Vec<u8>) -> Option<DynamicImage> {
    match channels {
        1 => ImageBuffer::from_raw(width, height, data).map(DynamicImage::ImageLuma8),
        2 => ImageBuffer::from_raw(width, height, data).map(DynamicImage::ImageLumaA8),
        3 => ImageBuffer::from_raw(width, height, data).map(DynamicImage::ImageRgb8),
        4 => ImageBuffer::from_raw(width, height, data).map(DynamicImage::ImageRgba8),
        _ => None,
    }
}

/// 16-bit samples as an image that can be turned; `None` if they are too few.
pub(super) fn image16(width: u32, height: u32, channels: usize, data: Vec<u16>) -> Option<DynamicImage> {
    match channels {
        1 => ImageBuffer::from_raw(width, height, data).map(DynamicImage::ImageLuma16),
        2 => ImageBuffer::from_raw(width, height, data).map(DynamicImage::ImageLumaA16),
        3 => ImageBuffer::from_raw(width, height, data).map(DynamicImage::ImageRgb16),
        4 => ImageBuffer::from_raw(width, height, data).map(DynamicImage::ImageRgba16),
        _ => None,
    }
}

/// The error for a file that ends before its picture does.
pub(super) fn cut_short() -> Error {
    Error::BadImage("the file ends too early".into())
}

/// A decoder's complaint, or [`cut_short`] if it met the end of the file.
pub(super) fn bad(error: impl std::error::Error, io: Option<ErrorKind>) -> Error {
    if io == Some(ErrorKind::UnexpectedEof) { cut_short() } else { Error::BadImage(error.to_string()) }
}

/// A complaint of the `image` crate's decoder of `format`.
pub(super) fn bad_image(format: &str, error: ImageError) -> Error {
    match error {
        ImageError::Unsupported(what) => Error::Unsupported(format!("This kind of {format} ({what})")),
        ImageError::IoError(io) => bad(&io, Some(io.kind())),
        other => bad(other, None),
    }
}
