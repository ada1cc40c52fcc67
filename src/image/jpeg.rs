//! JPEG, with the `zune-jpeg` crate itself: only so can its strict mode be asked for. Otherwise broken or missing
//! data becomes a grey area.

use super::decode::{cut_short, image8};
use super::{Limits, Tags};
use crate::{Error, Result};
use ::image::DynamicImage;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Decodes a baseline or progressive JPEG: grey, YCbCr, RGB, CMYK or YCCK.
///
/// # Errors
/// [`Error::ImageTooLarge`], [`Error::BadImage`].
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<(DynamicImage, Tags)> {
    // Oddities between header segments are common and harmless; in the picture's data they are not.
    let options = DecoderOptions::default().set_strict_mode(false).set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) = decoder.dimensions().ok_or_else(cut_short)?;
    limits.check(width as u64, height as u64)?;
    if !has_end(bytes) {
        return Err(cut_short());
    }

    let (colours, channels) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (ColorSpace::Luma, 1),
        Some(ColorSpace::RGB | ColorSpace::YCbCr | ColorSpace::CMYK | ColorSpace::YCCK) => (ColorSpace::RGB, 3),
        _ => return Err(Error::BadImage("its kind of colours is not supported".into())),
    };
    decoder.set_options(options.set_strict_mode(true).jpeg_set_out_colorspace(colours));
    let size = decoder.output_buffer_size().ok_or_else(cut_short)?;
    let mut data = vec![0; size];
    decoder.decode_into(&mut data).map_err(damaged)?;

    let image = image8(width as u32, height as u32, channels, data)
        .ok_or_else(|| Error::Internal("JPEG samples do not fit their size".into()))?;
    Ok((image, Tags::new(decoder.icc_profile(), decoder.exif().cloned())))
}

/// Whether the segments and scans reach the end-of-image marker. A decoder may be satisfied earlier, in the last
/// row of blocks, with bits that it made up.
fn has_end(bytes: &[u8]) -> bool {
    const RST0: u8 = 0xD0;
    const RST7: u8 = 0xD7;
    const SOI: u8 = 0xD8;
    const EOI: u8 = 0xD9;
    const SOS: u8 = 0xDA;
    const TEM: u8 = 0x01;
    let mut seen_scan = false;
    let mut at = 0;
    while let Some(&[mark, code]) = bytes.get(at..at + 2) {
        // Entropy-coded data stuffs a 0 after each 0xFF; 0xFF may also be repeated to fill up.
        if mark != 0xFF || code == 0xFF {
            at += 1;
            continue;
        }
        at += 2;
        match code {
            EOI => return seen_scan,
            0 | TEM | SOI | RST0..=RST7 => {}
            _ => {
                seen_scan |= code == SOS;
                let Some(&[high, low]) = bytes.get(at..at + 2) else { return false };
                at += usize::from(u16::from_be_bytes([high, low]));
            }
        }
    }
    false
}

fn damaged(error: DecodeErrors) -> Error {
    match error {
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => cut_short(),
        other => Error::BadImage(other.to_string()),
    }
}
