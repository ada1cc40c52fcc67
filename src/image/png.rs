//! PNG, with the `png` crate itself: it gives the header before it reads any metadata, and reads on to the end of
//! the file, where an orientation may stand and where a cut file shows.

use super::decode::{bad, image8, image16};
use super::{Density, Limits, Tags, colour, iptc};
use crate::{Error, Result};
use ::image::DynamicImage;
use ::png::{BitDepth, Decoder, DecodingError, Info, Transformations, Unit};
use std::io::Cursor;

/// Decodes the default image (of an animated PNG: what a viewer without animation shows).
///
/// # Errors
/// [`Error::ImageTooLarge`], [`Error::BadImage`].
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<(DynamicImage, Tags)> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), ::png::Limits { bytes: limits.bytes() });
    decoder.set_transformations(Transformations::EXPAND);
    let (width, height) = decoder.read_header_info().map_err(damaged)?.size();
    limits.check(width.into(), height.into())?;

    let mut reader = decoder.read_info().map_err(damaged)?;
    if reader.info().frame_control.is_some_and(|frame| (frame.width, frame.height) != (width, height)) {
        return Err(Error::BadImage("its first frame does not fill it".into()));
    }
    let size = reader.output_buffer_size().ok_or_else(|| Error::BadImage("its size overflows".into()))?;
    let mut data = vec![0; size];
    reader.next_frame(&mut data).map_err(damaged)?;
    reader.finish().map_err(damaged)?;

    let (colour, depth) = reader.output_color_type();
    let image = if depth == BitDepth::Sixteen {
        let data = data.chunks_exact(2).map(|sample| u16::from_be_bytes([sample[0], sample[1]])).collect();
        image16(width, height, colour.samples(), data)
    } else {
        image8(width, height, colour.samples(), data)
    };
    let image = image.ok_or_else(|| Error::Internal("PNG samples do not fit their size".into()))?;
    let info = reader.info();
    let [icc, exif] = [&info.icc_profile, &info.exif_metadata].map(|tag| tag.as_deref().map(<[u8]>::to_vec));
    let grey = colour.samples() < 3;
    let (image, icc) = colour::of_png(image, icc, info);
    let density = info.pixel_dims.map(|d| Density { x: d.xppu, y: d.yppu, absolute: matches!(d.unit, Unit::Meter) });
    let tags =
        Tags { icc, exif, xmp: xmp(info), iptc: iptc_data(info), density, grey: grey && !image.color().has_color() };
    Ok((image, tags))
}

/// Keyword of an XMP packet's text chunk.
pub(super) const XMP: &str = "XML:com.adobe.xmp";

/// Longest text that is unpacked, in bytes.
const MAX_TEXT: usize = 1 << 22;

fn xmp(info: &Info<'_>) -> Option<Vec<u8>> {
    let mut chunk = info.utf8_text.iter().find(|chunk| chunk.keyword == XMP)?.clone();
    chunk.decompress_text_with_limit(MAX_TEXT).ok()?;
    Some(chunk.get_text().ok()?.into_bytes())
}

fn iptc_data(info: &Info<'_>) -> Option<Vec<u8>> {
    if let Some(chunk) = info.uncompressed_latin1_text.iter().find(|chunk| chunk.keyword == iptc::KEYWORD) {
        return iptc::of_text(&chunk.text);
    }
    let mut chunk = info.compressed_latin1_text.iter().find(|chunk| chunk.keyword == iptc::KEYWORD)?.clone();
    chunk.decompress_text_with_limit(MAX_TEXT).ok()?;
    iptc::of_text(&chunk.get_text().ok()?)
}

fn damaged(error: DecodingError) -> Error {
    let io = if let DecodingError::IoError(io) = &error { Some(io.kind()) } else { None };
    bad(error, io)
}
