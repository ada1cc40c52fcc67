//! Files of a megabyte that were made to be slow: what is repeated in them costs little to write and may cost much to read.

use super::harness::{bounded, file};
use super::pictures::{mend_png, picture};
use image::{DynamicImage, ImageFormat, Rgb, Rgba};
use resshift::image::Limits;
use std::io::Cursor;
use std::iter::repeat_n;

const MEGABYTE: usize = 1_000_000;
/// What the page and the package allow.
const LIMITS: Limits = Limits { max_pixels: 1 << 22 };
/// RGB in f32, and as many bytes again for what a decoder holds of it meanwhile: 16 bits of four channels, and a copy.
const MAX_BYTES: isize = (1 << 22) * (12 + 16) + (64 << 20);

fn read(what: &str, bytes: &[u8]) {
    bounded(what, bytes, MAX_BYTES, |bytes| picture(bytes, &LIMITS));
}

/// `bytes`, as often as a megabyte holds them.
fn repeated(bytes: &[u8]) -> Vec<u8> {
    bytes.repeat(MEGABYTE / bytes.len())
}

/// `outer` with `inner` at `at`.
fn with(outer: &[u8], at: usize, inner: &[u8]) -> Vec<u8> {
    [&outer[..at], inner, &outer[at..]].concat()
}

fn written(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Of a PNG file: its length, name and contents, and room for the check sum.
fn chunk(name: &[u8; 4], contents: &[u8]) -> Vec<u8> {
    [&(contents.len() as u32).to_be_bytes()[..], name, contents, &[0; 4]].concat()
}

/// What comes first in a PNG file: the signature and IHDR.
const PNG_HEAD: usize = 33;

#[test]
fn png() {
    let small = file("images/original.png");
    let read_with = |what: &str, chunks: &[u8]| {
        let mut png = with(&small, PNG_HEAD, chunks);
        mend_png(&mut png);
        read(what, &png);
    };
    read_with("PNG, many chunks", &repeated(&chunk(b"tEXt", b"a\0")));
    let xmp = |text: &[u8]| chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", text].concat());
    read_with("PNG, XMP that never closes", &xmp(&repeated(b"<a x='")));
    read_with("PNG, XMP of many elements", &xmp(&repeated(b"<tiff:Orientation>")));
    let wide = image::ImageBuffer::<Rgba<u16>, _>::from_pixel(2048, 2048, Rgba([1, 2, 3, 4]));
    read("PNG, 16 bits of four channels", &written(wide, ImageFormat::Png));
    let noise =
        image::RgbImage::from_fn(576, 576, |x, y| Rgb([0, 1, 2].map(|c| (x * 7919 + y * 104_729 + c * 31) as u8)));
    read("PNG, noise", &written(noise, ImageFormat::Png));
}

#[test]
fn jpeg() {
    let small = file("images/baseline.jpg");
    read("JPEG, many segments", &with(&small, 2, &repeated(b"\xFF\xFE\0\x02")));
    read("JPEG, fill bytes", &with(&small, 2, &repeated(b"\xFF")));
    let iptc =
        |block: &[u8]| [b"\xFF\xED\xFF\xFFPhotoshop 3.0\0", &block.repeat(65_533 / block.len() + 1)[..65_519]].concat();
    read("JPEG, many resources", &with(&small, 2, &repeated(&iptc(b"8BIM\x04\x04\0\0\0\0\0\0"))));
    read("JPEG, many scans", &scans(100));
}

/// A progressive grey picture of 2048 x 2048 that has only zeros, in so many scans: each goes over all blocks.
fn scans(count: usize) -> Vec<u8> {
    let mut jpeg = b"\xFF\xD8\xFF\xDB\0\x43\0".to_vec();
    jpeg.extend(repeat_n(1, 64));
    jpeg.extend(b"\xFF\xC2\0\x0B\x08\x08\0\x08\0\x01\x01\x11\0");
    // One code of one bit in each table: no difference for DC, 16,384 blocks without anything for AC.
    for (table, symbol) in [(0, 0), (0x10, 0xE0)] {
        jpeg.extend(b"\xFF\xC4\0\x14");
        jpeg.extend([table, 1]);
        jpeg.extend(repeat_n(0, 15));
        jpeg.push(symbol);
    }
    jpeg.extend(b"\xFF\xDA\0\x08\x01\x01\0\0\0\x01");
    jpeg.extend(repeat_n(0, 65_536 / 8));
    for scan in 1..count as u8 {
        let at = 1 + (scan - 1) % 63;
        jpeg.extend(b"\xFF\xDA\0\x08\x01\x01\0");
        jpeg.extend([at, at, 0x01]);
        // 4 x (a bit of 0, 14 bits of 0): four times 16,384 blocks.
        jpeg.extend(repeat_n(0, 8));
    }
    jpeg.extend(b"\xFF\xD9");
    jpeg
}

#[test]
fn webp() {
    let small = file("images/lossy-alpha.webp");
    let mut many = [&small[..], &repeated(b"EXIF\0\0\0\0")].concat();
    let size = (many.len() as u32 - 8).to_le_bytes();
    many[4..8].copy_from_slice(&size);
    read("WebP, many chunks", &many);
    let wide = image::RgbaImage::from_fn(2048, 2048, |x, y| Rgba([(x / 64) as u8, (y / 64) as u8, 7, 200]));
    read("WebP, lossless", &written(wide, ImageFormat::WebP));
}

#[test]
fn gif() {
    let wide = image::RgbaImage::from_pixel(2048, 2048, Rgba([1, 2, 3, 255]));
    let gif = written(wide, ImageFormat::Gif);
    read("GIF, one colour", &gif);
    let first = gif.windows(2).position(|bytes| bytes == b"!\xF9").unwrap();
    read("GIF, many comments", &with(&gif, first, &repeated(b"!\xFE\x01a\0")));
}

#[test]
fn tiff() {
    let wide = image::RgbImage::from_pixel(2048, 2048, Rgb([1, 2, 3]));
    let tiff = written(wide, ImageFormat::Tiff);
    read("TIFF, one colour", &tiff);
    // Directories without entries, each of which names the next.
    let mut chain = b"II*\0\x08\0\0\0".to_vec();
    while chain.len() < MEGABYTE {
        let next = chain.len() as u32 + 6;
        chain.extend([0, 0]);
        chain.extend(next.to_le_bytes());
    }
    read("TIFF, many directories", &chain);
    // And two that name each other.
    read("TIFF, a circle", b"II*\0\x08\0\0\0\0\0\x0E\0\0\0\0\0\x08\0\0\0");
}
