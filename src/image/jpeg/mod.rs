//! JPEG, with the `jpeg-decoder` crate: baseline, extended and progressive, in one scan or several, with every sampling.

mod markers;

use super::decode::{cut_short, image8};
use super::{Limits, Tags};
use crate::{Error, Result};
use ::image::DynamicImage;
use jpeg_decoder::{Decoder, PixelFormat};
use markers::Markers;
use std::io::ErrorKind;

/// Decodes grey, YCbCr, RGB, CMYK or YCCK.
///
/// # Errors
/// [`Error::ImageTooLarge`], [`Error::Unsupported`], [`Error::BadImage`].
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<(DynamicImage, Tags)> {
    let (markers, padded) = Markers::read(bytes)?;
    let (width, height) = (markers.width.into(), markers.height.into());
    limits.check(width, height)?;
    let mut decoder = Decoder::new(&padded[..]);
    decoder.set_color_transform(markers.colours());
    let data = decoder.decode().map_err(damaged)?;
    let info = decoder.info().ok_or_else(cut_short)?;
    let (channels, data) = match info.pixel_format {
        PixelFormat::L8 => (1, data),
        PixelFormat::RGB24 => (3, data),
        PixelFormat::CMYK32 => (3, data.chunks_exact(4).flat_map(|p| [0, 1, 2].map(|c| without_ink(p[c], p[3]))).collect()),
        PixelFormat::L16 => return Err(Error::Internal("a JPEG of 8 bits gave 16".into())),
    };
    let image = image8(info.width.into(), info.height.into(), channels, data)
        .ok_or_else(|| Error::Internal("JPEG samples do not fit their size".into()))?;
    Ok((image, Tags::new(decoder.icc_profile(), decoder.exif_data().map(<[u8]>::to_vec))))
}

/// What light a colour's ink and black leave, 0 to 255.
fn without_ink(ink: u8, black: u8) -> u8 {
    ((u32::from(255 - ink) * u32::from(255 - black) + 127) / 255) as u8
}

fn damaged(error: jpeg_decoder::Error) -> Error {
    use jpeg_decoder::Error as Jpeg;
    match error {
        Jpeg::Io(io) if io.kind() == ErrorKind::UnexpectedEof => cut_short(),
        Jpeg::Unsupported(what) => Error::Unsupported(format!("JPEG with {what:?}")),
        other => Error::BadImage(other.to_string()),
    }
}
