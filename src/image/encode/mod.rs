//! A picture to a file: PNG of 8 or 16 bits, JPEG, WebP; row by row, as far as the format allows.

mod jpeg;
mod png;
mod sample;

pub use sample::{Sample, to_u8};

use super::webp::{lossy as lossy_webp, tagged as tagged_webp};
use super::{Pixels, Tags, exif};
use crate::alloc::{self, GrowableFile};
use crate::{Error, Result, limits};
use ::image::codecs::webp::WebPEncoder;
use ::image::{ExtendedColorType, ImageEncoder, ImageError};
use ::png::StreamWriter;
use jpeg::Strips;
use std::cell::RefCell;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::rc::Rc;

/// Default quality of a JPEG file.
const JPEG_QUALITY: u8 = limits::DEFAULT_QUALITY as u8;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Lossless, 8 or 16 bits, with transparency.
    #[default]
    Png,
    /// Lossy, 8 bits; transparent pixels are put on white.
    Jpeg,
    /// Lossless, 8 bits, with transparency.
    WebP,
}

impl Format {
    /// By its usual ending, without the point, or its name: `png`, `jpg`, `jpeg`, `webp`.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "png" => Some(Self::Png),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "webp" => Some(Self::WebP),
            _ => None,
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
        }
    }

    /// Whether a picture of this size fits such a file of this `quality` (see [`encode`]).
    ///
    /// # Errors
    /// [`Error::BadOption`] if not.
    pub fn check_size(self, width: usize, height: usize, quality: Option<u8>) -> Result<()> {
        let (name, most) = match (self, quality) {
            (Self::Png, _) => return Ok(()),
            (Self::Jpeg, _) => ("JPEG", limits::JPEG_SIDE),
            (Self::WebP, None) => ("WebP", 16_384),
            (Self::WebP, Some(_)) => ("lossy WebP", 16_383),
        };
        if width.max(height) > most {
            return Err(Error::BadOption(format!("A {name} picture has at most {most} pixels a side; choose PNG.")));
        }
        Ok(())
    }
}

/// An 8-bit RGB or RGBA PNG file without tags.
///
/// # Errors
/// As [`encode`].
pub fn encode_png(pixels: &Pixels) -> Result<Vec<u8>> {
    encode(pixels, &Tags::default(), Format::Png, None)
}

/// A file with the given tags, which are those of [`Tags::for_result`]; sizes in them become the picture's. What they say was
/// stored as grey becomes a grey PNG or JPEG file, if the pixels are grey. `quality`, 1 to 100: JPEG's, 92 if it is `None`; with
/// one a WebP file is lossy, else lossless.
///
/// # Errors
/// [`Error::BadOption`] for 16 bits in a file other than PNG, and as [`Format::check_size`]; [`Error::OutOfMemory`];
/// [`Error::Internal`] if `pixels.data` does not have the size that the other fields say.
pub fn encode<T: Sample>(pixels: &Pixels<T>, tags: &Tags, format: Format, quality: Option<u8>) -> Result<Vec<u8>> {
    let Pixels { width, height, channels, data } = pixels;
    let is_grey =
        *channels >= 3 && data.chunks_exact(*channels).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]);
    let mut encoder = Encoder::new((*width, *height), *channels, is_grey, tags, format, quality)?;
    encoder.write(data)?;
    encoder.finish()
}

/// Writes a file while its picture grows from the top down.
pub struct Encoder<T> {
    size: (usize, usize),
    channels: usize,
    /// Whether only one colour of a pixel is stored.
    grey: bool,
    /// Rows that have come.
    rows: usize,
    kind: Kind<T>,
    file: Output,
}

enum Kind<T> {
    Png(StreamWriter<'static, Output>),
    Jpeg(Strips),
    /// Its encoders see the whole picture.
    WebP {
        pixels: Vec<T>,
        tags: Tags,
        quality: Option<u8>,
    },
}

impl<T: Sample> Encoder<T> {
    /// For a picture of `size`, width and height, with 3 or 4 channels, all of it grey or not. The rest, and the errors, are those
    /// of [`encode`].
    ///
    /// # Errors
    /// As [`encode`].
    pub fn new(
        size: (usize, usize),
        channels: usize,
        is_grey: bool,
        tags: &Tags,
        format: Format,
        quality: Option<u8>,
    ) -> Result<Self> {
        let (width, height) = size;
        let (Ok(columns), Ok(rows), 3 | 4) = (u32::try_from(width), u32::try_from(height), channels) else {
            return Err(Error::Internal(format!("no file has {width} x {height} x {channels} samples")));
        };
        format.check_size(width, height, quality)?;
        if format != Format::Png && T::bytes_only(&[]).is_none() {
            return Err(Error::BadOption("Only PNG files hold 16 bits.".into()));
        }
        let mut tags = tags.sized(width, height);
        if format == Format::WebP
            && let Some(iptc) = &tags.iptc
        {
            tags.exif = exif::with_iptc(tags.exif.as_deref(), iptc).or(tags.exif);
        }
        let grey = tags.grey && format != Format::WebP && is_grey;
        let file = Output::default();
        let stored = if grey { channels - 2 } else { channels };
        let kind = match format {
            Format::Png => Kind::Png(png::writer::<T>(file.clone(), (columns, rows), stored, &tags)?),
            Format::Jpeg => Kind::Jpeg(Strips::new((columns, rows), grey, tags, quality.unwrap_or(JPEG_QUALITY))),
            Format::WebP => Kind::WebP { pixels: Vec::new(), tags, quality },
        };
        Ok(Self { size, channels, grey, rows: 0, kind, file })
    }

