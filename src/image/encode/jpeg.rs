//! JPEG, a strip of rows at a time. Every strip is encoded as a file of its own; their data follow one another in one scan, with a
//! restart marker between them, after which a decoder predicts nothing from what came before (ITU-T T.81, E.1.4).

use super::super::{Tags, iptc};
use super::{Output, failed, io};
use crate::alloc::{self, GrowableFile};
use crate::{Error, Result};
use ::image::codecs::jpeg::{JpegEncoder, PixelDensity, PixelDensityUnit};
use ::image::{ExtendedColorType, ImageEncoder};
use std::io::Write;

/// Rows and columns of a block.
const BLOCK: usize = 8;
/// Most rows of blocks in a strip.
const ROWS_OF_BLOCKS: usize = 32;
/// Most blocks between two restarts: the file says it in 16 bits.
const RESTART: usize = 65_535;

/// A file on its way.
pub(super) struct Strips {
    size: (u32, u32),
    grey: bool,
    tags: Tags,
    quality: u8,
    /// Rows of a strip, all but the last.
    rows: usize,
    /// The samples of a strip that is not complete, as they are stored: grey or RGB, on white.
    strip: Vec<u8>,
    written: usize,
}

impl Strips {
    /// For a picture of `size`, width and height; `quality` 1 to 100.
    pub(super) fn new(size: (u32, u32), grey: bool, tags: Tags, quality: u8) -> Self {
        let across = (size.0 as usize).div_ceil(BLOCK).max(1);
        let rows = BLOCK * (RESTART / across).clamp(1, ROWS_OF_BLOCKS);
        Self { size, grey, tags, quality: quality.clamp(1, 100), rows, strip: Vec::new(), written: 0 }
    }

    /// The next rows, of 3 or 4 `channels`: what is transparent is put on white.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub(super) fn write(&mut self, samples: &[u8], channels: usize, file: &mut Output) -> Result<()> {
        let kept = if self.grey { 1 } else { 3 };
        let line = self.size.0 as usize;
        let mut rest = samples;
        while !rest.is_empty() {
            let room = (self.rows * line * kept - self.strip.len()) / kept * channels;
            let (now, later) = rest.split_at(room.min(rest.len()));
            rest = later;
            alloc::reserve(&mut self.strip, now.len() / channels * kept)?;
            let alpha = |pixel: &[u8]| pixel.get(3).copied().unwrap_or(u8::MAX);
            let pixels = now.chunks_exact(channels);
            self.strip.extend(pixels.flat_map(|p| p[..kept].iter().map(move |&v| over_white(v, alpha(p)))));
            if self.strip.len() == self.rows * line * kept {
                self.flush(file)?;
            }
        }
        Ok(())
    }

    /// Ends the file, once all rows are there.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub(super) fn finish(mut self, file: &mut Output) -> Result<()> {
        if !self.strip.is_empty() {
            self.flush(file)?;
        }
        put(file, &[&END])
    }

    /// Writes the strip.
    fn flush(&mut self, file: &mut Output) -> Result<()> {
        let (width, height) = self.size;
        let line = width as usize * if self.grey { 1 } else { 3 };
        let rows = (self.strip.len() / line) as u32;
        let strip = self.encoded(rows)?;
        self.strip.clear();
        let (header, data) = scan(&strip).ok_or_else(|| Error::Internal("JPEG: a strip without a scan".into()))?;
        let number = self.written;
        self.written += 1;
        if number > 0 {
            return put(file, &[&[0xFF, 0xD0 + (number as u8 - 1) % 8], data]);
        }
        let mut header = header.to_vec();
        let Some(scan) = begin(&mut header, height) else {
            return Err(Error::Internal("JPEG: a strip without a frame".into()));
        };
        let (before, scan) = header.split_at(scan);
        let blocks = (width as usize).div_ceil(BLOCK) * self.rows / BLOCK;
        let restart = [&[0xFF, 0xDD, 0, 4], &(blocks as u16).to_be_bytes()[..]].concat();
        let restart = if rows < height { &restart[..] } else { &[] };
        put(file, &[before, restart, scan, data])
    }

    /// The strip as a file of its own; the first one has the tags.
    fn encoded(&self, rows: u32) -> Result<Vec<u8>> {
        let mut file = GrowableFile::default();
        let mut encoder = JpegEncoder::new_with_quality(&mut file, self.quality);
        if self.written == 0 {
            put_tags(&mut encoder, &self.tags);
        }
        let colour = if self.grey { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
        encoder.write_image(&self.strip, self.size.0, rows, colour).map_err(|e| failed("JPEG", &e, io(&e)))?;
        if self.written == 0 { with_segments(file.0, &self.tags) } else { Ok(file.0) }
    }
}

