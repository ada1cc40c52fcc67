//! Pictures: what decodes is written again, with its metadata.

use super::harness::{file, fuzz, keep};
use resshift::image::{Format, Limits, Pixels, decode_tagged, encode};

const LIMITS: Limits = Limits { max_pixels: 1 << 16 };

fn pictures(names: &[&str]) -> Vec<Vec<u8>> {
    names.iter().map(|name| file(&format!("images/{name}"))).collect()
}

/// Decodes, and writes the metadata into a result.
pub fn picture(bytes: &[u8], limits: &Limits) -> bool {
    let Ok((picture, tags)) = decode_tagged(bytes, limits) else { return false };
    assert_eq!(picture.rgb.len(), picture.width * picture.height * 3);
    let pixels = Pixels { width: 1, height: 1, channels: 3, data: vec![9u8; 3] };
    let tags = tags.for_result(true);
    encode(&pixels, &tags, Format::Png, None).unwrap();
    encode(&pixels, &tags, Format::Jpeg, None).unwrap();
    encode(&pixels, &tags, Format::WebP, None).unwrap();
    true
}

fn small(bytes: &[u8]) -> bool {
    picture(bytes, &LIMITS)
}

/// Every chunk's check sum.
pub fn mend_png(file: &mut [u8]) {
    let mut at = 8;
    while let Some(length) = file.get(at..at + 4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize) {
        let Some(end) = at.checked_add(length).map(|end| end + 8).filter(|end| end + 4 <= file.len()) else { return };
        let sum = !file[at + 4..end].iter().fold(!0u32, |sum, &byte| {
            (0..8).fold(sum ^ u32::from(byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0xEDB8_8320 } else { 0 })
        });
        file[end..end + 4].copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
}

#[test]
fn png() {
    let names = [
        "original.png",
        "alpha.png",
        "interlaced.png",
        "animated.png",
        "grey-profile.png",
        "linear-16bit.png",
        "p3-gamma.png",
    ];
    fuzz("png", &pictures(&names), |file| mend_png(file), small);
}

#[test]
fn jpeg() {
    let names = [
        "baseline.jpg",
        "progressive.jpg",
        "restart.jpg",
        "cmyk.jpg",
        "three-scans.jpg",
        "all-metadata.jpg",
        "cmyk-profile.jpg",
        "thumbnail-gps.jpg",
        "grey-halftone.jpg",
    ];
    fuzz("jpeg", &pictures(&names), keep, small);
}

#[test]
fn webp() {
    fuzz(
        "webp",
        &pictures(&["lossy.webp", "lossy-alpha.webp", "animated.webp", "first-frame-offset.webp"]),
        keep,
        small,
    );
}

#[test]
fn gif() {
    fuzz("gif", &pictures(&["frame-larger-than-screen.gif"]), keep, small);
}

#[test]
fn tiff() {
    let names = ["associated-alpha.tif", "palette.tif", "exif-gps.tif", "jpeg-in-tiff.tif"];
    fuzz("tiff", &pictures(&names), keep, small);
}

#[test]
fn bmp() {
    let mut bmp = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(9, 7, |x, y| image::Rgb([x as u8 * 20, y as u8 * 30, 7]))
        .write_to(&mut bmp, image::ImageFormat::Bmp)
        .unwrap();
    // Run lengths of 8 bits: 4 x 2 pixels, three colours.
    let mut rle = b"BM\0\0\0\0\0\0\0\0\x42\0\0\0\x28\0\0\0\x04\0\0\0\x02\0\0\0\x01\0\x08\0\x01\0\0\0".to_vec();
    rle.extend([0; 12]);
    rle.extend([3, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 4, 1, 0, 0, 2, 2, 2, 0, 0, 1]);
    fuzz("bmp", &[bmp.into_inner(), rle], keep, small);
}
