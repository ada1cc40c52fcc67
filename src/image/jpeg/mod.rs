//! JPEG, with the `jpeg-decoder` crate: baseline, extended and progressive, in one scan or several, with every sampling.

mod markers;

use super::colour::Inks;
use super::decode::{cut_short, image8, image16};
use super::{Density, Limits, Tags};
use crate::{Error, Result, alloc};
use ::image::DynamicImage;
use jpeg_decoder::{ColorTransform, Decoder, PixelFormat};
use markers::Markers;
use std::io::ErrorKind;

/// Decodes grey, YCbCr, RGB, CMYK or YCCK.
///
/// # Errors
/// [`Error::ImageTooLarge`], [`Error::Unsupported`], [`Error::BadImage`].
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<(DynamicImage, Tags)> {
    let Samples { width, height, channels, data, mut tags } = samples(bytes, limits, None)?;
    let unfit = || Error::Internal("JPEG samples do not fit their size".into());
    if channels < 4 {
        let image = image8(width as u32, height as u32, channels, data).ok_or_else(unfit)?;
        return Ok((image, Tags { grey: channels == 1, ..tags }));
    }
    let inks = Inks::new(tags.icc.take().as_deref());
    let mut rgb = alloc::filled(0, width * height * 3)?;
    for (row, rgb) in data.chunks_exact((width * 4).max(1)).zip(rgb.chunks_exact_mut(width * 3)) {
        let row: Vec<u16> = row.iter().map(|&ink| u16::from(ink) * 257).collect();
        inks.to_rgb(&row, rgb);
    }
    let image = image16(width as u32, height as u32, 3, rgb).ok_or_else(unfit)?;
    Ok((image, tags))
}

/// What a file holds.
pub(super) struct Samples {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// 1: grey; 3: RGB; 4: inks, CMYK, 0 for none.
    pub channels: usize,
    /// `[height, width, channels]`.
    pub data: Vec<u8>,
    /// Profile and metadata.
    pub tags: Tags,
}

/// Decodes to samples. `colours`: what they are; `None`: what the file says.
///
/// # Errors
/// As [`decode`].
pub(super) fn samples(bytes: &[u8], limits: &Limits, colours: Option<ColorTransform>) -> Result<Samples> {
    let (markers, padded) = Markers::read(bytes)?;
    let (width, height) = (markers.width.into(), markers.height.into());
    limits.check(width, height)?;
    let mut decoder = Decoder::new(&padded[..]);
    decoder.set_color_transform(colours.unwrap_or(markers.colours()));
    let data = decoder.decode().map_err(damaged)?;
    let info = decoder.info().ok_or_else(cut_short)?;
    let channels = match info.pixel_format {
        PixelFormat::L8 => 1,
        PixelFormat::RGB24 => 3,
        PixelFormat::CMYK32 => 4,
        PixelFormat::L16 => return Err(Error::Internal("a JPEG of 8 bits gave 16".into())),
    };
    let owned = |data: Option<&[u8]>| data.map(<[u8]>::to_vec);
    let (exif, xmp) = (owned(decoder.exif_data()), owned(decoder.xmp_data()));
    let density = markers.density().filter(Density::says_something);
    let tags = Tags { icc: decoder.icc_profile(), exif, xmp, iptc: markers.iptc, density, grey: false };
    Ok(Samples { width: info.width.into(), height: info.height.into(), channels, data, tags })
}

fn damaged(error: jpeg_decoder::Error) -> Error {
    use jpeg_decoder::Error as Jpeg;
    match error {
        Jpeg::Io(io) if io.kind() == ErrorKind::UnexpectedEof => cut_short(),
        Jpeg::Unsupported(what) => Error::Unsupported(format!("JPEG with {what:?}")),
        other => Error::BadImage(other.to_string()),
    }
}