/// The marker at the end of a file.
const END: [u8; 2] = [0xFF, 0xD9];

fn put(file: &mut Output, parts: &[&[u8]]) -> Result<()> {
    parts.iter().try_for_each(|part| file.write_all(part)).map_err(|_| Error::OutOfMemory)
}

/// Marker, place and contents of the segments from the file's beginning to its scan.
fn segments(file: &[u8]) -> impl Iterator<Item = (u8, usize, &[u8])> {
    let mut at = 2;
    std::iter::from_fn(move || {
        let &[0xFF, marker, high, low] = file.get(at..at + 4)? else { return None };
        let (begin, length) = (at, usize::from(u16::from_be_bytes([high, low])));
        at += 2 + length;
        Some((marker, begin, file.get(begin + 4..at)?))
    })
}

/// A file up to the data of its scan, and these data.
fn scan(file: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, begin, contents) = segments(file).find(|(marker, ..)| *marker == 0xDA)?;
    file.strip_suffix(&END)?.split_at_checked(begin + 4 + contents.len())
}

/// Gives the frame its height; returns where the header of the scan begins.
fn begin(header: &mut [u8], height: u32) -> Option<usize> {
    let place = |wanted| segments(header).find(|(marker, ..)| *marker == wanted).map(|(_, begin, _)| begin);
    let (frame, scan) = (place(0xC0)?, place(0xDA)?);
    header.get_mut(frame + 5..frame + 7)?.copy_from_slice(&(height as u16).to_be_bytes());
    Some(scan)
}

fn put_tags(encoder: &mut JpegEncoder<&mut GrowableFile>, tags: &Tags) {
    const PREFIX: usize = 6;
    if let Some(density) = tags.density {
        let unit = if density.absolute { PixelDensityUnit::Inches } else { PixelDensityUnit::PixelAspectRatio };
        encoder.set_pixel_density(PixelDensity { density: density.sixteen_bits(), unit });
    }
    if let Some(icc) = &tags.icc {
        // Every encoder that is used here takes profiles.
        let _ = encoder.set_icc_profile(icc.clone());
    }
    if let Some(exif) = tags.exif.as_ref().filter(|exif| exif.len() + PREFIX <= MOST_IN_SEGMENT) {
        let _ = encoder.set_exif_metadata(exif.clone());
    }
}

/// Longest contents of a JPEG segment. What does not fit is left out, as any camera's own software does.
const MOST_IN_SEGMENT: usize = 65_533;

/// The file with XMP and IPTC behind the segments for applications that it has.
fn with_segments(mut file: Vec<u8>, tags: &Tags) -> Result<Vec<u8>> {
    const APP1: u8 = 0xE1;
    const APP13: u8 = 0xED;
    let xmp = tags.xmp.as_deref().map(|packet| (APP1, [b"http://ns.adobe.com/xap/1.0/\0", packet].concat()));
    let iptc = tags.iptc.as_deref().map(|data| (APP13, [b"Photoshop 3.0\0", &iptc::resources(data)[..]].concat()));
    let mut segments = Vec::new();
    for (marker, contents) in
        [xmp, iptc].into_iter().flatten().filter(|(_, contents)| contents.len() <= MOST_IN_SEGMENT)
    {
        segments.extend([0xFF, marker]);
        segments.extend(((contents.len() + 2) as u16).to_be_bytes());
        segments.extend(contents);
    }
    let mut at = 2;
    while let Some(&[0xFF, 0xE0..=0xEF, high, low]) = file.get(at..at + 4) {
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
    alloc::reserve(&mut file, segments.len())?;
    file.splice(at..at, segments);
    Ok(file)
}

fn over_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}