    /// Bytes of the picture that are held until it is whole.
    pub fn bytes(&self) -> usize {
        match self.kind {
            Kind::WebP { .. } => self.size.0 * self.size.1 * self.channels * size_of::<T>(),
            Kind::Png(_) | Kind::Jpeg(_) => 0,
        }
    }

    /// The next rows, `[rows, width, channels]`.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; [`Error::Internal`] if these are not whole rows of the picture.
    pub fn write(&mut self, samples: &[T]) -> Result<()> {
        let (width, height) = self.size;
        let line = width * self.channels;
        let rows = samples.len().checked_div(line).unwrap_or(0);
        if samples.len() != rows * line || self.rows + rows > height {
            let have = self.rows;
            return Err(Error::Internal(format!("{} samples, of {width} x {height}, after row {have}", samples.len())));
        }
        self.rows += rows;
        match &mut self.kind {
            Kind::Png(stream) => {
                for row in samples.chunks_exact(line.max(1)) {
                    let written = match self.grey {
                        true => stream.write_all(&T::bytes(&first_and_alpha(row, self.channels))),
                        false => stream.write_all(&T::bytes(row)),
                    };
                    written.map_err(|e| failed("PNG", &e, Some(&e)))?;
                }
                Ok(())
            }
            Kind::Jpeg(strips) => {
                let bytes = T::bytes_only(samples).unwrap_or_default();
                strips.write(bytes, self.channels, &mut self.file)
            }
            Kind::WebP { pixels, .. } => {
                if pixels.is_empty() {
                    alloc::reserve(pixels, line * height)?;
                }
                pixels.extend_from_slice(samples);
                Ok(())
            }
        }
    }

    /// What has been written of the file since the last call, if it is at least `least` bytes.
    pub fn drain(&mut self, least: usize) -> Option<Vec<u8>> {
        let mut file = self.file.0.borrow_mut();
        (file.0.len() >= least).then(|| std::mem::take(&mut file.0))
    }

    /// The rest of the file.
    ///
    /// # Errors
    /// As [`Self::write`]; [`Error::Internal`] if rows are missing.
    pub fn finish(self) -> Result<Vec<u8>> {
        let Self { size: (width, height), channels, rows, kind, mut file, .. } = self;
        if rows != height || width == 0 || height == 0 {
            return Err(Error::Internal(format!("{rows} rows are not {width} x {height} x {channels}")));
        }
        match kind {
            Kind::Png(stream) => png::finish(stream, &file)?,
            Kind::Jpeg(strips) => strips.finish(&mut file)?,
            Kind::WebP { pixels, tags, quality } => {
                let pixels = T::bytes_only(&pixels).unwrap_or_default();
                return match quality {
                    None => webp(width, height, channels, pixels, &tags),
                    Some(quality) => lossy_webp(width, height, channels, pixels, &tags, quality.clamp(1, 100)),
                };
            }
        }
        Ok(file.0.take().0)
    }
}

/// The first channel of each pixel, and its alpha if it has one.
fn first_and_alpha<T: Copy>(row: &[T], channels: usize) -> Vec<T> {
    row.chunks_exact(channels).flat_map(|pixel| [pixel[0]].into_iter().chain(pixel.get(3).copied())).collect()
}

/// The part of a file that is in memory, for an encoder that keeps what it writes to.
#[derive(Clone, Default)]
struct Output(Rc<RefCell<GrowableFile>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn webp(width: usize, height: usize, channels: usize, data: &[u8], tags: &Tags) -> Result<Vec<u8>> {
    let mut file = GrowableFile::default();
    let colour = if channels == 4 { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
    let encoder = WebPEncoder::new_lossless(&mut file);
    encoder.write_image(data, width as u32, height as u32, colour).map_err(|e| failed("WebP", &e, io(&e)))?;
    tagged_webp(file.0, width, height, channels == 4, tags)
}

fn io(error: &ImageError) -> Option<&io::Error> {
    if let ImageError::IoError(io) = error { Some(io) } else { None }
}

/// An encoder's complaint.
fn failed(format: &str, error: impl Display, io: Option<&io::Error>) -> Error {
    match io.map(io::Error::kind) {
        Some(ErrorKind::OutOfMemory) => Error::OutOfMemory,
        _ => Error::Internal(format!("{format}: {error}")),
    }
}
