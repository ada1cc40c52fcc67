//! Pictures from and to files: every variety is decoded to exact samples, every damage to an error.
//!
//! Beside the tests lies what they cannot write themselves: lossy WebP, progressive, restarted and CMYK JPEG, animations
//! and an interlaced PNG. `original.png` and `alpha.png` are what the lossy ones were made from.

mod colour;
mod damage;
mod encode;
mod formats;
mod jpeg_matrix;
mod orientation;
mod png_files;
mod reduce;
mod resize;
mod tags;
mod tiff_files;

use png::{BitDepth, ColorType};
use resshift::image::{Limits, Picture, Pixels, decode};

const SMALL: Limits = Limits { max_pixels: 1 << 16 };

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/images/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn read(bytes: &[u8]) -> Picture {
    let picture = decode(bytes, &SMALL).unwrap();
    assert_eq!(picture.rgb.len(), picture.width * picture.height * 3);
    assert!(picture.alpha.iter().all(|alpha| alpha.len() == picture.width * picture.height));
    picture
}

/// Largest difference of two rows of samples, in 8-bit levels.
fn levels_apart(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs() * 255.0).fold(0.0, f32::max)
}

fn units(samples: &[u8]) -> Vec<f32> {
    samples.iter().map(|&sample| f32::from(sample) / 255.0).collect()
}

/// Packed PNG samples, with the chunks that `extra` adds.
fn png_file(
    (width, height): (u32, u32),
    colour: ColorType,
    depth: BitDepth,
    data: &[u8],
    extra: impl FnOnce(&mut png::Encoder<'_, &mut Vec<u8>>),
) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    extra(&mut encoder);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(data).unwrap();
    writer.finish().unwrap();
    file
}

fn plain(_: &mut png::Encoder<'_, &mut Vec<u8>>) {}

/// A PNG chunk.
fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [name, data].concat();
    let sum = !named.iter().fold(!0u32, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0xEDB8_8320 } else { 0 })
    });
    [&(data.len() as u32).to_be_bytes()[..], &named, &sum.to_be_bytes()].concat()
}

/// A TIFF header with the one entry "orientation", in either byte order.
fn exif(orientation: u8, little: bool) -> Vec<u8> {
    let mut data = if little { b"II\x2A\0\x08\0\0\0".to_vec() } else { b"MM\0\x2A\0\0\0\x08".to_vec() };
    let one = if little { [1, 0] } else { [0, 1] };
    // One entry; its tag, type (short) and count (1, in four bytes); its value in two of four bytes; no more.
    let halves = [1, 0x0112, 3, one[0], one[1], u16::from(orientation), 0, 0, 0];
    data.extend(halves.iter().flat_map(|half| if little { half.to_le_bytes() } else { half.to_be_bytes() }));
    data
}

fn gradient(width: usize, height: usize, channels: usize) -> Pixels {
    let data = (0..width * height * channels).map(|at| (at * 5 % 256) as u8).collect();
    Pixels { width, height, channels, data }
}
