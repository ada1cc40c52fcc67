//! PNG, a row at a time.

use super::super::png::XMP;
use super::super::{Tags, iptc};
use super::{Output, Sample, failed};
use crate::{Error, Result};
use ::png::{ColorType, Encoder, EncodingError, Filter, Info, PixelDimensions, StreamWriter, Unit};
use std::borrow::Cow;

/// Bytes of a piece of the file's data.
const PIECE: usize = 1 << 16;

/// A file of `size`, width and height, whose rows are then written: of grey, grey and alpha, RGB or RGBA samples, by the number of
/// channels. Fast compression, a filter chosen for each row.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub(super) fn writer<T: Sample>(
    file: Output,
    (width, height): (u32, u32),
    channels: usize,
    tags: &Tags,
) -> Result<StreamWriter<'static, Output>> {
    let mut info = Info::with_size(width, height);
    info.color_type = match channels {
        1 => ColorType::Grayscale,
        2 => ColorType::GrayscaleAlpha,
        3 => ColorType::Rgb,
        _ => ColorType::Rgba,
    };
    info.bit_depth = T::DEPTH;
    info.icc_profile = tags.icc.as_deref().map(Cow::Borrowed);
    info.exif_metadata = tags.exif.as_deref().map(Cow::Borrowed);
    info.pixel_dims = tags.density.map(|density| {
        let unit = if density.absolute { Unit::Meter } else { Unit::Unspecified };
        PixelDimensions { xppu: density.x, yppu: density.y, unit }
    });
    let xmp = tags.xmp.as_deref().and_then(|packet| str::from_utf8(packet).ok());
    let begun = Encoder::with_info(file, info).and_then(|mut encoder| {
        encoder.set_deflate_compression(T::COMPRESSION);
        encoder.set_filter(Filter::Adaptive);
        if let Some(xmp) = xmp {
            encoder.add_itxt_chunk(XMP.into(), xmp.into())?;
        }
        if let Some(data) = &tags.iptc {
            encoder.add_ztxt_chunk(iptc::KEYWORD.into(), iptc::text(data))?;
        }
        encoder.write_header()?.into_stream_writer_with_size(PIECE)
    });
    begun.map_err(|error| refused(&error))
}

/// Ends the file, once all rows are there.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub(super) fn finish(stream: StreamWriter<'_, Output>, file: &Output) -> Result<()> {
    stream.finish().map_err(|error| refused(&error))?;
    // The last chunk is written as the stream goes, which cannot say that it failed.
    if file.0.borrow().0.ends_with(b"IEND\xAE\x42\x60\x82") { Ok(()) } else { Err(Error::OutOfMemory) }
}

fn refused(error: &EncodingError) -> Error {
    failed("PNG", error, if let EncodingError::IoError(io) = error { Some(io) } else { None })
}
