//! TIFF and BigTIFF, with the `tiff` crate for compression and layout: it is told that samples are grey, whatever they are, and
//! so gives all of them as they are stored. What they mean is decided here.

use super::colour::Inks;
use super::decode::{cut_short, image16};
use super::exif;
use super::ifd::{Directory, TiffFile};
use super::{Limits, Tags, jpeg};
use crate::{Error, Result, alloc};
use ::image::DynamicImage;
use ::image::metadata::Orientation;
use ::tiff::decoder::{Decoder, DecodingResult};
use ::tiff::{TiffError, TiffUnsupportedError};
use jpeg_decoder::ColorTransform;
use std::io::{Cursor, ErrorKind};

const SUBFILE_TYPE: u16 = 254;
const OLD_SUBFILE_TYPE: u16 = 255;
const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const STRIPS: [u16; 2] = [273, 279];
const ORIENTATION: u16 = 274;
const SAMPLES: u16 = 277;
const ROWS_PER_STRIP: u16 = 278;
const PLANAR: u16 = 284;
const COLOUR_MAP: u16 = 320;
const TILE_SIZE: [u16; 2] = [322, 323];
const TILES: [u16; 2] = [324, 325];
const SUB_DIRECTORIES: u16 = 330;
const INK_SET: u16 = 332;
const EXTRA_SAMPLES: u16 = 338;
const SAMPLE_FORMAT: u16 = 339;
const JPEG_TABLES: u16 = 347;
const SUBSAMPLING: u16 = 530;
const ICC: u16 = 34675;

/// Decodes the first picture that is not a smaller copy of another.
///
/// Associated alpha is divided out; palettes are resolved; half, float and double are clamped to [0, 1].
///
/// # Errors
/// [`Error::ImageTooLarge`], [`Error::Unsupported`], [`Error::BadImage`].
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<(DynamicImage, Tags)> {
    let file = TiffFile::new(bytes).ok_or_else(cut_short)?;
    let (at, directory) = full_picture(&file).ok_or_else(cut_short)?;
    let number = |tag| file.number(&directory, tag);
    let (width, height) = (number(WIDTH).unwrap_or(0), number(HEIGHT).unwrap_or(0));
    limits.check(width as u64, height as u64)?;
    let layout = Layout::read(&file, &directory, width, height)?;

    let samples = match layout.compression {
        JPEG => jpegs(&file, &directory, &layout, limits)?,
        _ => stored(&file, at, &directory, &layout, limits)?,
    };
    let channels = layout.colours.shown() + usize::from(layout.alpha.is_some());
    let icc = directory.find(ICC).and_then(|entry| file.bytes_of(entry)).map(<[u8]>::to_vec);
    let data = interpreted(&file, &directory, &layout, samples, &icc)?;
    let mut image = image16(width as u32, height as u32, channels, data)
        .ok_or_else(|| Error::Internal("TIFF samples do not fit their size".into()))?;
    let orientation = number(ORIENTATION).and_then(|number| Orientation::from_exif(u8::try_from(number).ok()?));
    let orientation = orientation.unwrap_or(Orientation::NoTransforms);
    image.apply_orientation(orientation);

    let [mut exif, xmp, iptc] = exif::of_tiff(&file, &directory);
    exif.iter_mut().for_each(exif::upright);
    let density = exif::density_of(&file, &directory).filter(|density| density.says_something());
    Ok((image, Tags { icc, exif, xmp, iptc, density, grey: layout.colours.shown() == 1 }))
}

const REDUCED_OR_MASK: usize = 0b101;

