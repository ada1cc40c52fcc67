//! WebP, lossy and lossless; of an animation the first frame.

use super::decode::{bad, cut_short, image8};
use super::{Limits, Tags};
use crate::{Error, Result};
use ::image::codecs::webp::WebPDecoder;
use ::image::{DynamicImage, ImageDecoder, ImageError};
use std::io::Cursor;

/// Decodes the picture or the first frame.
///
/// # Errors
/// [`Error::ImageTooLarge`], [`Error::BadImage`].
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<(DynamicImage, Tags)> {
    let mut decoder = WebPDecoder::new(Cursor::new(checked(bytes, limits)?)).map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    limits.check(width.into(), height.into())?;

    // Tags that cannot be read are none; the picture itself may be whole.
    let (icc, exif) = (decoder.icc_profile().ok().flatten(), decoder.exif_metadata().ok().flatten());
    let channels = usize::from(decoder.color_type().channel_count());
    let mut data = vec![0; width as usize * height as usize * channels];
    decoder.read_image(&mut data).map_err(damaged)?;
    let image = image8(width, height, channels, data)
        .ok_or_else(|| Error::Internal("WebP samples do not fit their size".into()))?;
    Ok((image, Tags::new(icc, exif)))
}

/// The part of the file that its header claims, after a check of its chunks.
///
/// The decoder allocates by what a chunk says of itself before it compares that with the file and the picture, so
/// no chunk may be longer than its place, and no lossy frame larger than the limit.
fn checked<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a [u8]> {
    const HEADER: usize = 12;
    let end = bytes.get(4..8).map(|size| little_endian(size).saturating_add(8)).ok_or_else(cut_short)?;
    // One byte less is accepted: some writers leave out the padding after a last chunk of odd size.
    if end > bytes.len() + 1 || end < HEADER {
        return Err(cut_short());
    }
    let file = &bytes[..end.min(bytes.len())];
    check_chunks(&file[HEADER..], limits)?;
    Ok(file)
}

fn check_chunks(mut chunks: &[u8], limits: &Limits) -> Result<()> {
    const FRAME_HEADER: usize = 16;
    while let Some((header, rest)) = chunks.split_at_checked(8) {
        let size = little_endian(&header[4..]);
        let body = rest.get(..size).ok_or_else(cut_short)?;
        match &header[..4] {
            b"VP8 " => {
                if let Some(side) = body.get(6..10) {
                    let (width, height) = (little_endian(&side[..2]) & 0x3FFF, little_endian(&side[2..]) & 0x3FFF);
                    limits.check(width as u64, height as u64)?;
                }
            }
            b"ANMF" => check_chunks(body.get(FRAME_HEADER..).ok_or_else(cut_short)?, limits)?,
            _ => {}
        }
        chunks = rest.get(size + size % 2..).unwrap_or_default();
    }
    Ok(())
}

fn little_endian(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | usize::from(byte))
}

fn damaged(error: ImageError) -> Error {
    let io = if let ImageError::IoError(io) = &error { Some(io.kind()) } else { None };
    bad(error, io)
}
