//! A picture to a file: PNG of 8 or 16 bits, JPEG, WebP.

use super::png::XMP;
use super::webp::{lossy as lossy_webp, tagged as tagged_webp};
use super::{Pixels, Tags, exif, iptc};
use crate::alloc::{self, GrowableFile};
use crate::{Error, Result, limits};
use ::image::codecs::jpeg::{JpegEncoder, PixelDensity, PixelDensityUnit};
use ::image::codecs::webp::WebPEncoder;
use ::image::{ExtendedColorType, ImageEncoder, ImageError};
use ::png::{BitDepth, ColorType, DeflateCompression, Encoder, EncodingError, Filter, Info, PixelDimensions, Unit};
use fast_image_resize::{PixelTrait, pixels};
use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

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

/// How the samples of a result are stored: `u8` or `u16`.
pub trait Sample: bytemuck::Pod + PartialEq {
    /// In a PNG file.
    const DEPTH: BitDepth;
    /// Compression of a PNG file: the fastest that still makes it smaller.
    const COMPRESSION: DeflateCompression;
    /// One channel, for the resizer.
    type Plane: PixelTrait;
    /// A sample in [0, 1]: clamped, scaled, rounded half to even. NaN becomes 0.
    fn of(x: f32) -> Self;
    /// A colour times its alpha, rounded.
    fn weighted(self, alpha: Self) -> Self;
    /// A colour whose product with its alpha this is, rounded; 0 where alpha is.
    fn unweighted(self, alpha: Self) -> Self;
    /// In eight bits, rounded.
    fn eight(self) -> u8;
    /// Samples as a PNG file stores them.
    fn bytes(samples: &[Self]) -> Cow<'_, [u8]>;
    /// The samples, where they are bytes.
    fn bytes_only(samples: &[Self]) -> Option<&[u8]>;
}

impl Sample for u8 {
    const DEPTH: BitDepth = BitDepth::Eight;
    const COMPRESSION: DeflateCompression = DeflateCompression::FdeflateUltraFast;
    type Plane = pixels::U8;

    fn of(x: f32) -> Self {
        to_u8(x)
    }

    fn weighted(self, alpha: Self) -> Self {
        ((u32::from(self) * u32::from(alpha) + u32::from(u8::MAX) / 2) / u32::from(u8::MAX)) as u8
    }

    fn unweighted(self, alpha: Self) -> Self {
        let whole = (u32::from(self) * u32::from(u8::MAX) + u32::from(alpha) / 2).checked_div(u32::from(alpha));
        whole.unwrap_or(0).min(u32::from(u8::MAX)) as u8
    }

    fn eight(self) -> u8 {
        self
    }

    fn bytes(samples: &[Self]) -> Cow<'_, [u8]> {
        Cow::Borrowed(samples)
    }

    fn bytes_only(samples: &[Self]) -> Option<&[u8]> {
        Some(samples)
    }
}

impl Sample for u16 {
    const DEPTH: BitDepth = BitDepth::Sixteen;
    /// Lower bytes are nearly noise, which the other one makes larger.
    const COMPRESSION: DeflateCompression = DeflateCompression::Level(1);
    type Plane = pixels::U16;

    fn of(x: f32) -> Self {
        (x.clamp(0.0, 1.0) * 65535.0).round_ties_even() as u16
    }

    fn weighted(self, alpha: Self) -> Self {
        ((u32::from(self) * u32::from(alpha) + u32::from(u16::MAX) / 2) / u32::from(u16::MAX)) as u16
    }

    fn unweighted(self, alpha: Self) -> Self {
        let whole = (u32::from(self) * u32::from(u16::MAX) + u32::from(alpha) / 2).checked_div(u32::from(alpha));
        whole.unwrap_or(0).min(u32::from(u16::MAX)) as u16
    }

    fn eight(self) -> u8 {
        // 257 of them are one of 255.
        ((u32::from(self) + 128) / 257) as u8
    }

    fn bytes(samples: &[Self]) -> Cow<'_, [u8]> {
        Cow::Owned(samples.iter().flat_map(|sample| sample.to_be_bytes()).collect())
    }

    fn bytes_only(_: &[Self]) -> Option<&[u8]> {
        None
    }
}