/// The first directory that is neither a smaller copy nor a mask, inside the first one too; else the first.
fn full_picture(file: &TiffFile<'_>) -> Option<(usize, Directory)> {
    let is_full = |directory: &Directory| {
        let kind = file.number(directory, SUBFILE_TYPE).unwrap_or(0);
        kind & REDUCED_OR_MASK == 0 && file.number(directory, OLD_SUBFILE_TYPE) != Some(2)
    };
    let first = file.directories().next()?;
    let inside = first.1.find(SUB_DIRECTORIES).and_then(|entry| file.numbers(entry)).unwrap_or_default();
    let inside = inside.into_iter().take(16).filter_map(|at| Some((at, file.directory(at)?)));
    file.directories().chain(inside).find(|(_, directory)| is_full(directory)).or(Some(first))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Colours {
    WhiteIsZero,
    Grey,
    Rgb,
    Palette,
    Cmyk,
    YCbCr,
}

impl Colours {
    /// Samples that are stored for them.
    fn stored(self) -> usize {
        match self {
            Self::WhiteIsZero | Self::Grey | Self::Palette => 1,
            Self::Rgb | Self::YCbCr => 3,
            Self::Cmyk => 4,
        }
    }

    /// Samples of what is shown: grey or RGB.
    fn shown(self) -> usize {
        if matches!(self, Self::WhiteIsZero | Self::Grey) { 1 } else { 3 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alpha {
    /// Colours are multiplied by it.
    Associated,
    Unassociated,
}

struct Layout {
    width: usize,
    height: usize,
    /// Bits per sample.
    bits: usize,
    compression: usize,
    colours: Colours,
    /// All of a pixel.
    samples: usize,
    alpha: Option<Alpha>,
    planar: bool,
}

const JPEG: usize = 7;

impl Layout {
    fn read(file: &TiffFile<'_>, directory: &Directory, width: usize, height: usize) -> Result<Self> {
        let unsupported = |what: String| Err(Error::Unsupported(format!("TIFF with {what}")));
        let number = |tag| file.number(directory, tag);
        let numbers = |tag| directory.find(tag).and_then(|entry| file.numbers(entry)).unwrap_or_default();
        let compression = number(COMPRESSION).unwrap_or(1);
        match compression {
            1 | 4 | 5 | JPEG | 8 | 32773 | 32946 => {}
            2 => return unsupported("CCITT run lengths".into()),
            3 => return unsupported("CCITT Group 3 fax compression".into()),
            6 => return unsupported("JPEG compression of the old kind".into()),
            34712 => return unsupported("JPEG 2000 compression".into()),
            34887 => return unsupported("LERC compression".into()),
            34925 => return unsupported("LZMA compression".into()),
            50000 => return unsupported("Zstandard compression".into()),
            50001 => return unsupported("WebP compression".into()),
            50002 => return unsupported("JPEG XL compression".into()),
            other => return unsupported(format!("compression {other}")),
        }
        let colours = match number(PHOTOMETRIC) {
            Some(0) => Colours::WhiteIsZero,
            Some(1) => Colours::Grey,
            Some(2) => Colours::Rgb,
            Some(3) => Colours::Palette,
            Some(5) if number(INK_SET).is_none_or(|inks| inks == 1) => Colours::Cmyk,
            Some(6) => Colours::YCbCr,
            Some(5) => return unsupported("inks other than CMYK".into()),
            Some(8..=10) => return unsupported("L*a*b* colours".into()),
            Some(4) => return unsupported("a transparency mask only".into()),
            Some(32803) => return unsupported("a camera's raw samples".into()),
            Some(32844 | 32845) => return unsupported("LogLuv colours".into()),
            Some(34892) => return unsupported("linear raw samples".into()),
            Some(other) => return unsupported(format!("colours of kind {other}")),
            None => return unsupported("colours of no kind".into()),
        };
        let bits = numbers(BITS);
        let bits = if bits.is_empty() { vec![1] } else { bits };
        if bits.iter().any(|&other| other != bits[0]) {
            return unsupported(format!("samples of {bits:?} bits"));
        }
        let (bits, format) = (bits[0], number(SAMPLE_FORMAT).unwrap_or(1));
        match (format, bits) {
            (1 | 4, 1 | 2 | 4 | 8 | 16 | 32) | (3, 16 | 32 | 64) => {}
            (2, _) => return unsupported("signed samples".into()),
            (5 | 6, _) => return unsupported("complex samples".into()),
            _ => return unsupported(format!("samples of {bits} bits")),
        }
        if compression != JPEG && colours == Colours::YCbCr && (bits != 8 || numbers(SUBSAMPLING) != [1, 1]) {
            return unsupported("YCbCr colours outside JPEG whose chroma is subsampled".into());
        }
        let samples = number(SAMPLES).unwrap_or(1);
        let extra = numbers(EXTRA_SAMPLES);
        if samples < colours.stored() || samples > 64 {
            return Err(Error::BadImage(format!("it has {samples} samples a pixel")));
        }
        let alpha = match extra.first() {
            Some(1) => Some(Alpha::Associated),
            Some(2) => Some(Alpha::Unassociated),
            // Writers that do not say what a fourth sample is mean alpha.
            None if samples == colours.stored() + 1 => Some(Alpha::Unassociated),
            _ => None,
        };
        let alpha = alpha.filter(|_| samples > colours.stored());
        let planar = number(PLANAR) == Some(2) && samples > 1;
        Ok(Self { width, height, bits, compression, colours, samples, alpha, planar })
    }
}

/// All samples, of 16 bits, of a palette its indices; `[height, width, samples]`, or planes of `[height, width]` if they are
/// stored so.
fn stored(file: &TiffFile<'_>, at: usize, directory: &Directory, layout: &Layout, limits: &Limits) -> Result<Vec<u16>> {
    const GREY: u16 = 1;
    let mut bytes = alloc::try_collect(file.bytes.len(), file.bytes.iter().copied())?;
    let mut write = |at: usize, size: usize, value: u64| {
        let all = if file.is_little() { value.to_le_bytes() } else { value.to_be_bytes() };
        let part = if file.is_little() { &all[..size] } else { &all[8 - size..] };
        bytes[at..at + size].copy_from_slice(part);
    };
    let (pointer, size) = file.first_pointer();
    write(pointer, size, at as u64);
    // The crate would take memory for the values of these before it finds that there are none.
    directory.broken.iter().for_each(|&begin| write(begin, 2, 0));
    if let Some(entry) = directory.find(PHOTOMETRIC) {
        write(entry.begin + 2, 2, 3);
        write(entry.at, 2, GREY.into());
    }
    let tile = TILE_SIZE.map(|tag| file.number(directory, tag).unwrap_or(0));
    if tile[0].saturating_mul(tile[1]).saturating_mul(layout.samples * layout.bits / 8) > limits.bytes() {
        return Err(Error::BadImage(format!("its tiles are of {} x {} pixels", tile[0], tile[1])));
    }
    let mut allowed = ::tiff::decoder::Limits::default();
    allowed.decoding_buffer_size = limits.bytes().saturating_mul(2);
    allowed.intermediate_buffer_size = limits.bytes();
    // A list takes up to 32 times as much in memory, and none is longer than the file.
    allowed.ifd_value_size = bytes.len();
    let mut decoder = Decoder::new(Cursor::new(&bytes)).map_err(damaged)?.with_limits(allowed);
    let mut result = DecodingResult::U8(Vec::new());
    let size = decoder.read_image_to_buffer(&mut result).map_err(damaged)?;
    let bits = layout.bits;
    if bits < 8 {
        let DecodingResult::U8(packed) = result else { return Err(Error::Internal("TIFF bits are no bytes".into())) };
        let count = if layout.planar { 1 } else { layout.samples };
        let line = (layout.width * count * bits).div_ceil(8);
        let planes = if layout.planar { layout.samples } else { 1 };
        if packed.len() < line * layout.height * planes {
            return Err(cut_short());
        }
        let scale = if layout.colours == Colours::Palette { 1 } else { 65535 / ((1 << bits) - 1) };
        let unpack = |row: &[u8], i: usize| {
            let (byte, shift) = (row[i * bits / 8], 8 - bits - i * bits % 8);
            u16::from(byte >> shift & ((1 << bits) - 1) as u8) * scale
        };
        let rows = packed.chunks_exact(line).take(layout.height * planes);
        let all = rows.flat_map(|row| (0..layout.width * count).map(move |i| unpack(row, i)));
        return alloc::try_collect(layout.width * layout.height * layout.samples, all);
    }
    let whole = layout.width * layout.height * layout.samples;
    if size.complete_len < whole * bits / 8 {
        return Err(cut_short());
    }
    let is_index = layout.colours == Colours::Palette;
    let unit = |value: f64| (value.clamp(0.0, 1.0) * 65535.0).round() as u16;
    match result {
        DecodingResult::U8(data) if is_index => alloc::try_collect(data.len(), data.into_iter().map(u16::from)),
        DecodingResult::U8(data) => alloc::try_collect(data.len(), data.into_iter().map(|v| u16::from(v) * 257)),
        DecodingResult::U16(data) => Ok(data),
        DecodingResult::U32(data) => alloc::try_collect(data.len(), data.into_iter().map(|v| (v >> 16) as u16)),
        DecodingResult::F16(data) => alloc::try_collect(data.len(), data.into_iter().map(|v| unit(v.into()))),
        DecodingResult::F32(data) => alloc::try_collect(data.len(), data.into_iter().map(|v| unit(v.into()))),
        DecodingResult::F64(data) => alloc::try_collect(data.len(), data.into_iter().map(unit)),
        _ => Err(Error::Internal("TIFF samples of another type".into())),
    }
}

/// The samples of strips or tiles that are JPEG files themselves, but for tables that they share.
fn jpegs(file: &TiffFile<'_>, directory: &Directory, layout: &Layout, limits: &Limits) -> Result<Vec<u16>> {
    let unsupported = |what: &str| Err(Error::Unsupported(format!("TIFF with JPEG compression and {what}")));
    let transform = match (layout.colours, layout.samples) {
        (Colours::Grey | Colours::WhiteIsZero, 1) => ColorTransform::Grayscale,
        (Colours::Rgb, 3) => ColorTransform::RGB,
        (Colours::YCbCr, 3) => ColorTransform::YCbCr,
        (Colours::Cmyk, 4) => ColorTransform::CMYK,
        _ => return unsupported("other colours"),
    };
    if layout.planar {
        return unsupported("a plane for each colour");
    }
    let numbers = |tag| directory.find(tag).and_then(|entry| file.numbers(entry));
    let (width, height) = (layout.width, layout.height);
    let tile = numbers(TILE_SIZE[0]).zip(numbers(TILE_SIZE[1])).and_then(|(w, h)| Some((*w.first()?, *h.first()?)));
    let (across, down, places) = match tile {
        Some((w, h)) => (w, h, TILES),
        None => (width, file.number(directory, ROWS_PER_STRIP).unwrap_or(height).min(height), STRIPS),
    };
    let (begins, sizes) = numbers(places[0]).zip(numbers(places[1])).ok_or_else(cut_short)?;
    if across == 0 || down == 0 || begins.len().min(sizes.len()) < width.div_ceil(across) * height.div_ceil(down) {
        return Err(cut_short());
    }
    let tables = directory.find(JPEG_TABLES).and_then(|entry| file.bytes_of(entry)).unwrap_or_default();
    let tables = tables.strip_suffix(b"\xFF\xD9").unwrap_or(tables);
    let samples = layout.samples;
    let mut out = alloc::filled(0, width * height * samples)?;
    let columns = width.div_ceil(across);
    for row in 0..height.div_ceil(down) {
        for column in 0..columns {
            let i = row * columns + column;
            let end = begins[i].checked_add(sizes[i]).ok_or_else(cut_short)?;
            let part = file.bytes.get(begins[i]..end).ok_or_else(cut_short)?;
            let whole = if tables.is_empty() { part.to_vec() } else { [tables, part.get(2..).unwrap_or(&[])].concat() };
            let tile = jpeg::samples(&whole, limits, Some(transform))?;
            let (left, top) = (column * across, row * down);
            let (shown_width, shown_height) = (across.min(width - left), down.min(height - top));
            if tile.channels != samples || tile.width < shown_width || tile.height < shown_height {
                return Err(Error::BadImage("a part has another size".into()));
            }
            for y in 0..shown_height {
                let from = &tile.data[y * tile.width * samples..][..shown_width * samples];
                let to = &mut out[((top + y) * width + left) * samples..][..shown_width * samples];
                // Inks, which a JPEG file stores the other way round.
                let stored = |&v: &u8| u16::from(if samples == 4 { 255 - v } else { v }) * 257;
                to.iter_mut().zip(from).for_each(|(to, from)| *to = stored(from));
            }
        }
    }
    Ok(out)
}

/// Grey or RGB, and alpha where there is one, `[height, width, channels]`.
fn interpreted(
    file: &TiffFile<'_>,
    directory: &Directory,
    layout: &Layout,
    samples: Vec<u16>,
    icc: &Option<Vec<u8>>,
) -> Result<Vec<u16>> {
    let pixels = layout.width * layout.height;
    let count = layout.samples;
    if samples.len() < pixels * count {
        return Err(cut_short());
    }
    let at = |pixel: usize, sample: usize| match layout.planar {
        true => samples[sample * pixels + pixel],
        false => samples[pixel * count + sample],
    };
    let map = directory.find(COLOUR_MAP).filter(|_| layout.colours == Colours::Palette);
    let map = map.and_then(|entry| file.numbers(entry)).unwrap_or_default();
    let entries = map.len() / 3;
    // Some writers fill the map with 8 bits.
    let scale = if map.iter().all(|&value| value < 256) { 257 } else { 1 };
    let colour = |index: u16, channel: usize| {
        map.get(channel * entries + usize::from(index))
            .filter(|_| usize::from(index) < entries)
            .map_or(0, |v| v * scale) as u16
    };
    let is_jpeg = layout.compression == JPEG;
    let inks = Inks::new(icc.as_deref().filter(|_| layout.colours == Colours::Cmyk));
    let rgb = |pixel: usize| match layout.colours {
        Colours::WhiteIsZero => [65535 - at(pixel, 0); 3],
        Colours::Grey => [at(pixel, 0); 3],
        Colours::Palette => [0, 1, 2].map(|channel| colour(at(pixel, 0), channel)),
        Colours::Cmyk => {
            let mut rgb = [0; 3];
            inks.to_rgb(&[0, 1, 2, 3].map(|channel| at(pixel, channel)), &mut rgb);
            rgb
        }
        // A JPEG decoder has made RGB of it.
        Colours::YCbCr if !is_jpeg => of_ycbcr([0, 1, 2].map(|channel| at(pixel, channel))),
        Colours::Rgb | Colours::YCbCr => [0, 1, 2].map(|channel| at(pixel, channel)),
    };
    let shown = layout.colours.shown();
    let mut data = alloc::with_capacity(pixels * (shown + usize::from(layout.alpha.is_some())))?;
    for pixel in 0..pixels {
        let mut colour = rgb(pixel);
        let alpha = layout.alpha.map(|kind| (kind, at(pixel, layout.colours.stored())));
        if let Some((Alpha::Associated, alpha)) = alpha {
            colour = colour.map(|v| {
                let whole = (u64::from(v) * 65535 + u64::from(alpha) / 2).checked_div(alpha.into());
                whole.unwrap_or(0).min(65535) as u16
            });
        }
        data.extend_from_slice(&colour[..shown]);
        data.extend(alpha.map(|(_, alpha)| alpha));
    }
    Ok(data)
}

/// ITU-R BT.601, full range.
fn of_ycbcr([y, cb, cr]: [u16; 3]) -> [u16; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0 * 257.0, f32::from(cr) - 128.0 * 257.0);
    [y + 1.402 * cr, y - 0.344_14 * cb - 0.714_14 * cr, y + 1.772 * cb].map(|v| v.round().clamp(0.0, 65535.0) as u16)
}

fn damaged(error: TiffError) -> Error {
    match error {
        TiffError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof => cut_short(),
        TiffError::UnsupportedError(what) => Error::Unsupported(format!("TIFF with {}", name(&what))),
        other => Error::BadImage(other.to_string()),
    }
}

fn name(what: &TiffUnsupportedError) -> String {
    match what {
        TiffUnsupportedError::HorizontalPredictor(_) => "this use of a predictor".into(),
        TiffUnsupportedError::MisalignedTileBoundaries => "tiles whose rows end inside a byte".into(),
        other => format!("something else ({other})"),
    }
}
