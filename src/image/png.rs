//! PNG, with the `png` crate itself: it gives the header before it reads any metadata, and reads on to the end of
//! the file, where an orientation may stand and where a cut file shows.

use super::decode::{bad, image8, image16};
use super::{Limits, Tags};
use crate::{Error, Result};
use ::image::DynamicImage;
use ::png::{BitDepth, Decoder, DecodingError, Transformations};
use std::io::Cursor;

/// Decodes the default image (of an animated PNG: what a viewer without animation shows).
///
/// # Errors
/// [`Error::ImageTooLarge`], [`Error::BadImage`].
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<(DynamicImage, Tags)> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), ::png::Limits { bytes: limits.bytes() });
    decoder.set_ignore_text_chunk(true);
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
    Ok((image, Tags::new(icc, exif)))
}

fn damaged(error: DecodingError) -> Error {
    let io = if let DecodingError::IoError(io) = &error { Some(io.kind()) } else { None };
    bad(error, io)
}
