//! What is no picture, too large, cut short or changed ends in an error.

use super::formats::others;
use super::{SMALL, chunk, fixture, plain, png_file, read};
use image::ExtendedColorType;
use image::codecs::{jpeg::JpegEncoder, webp::WebPEncoder};
use png::{BitDepth, ColorType};
use resshift::Error;
use resshift::image::decode::DEFAULT_MAX_PIXELS;
use resshift::image::{Limits, decode};

#[test]
fn what_is_no_picture_is_named_so() {
    assert_eq!(decode(&[], &SMALL).unwrap_err().code(), "no-input");
    for bytes in [&b"hello"[..], b"GIF8", b"B", b"\x89PN", b"RIFF\x04\0\0\0WAVE", b"%PDF-1.7", &[0; 64]] {
        assert_eq!(decode(bytes, &SMALL).unwrap_err().code(), "not-an-image", "{bytes:?}");
    }
    for bytes in [&b"GIF89a\x01\0\x01\0"[..], b"BM", b"\x89PNG\r\n\x1a\n", b"\xFF\xD8\xFF", b"RIFF\x04\0\0\0WEBP"] {
        assert_eq!(decode(bytes, &SMALL).unwrap_err().code(), "bad-image", "{bytes:?}");
    }
}

#[test]
fn the_limit_is_checked_on_the_header_alone() {
    let limits = Limits { max_pixels: 960 };
    for name in ["original.png", "baseline.jpg", "progressive.jpg", "lossy.webp", "lossy-alpha.webp"] {
        let bytes = fixture(name);
        assert_eq!(decode(&bytes, &limits).unwrap().width, 40, "{name}");
        match decode(&bytes, &Limits { max_pixels: 959 }) {
            Err(Error::ImageTooLarge { width: 40, height: 24, limit: 959 }) => {}
            other => panic!("{name}: {other:?}"),
        }
    }
    // A header that claims more than memory holds, with nothing behind it.
    let header = [&50_000u32.to_be_bytes()[..], &50_000u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let file = [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &header)].concat();
    match decode(&file, &Limits::default()) {
        Err(Error::ImageTooLarge { width: 50_000, height: 50_000, limit: DEFAULT_MAX_PIXELS }) => {}
        other => panic!("{other:?}"),
    }
    // A lossy WebP frame that claims more than the picture it stands in.
    let mut file = fixture("lossy-alpha.webp");
    let frame = file.windows(4).position(|name| name == b"VP8 ").unwrap() + 8;
    file[frame + 6..frame + 10].copy_from_slice(&[0xFF, 0x3F, 0xFF, 0x3F]);
    assert_eq!(decode(&file, &SMALL).unwrap_err().code(), "image-too-large");
}

/// One file of each kind of data that a decoder treats on its own.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let names = ["baseline.jpg", "progressive.jpg", "restart.jpg", "cmyk.jpg", "lossy.webp", "lossy-alpha.webp"];
    let more = ["animated.webp", "animated.png", "interlaced.png", "original.png"];
    let mut files: Vec<_> = names.into_iter().chain(more).map(|name| (name, fixture(name))).collect();
    let noise: Vec<u8> = (0..40 * 24 * 4u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    files.push(("noise.png", png_file((40, 24), ColorType::Rgba, BitDepth::Eight, &noise, plain)));
    files.push(("deep.png", png_file((20, 24), ColorType::Rgba, BitDepth::Sixteen, &noise, plain)));
    let mut lossless = Vec::new();
    WebPEncoder::new_lossless(&mut lossless).encode(&noise, 40, 24, ExtendedColorType::Rgba8).unwrap();
    files.push(("noise.webp", lossless));
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 90)
        .encode(&noise[..40 * 24 * 3], 40, 24, ExtendedColorType::Rgb8)
        .unwrap();
    files.push(("noise.jpg", jpeg));
    files
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    for (name, bytes) in samples() {
        let step = if bytes.len() > 1000 { 37 } else { 1 };
        for length in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
            match decode(&bytes[..length], &SMALL) {
                Err(error) => {
                    let code = error.code();
                    assert!(["bad-image", "not-an-image", "no-input"].contains(&code), "{name} at {length}: {code}");
                }
                // The byte that pads a WebP chunk of odd size carries nothing.
                Ok(picture) => {
                    assert!(name.ends_with(".webp") && length + 1 == bytes.len(), "{name} at {length} is whole");
                    assert_eq!(picture, read(&bytes), "{name}");
                }
            }
        }
    }
}

#[test]
fn no_damage_is_more_than_an_error() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for (name, bytes) in samples() {
        for _ in 0..400 {
            let mut damaged = bytes.clone();
            for _ in 0..1 + random(3) {
                let at = random(damaged.len());
                damaged[at] ^= 1 << random(8);
            }
            match decode(&damaged, &SMALL) {
                Ok(picture) => {
                    let pixels = picture.width * picture.height;
                    assert!(pixels > 0 && pixels <= SMALL.max_pixels as usize, "{name}");
                    assert_eq!(picture.rgb.len(), pixels * 3, "{name}");
                    assert!(picture.rgb.iter().all(|x| (0.0..=1.0).contains(x)), "{name}");
                }
                Err(error) => {
                    let code = error.code();
                    let known = ["bad-image", "unsupported-image", "not-an-image", "image-too-large"];
                    assert!(known.contains(&code), "{name}: {code}");
                }
            }
        }
    }
}

#[test]
fn damaged_bmp_gif_and_tiff_are_errors_or_pictures_but_nothing_else() {
    for (name, file) in others() {
        let mut cut_short = 0;
        for end in 0..file.len() {
            match decode(&file[..end], &SMALL) {
                Ok(picture) => assert_eq!((picture.width, picture.height), (12, 7), "{name} cut at {end}"),
                Err(error) => {
                    cut_short += 1;
                    let known = ["no-input", "not-an-image", "bad-image", "unsupported-image", "image-too-large"];
                    assert!(known.contains(&error.code()), "{name} cut at {end}: {error}");
                }
            }
        }
        // Trailing directories and trailers may be missing.
        assert!(2 * cut_short > file.len(), "{name}: {cut_short} of {}", file.len());
        for at in 0..file.len() {
            for value in [0, 0x7F, 0xFF] {
                let mut broken = file.clone();
                broken[at] = value;
                if let Ok(picture) = decode(&broken, &SMALL) {
                    assert!(picture.width * picture.height <= SMALL.max_pixels as usize, "{name}, byte {at}");
                }
            }
        }
    }
}