/// A sample in [0, 1] to 8 bits: clamped, times 255, rounded half to even, as the released code writes its
/// results. NaN becomes 0.
pub fn to_u8(x: f32) -> u8 {
    (x.clamp(0.0, 1.0) * 255.0).round_ties_even() as u8
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
    let wrong = || Error::Internal(format!("{} samples are not {width} x {height} x {channels}", data.len()));
    let size = width.checked_mul(*height).and_then(|pixels| pixels.checked_mul(*channels));
    let (Ok(columns), Ok(rows)) = (u32::try_from(*width), u32::try_from(*height)) else { return Err(wrong()) };
    if size != Some(data.len()) || ![3, 4].contains(channels) {
        return Err(wrong());
    }
    format.check_size(*width, *height, quality)?;
    let eight = || T::bytes_only(data).ok_or_else(|| Error::BadOption("Only PNG files hold 16 bits.".into()));
    let mut tags = tags.sized(*width, *height);
    if format == Format::WebP
        && let Some(iptc) = &tags.iptc
    {
        tags.exif = exif::with_iptc(tags.exif.as_deref(), iptc).or(tags.exif);
    }
    let tags = &tags;
    let is_grey = || data.chunks_exact(*channels).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]);
    let grey = tags.grey && format != Format::WebP && is_grey();
    match format {
        Format::Png if grey => {
            let kept =
                data.chunks_exact(*channels).flat_map(|pixel| [pixel[0]].into_iter().chain(pixel.get(3).copied()));
            let data = alloc::try_collect(width * height * (channels - 2), kept)?;
            png(columns, rows, channels - 2, &data, tags)
        }
        Format::Png => png(columns, rows, *channels, data, tags),
        Format::Jpeg => jpeg((columns, rows), *channels, eight()?, tags, quality.unwrap_or(JPEG_QUALITY), grey),
        Format::WebP => match quality {
            None => webp(columns, rows, *channels, eight()?, tags),
            Some(quality) => lossy_webp(*width, *height, *channels, eight()?, tags, quality.clamp(1, 100)),
        },
    }
}

/// Bytes of a piece of a PNG file's data.
const PIECE: usize = 1 << 16;

/// Fast compression, a filter chosen for each row; row by row, so that only the file itself takes memory.
fn png<T: Sample>(width: u32, height: u32, channels: usize, data: &[T], tags: &Tags) -> Result<Vec<u8>> {
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
    let mut file = GrowableFile::default();
    let written = Encoder::with_info(&mut file, info).and_then(|mut encoder| {
        encoder.set_deflate_compression(T::COMPRESSION);
        encoder.set_filter(Filter::Adaptive);
        if let Some(xmp) = xmp {
            encoder.add_itxt_chunk(XMP.into(), xmp.into())?;
        }
        if let Some(data) = &tags.iptc {
            encoder.add_ztxt_chunk(iptc::KEYWORD.into(), iptc::text(data))?;
        }
        let mut writer = encoder.write_header()?;
        let mut rows = writer.stream_writer_with_size(PIECE)?;
        for row in data.chunks_exact((width as usize * channels).max(1)) {
            rows.write_all(&T::bytes(row))?;
        }
        rows.finish()?;
        writer.finish()
    });
    written.map_err(|e| failed("PNG", &e, if let EncodingError::IoError(io) = &e { Some(io) } else { None }))?;
    Ok(file.0)
}

fn jpeg(size: (u32, u32), channels: usize, data: &[u8], tags: &Tags, quality: u8, grey: bool) -> Result<Vec<u8>> {
    let on_white: Cow<'_, [u8]> = match (channels, grey) {
        (3, false) => Cow::Borrowed(data),
        _ => {
            let kept = if grey { 1 } else { 3 };
            let alpha = |pixel: &[u8]| pixel.get(3).copied().unwrap_or(u8::MAX);
            let samples =
                data.chunks_exact(channels).flat_map(|p| p[..kept].iter().map(move |&v| over_white(v, alpha(p))));
            Cow::Owned(alloc::try_collect(data.len() / channels * kept, samples)?)
        }
    };
    let mut file = GrowableFile::default();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, quality.clamp(1, 100));
    if let Some(density) = tags.density {
        let unit = if density.absolute { PixelDensityUnit::Inches } else { PixelDensityUnit::PixelAspectRatio };
        encoder.set_pixel_density(PixelDensity { density: density.sixteen_bits(), unit });
    }
    put_tags(&mut encoder, tags);
    let colour = if grey { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    encoder.write_image(&on_white, size.0, size.1, colour).map_err(|e| failed("JPEG", &e, io(&e)))?;
    with_segments(file.0, tags)
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

fn webp(width: u32, height: u32, channels: usize, data: &[u8], tags: &Tags) -> Result<Vec<u8>> {
    let mut file = GrowableFile::default();
    let colour = if channels == 4 { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
    let encoder = WebPEncoder::new_lossless(&mut file);
    encoder.write_image(data, width, height, colour).map_err(|e| failed("WebP", &e, io(&e)))?;
    tagged_webp(file.0, width as usize, height as usize, channels == 4, tags)
}

fn put_tags(encoder: &mut impl ImageEncoder, tags: &Tags) {
    const PREFIX: usize = 6;
    if let Some(icc) = &tags.icc {
        // Every encoder that is used here takes profiles.
        let _ = encoder.set_icc_profile(icc.clone());
    }
    if let Some(exif) = tags.exif.as_ref().filter(|exif| exif.len() + PREFIX <= MOST_IN_SEGMENT) {
        let _ = encoder.set_exif_metadata(exif.clone());
    }
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

fn over_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}
