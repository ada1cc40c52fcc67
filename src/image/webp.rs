//! WebP, lossy and lossless; of an animation the first frame. Writing lossy files.

use super::decode::{bad_image, cut_short, image8};
use super::{Limits, Tags};
use crate::alloc::{self, GrowableFile};
use crate::{Error, Result};
use ::image::codecs::webp::WebPDecoder;
use ::image::{DynamicImage, ImageDecoder};
use std::borrow::Cow;
use std::io::{Cursor, Write};
use webp_rust::encoder::encode_lossy_rgba_to_webp_with_config;
use webp_rust::{EncoderError, LossyEncodingConfig};

/// Decodes the picture or the first frame.
///
/// # Errors
/// [`Error::ImageTooLarge`], [`Error::BadImage`].
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<(DynamicImage, Tags)> {
    let damaged = |error| bad_image("WebP", error);
    let (file, was_opaque) = with_alpha(checked(bytes, limits)?)?;
    let mut decoder = WebPDecoder::new(Cursor::new(&file[..])).map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    limits.check(width.into(), height.into())?;

    // Tags that cannot be read are none; the picture itself may be whole.
    let (icc, exif) = (decoder.icc_profile().ok().flatten(), decoder.exif_metadata().ok().flatten());
    let xmp = decoder.xmp_metadata().ok().flatten();
    let channels = usize::from(decoder.color_type().channel_count());
    let mut data = vec![0; width as usize * height as usize * channels];
    decoder.read_image(&mut data).map_err(damaged)?;
    let opaque = was_opaque && data.chunks_exact(4).all(|pixel| pixel[3] == 255);
    let image = image8(width, height, channels, data)
        .ok_or_else(|| Error::Internal("WebP samples do not fit their size".into()))?;
    let image = if opaque { DynamicImage::ImageRgb8(image.to_rgb8()) } else { image };
    Ok((image, Tags { icc, exif, xmp, ..Tags::default() }))
}

/// An animation whose header promises no alpha, with one that does, and whether that is so: where its first frame does
/// not reach, the picture is transparent.
fn with_alpha(file: &[u8]) -> Result<(Cow<'_, [u8]>, bool)> {
    const ALPHA: u8 = 0x10;
    const ANIMATION: u8 = 0x02;
    let flags = file.get(FLAGS).filter(|&&flags| file.get(12..16) == Some(b"VP8X") && flags & ANIMATION > 0);
    let Some(flags) = flags.filter(|&&flags| flags & ALPHA == 0) else { return Ok((Cow::Borrowed(file), false)) };
    let mut copy = alloc::try_collect(file.len(), file.iter().copied())?;
    copy[FLAGS] = flags | ALPHA;
    Ok((Cow::Owned(copy), true))
}

/// Where the flags of an extended header stand: behind the file's header and that of the chunk.
const FLAGS: usize = 20;

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

/// A lossy file of 3 or 4 `channels`, `quality` 1 to 100. Alpha is exact; the colours of what cannot be seen are kept, since they
/// would shine through at edges.
///
/// # Errors
/// [`Error::OutOfMemory`]; [`Error::Internal`] if the encoder fails.
pub(super) fn lossy(
    width: usize,
    height: usize,
    channels: usize,
    data: &[u8],
    tags: &Tags,
    quality: u8,
) -> Result<Vec<u8>> {
    let pixels = data.chunks_exact(channels).flat_map(|p| [p[0], p[1], p[2], if channels == 4 { p[3] } else { 255 }]);
    let rgba = alloc::try_collect(width * height * 4, pixels)?;
    let encode = |method| {
        let config = LossyEncodingConfig { quality: quality.into(), method, exact: true, ..Default::default() };
        encode_lossy_rgba_to_webp_with_config(width, height, &rgba, &config)
    };
    let file = match encode(METHOD) {
        // What the blocks are predicted from has at most 512 KiB in the format: of a very large picture not every choice fits.
        Err(EncoderError::Bitstream(_)) => encode(METHOD_OF_FEW_CHOICES),
        done => done,
    };
    let file = file.map_err(|e| Error::Internal(format!("WebP: {e}")))?;
    drop(rgba);
    tagged(file, width, height, channels == 4, tags)
}

/// The encoder's effort, 0 to 6: its own default, and the most that predicts blocks of 16 x 16 pixels only.
const METHOD: u8 = 4;
const METHOD_OF_FEW_CHOICES: u8 = 2;

/// The file with a profile, EXIF data and XMP: after an extended header, in the order that the format asks for. IPTC data
/// and density have no place of their own in WebP.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub(super) fn tagged(file: Vec<u8>, width: usize, height: usize, has_alpha: bool, tags: &Tags) -> Result<Vec<u8>> {
    const ICC: u8 = 0x20;
    const ALPHA: u8 = 0x10;
    const EXIF: u8 = 0x08;
    const XMP: u8 = 0x04;
    if tags.icc.is_none() && tags.exif.is_none() && tags.xmp.is_none() {
        return Ok(file);
    }
    let find = |wanted: &[u8; 4]| chunks(&file[12..]).find_map(|(name, body)| (name == wanted).then_some(body));
    let flag = |is_there: bool, flag: u8| if is_there { flag } else { 0 };
    let flags = flag(tags.icc.is_some(), ICC)
        | flag(has_alpha, ALPHA)
        | flag(tags.exif.is_some(), EXIF)
        | flag(tags.xmp.is_some(), XMP);
    let side = |length: usize| ((length - 1) as u32).to_le_bytes();
    let ([w0, w1, w2, _], [h0, h1, h2, _]) = (side(width), side(height));
    let header = [flags, 0, 0, 0, w0, w1, w2, h0, h1, h2];
    let parts = [
        (b"VP8X", Some(&header[..])),
        (b"ICCP", tags.icc.as_deref()),
        (b"ALPH", find(b"ALPH")),
        (b"VP8 ", find(b"VP8 ")),
        (b"VP8L", find(b"VP8L")),
        (b"EXIF", tags.exif.as_deref()),
        (b"XMP ", tags.xmp.as_deref()),
    ];
    let parts = || parts.iter().filter_map(|&(name, body)| Some((name, body?)));
    let size = 4 + parts().map(|(_, body)| 8 + body.len().next_multiple_of(2)).sum::<usize>();
    let mut out = GrowableFile::default();
    let mut write = || {
        out.write_all(b"RIFF")?;
        out.write_all(&(size as u32).to_le_bytes())?;
        out.write_all(b"WEBP")?;
        for (name, body) in parts() {
            out.write_all(name)?;
            out.write_all(&(body.len() as u32).to_le_bytes())?;
            out.write_all(body)?;
            out.write_all(&[0][..body.len() % 2])?;
        }
        Ok::<_, std::io::Error>(())
    };
    write().map_err(|_| Error::OutOfMemory)?;
    Ok(out.0)
}

/// Names and contents of the chunks of a well-formed file, after its header.
fn chunks(mut rest: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let (header, after) = rest.split_at_checked(8)?;
        let size = little_endian(&header[4..]);
        let body = after.get(..size)?;
        rest = after.get(size + size % 2..).unwrap_or_default();
        Some((&header[..4], body))
    })
}

fn little_endian(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | usize::from(byte))
}
