//! Pictures that a tag turns.

use super::{chunk, exif, plain, png_file, read, units};
use image::codecs::{jpeg::JpegEncoder, webp::WebPEncoder};
use image::{ExtendedColorType, ImageEncoder};
use png::{BitDepth, ColorType};

/// 3 x 2 areas of 8 x 8 pixels, which grey JPEG keeps exactly; and how they are seen under each orientation,
/// by EXIF 2.32's table: row 0 and column 0 of the file are seen at 1 top left, 2 top right, 3 bottom right,
/// 4 bottom left, 5 left top, 6 right top, 7 right bottom, 8 left bottom.
const AREAS: [[u8; 3]; 2] = [[20, 60, 100], [140, 180, 220]];
const SEEN: [&[&[u8]]; 8] = [
    &[&[20, 60, 100], &[140, 180, 220]],
    &[&[100, 60, 20], &[220, 180, 140]],
    &[&[220, 180, 140], &[100, 60, 20]],
    &[&[140, 180, 220], &[20, 60, 100]],
    &[&[20, 140], &[60, 180], &[100, 220]],
    &[&[140, 20], &[180, 60], &[220, 100]],
    &[&[220, 100], &[180, 60], &[140, 20]],
    &[&[100, 220], &[60, 180], &[20, 140]],
];

fn areas(rows: &[&[u8]]) -> Vec<u8> {
    let wide = rows.iter().map(|row| row.iter().flat_map(|&value| [value; 8]).collect::<Vec<_>>());
    wide.flat_map(|row| row.repeat(8)).collect()
}

#[test]
fn the_exif_orientation_is_applied_in_every_format() {
    let stored = areas(&[&AREAS[0], &AREAS[1]]);
    let rgb: Vec<u8> = stored.iter().flat_map(|&value| [value; 3]).collect();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 100).encode(&stored, 24, 16, ExtendedColorType::L8).unwrap();
    for (orientation, seen) in (1..).zip(SEEN) {
        let expected: Vec<u8> = areas(seen).iter().flat_map(|&value| [value; 3]).collect();
        let check = |file: &[u8], format: &str| {
            let picture = read(file);
            assert_eq!((picture.width, picture.height), (8 * seen[0].len(), 8 * seen.len()), "{format} {orientation}");
            assert_eq!(picture.rgb, units(&expected), "{format} {orientation}");
        };
        for little in [true, false] {
            let exif = exif(orientation, little);
            let mut segment = b"Exif\0\0".to_vec();
            segment.extend(&exif);
            let mut file = jpeg[..2].to_vec();
            file.extend([0xFF, 0xE1]);
            file.extend((segment.len() as u16 + 2).to_be_bytes());
            file.extend(&segment);
            file.extend(&jpeg[2..]);
            check(&file, "JPEG");

            for exif in [&exif, &segment] {
                let mut file = Vec::new();
                let mut encoder = WebPEncoder::new_lossless(&mut file);
                encoder.set_exif_metadata(exif.clone()).unwrap();
                encoder.encode(&rgb, 24, 16, ExtendedColorType::Rgb8).unwrap();
                check(&file, "WebP");
            }

            let plain = png_file((24, 16), ColorType::Grayscale, BitDepth::Eight, &stored, plain);
            const END: usize = 12;
            for (before, place) in [(33, "PNG, before the data"), (plain.len() - END, "PNG, after the data")] {
                let mut file = plain[..before].to_vec();
                file.extend(chunk(b"eXIf", &exif));
                file.extend(&plain[before..]);
                check(&file, place);
            }
        }
    }
}

#[test]
fn damaged_exif_leaves_the_picture_as_stored() {
    let file = png_file((1, 1), ColorType::Grayscale, BitDepth::Eight, &[9], plain);
    for bad in [&b"junk"[..], b"II\x2A\0\xFF\xFF\xFF\x7F", &exif(9, true), &exif(0, false)[..14]] {
        let file = [&file[..33], &chunk(b"eXIf", bad), &file[33..]].concat();
        assert_eq!(read(&file).rgb, units(&[9; 3]));
    }
}

/// A grey TIFF of 3 x 2 pixels, one strip, with an orientation.
fn tiff(orientation: u16) -> Vec<u8> {
    let entry = |tag: u16, value: u16| [tag, 3, 1, 0, value, 0];
    let tags = [(256, 3), (257, 2), (258, 8), (259, 1), (262, 1), (273, 8), (274, orientation), (278, 2), (279, 6)];
    let mut file = b"II*\0\x0E\0\0\0".to_vec();
    file.extend([20, 60, 100, 140, 180, 220]);
    file.extend((tags.len() as u16).to_le_bytes());
    file.extend(tags.iter().flat_map(|&(tag, value)| entry(tag, value)).flat_map(u16::to_le_bytes));
    file.extend([0; 4]);
    file
}

#[test]
fn a_tiff_is_turned_as_its_tag_says() {
    for (orientation, seen) in (1..).zip(SEEN) {
        let picture = read(&tiff(orientation));
        assert_eq!((picture.height, picture.width), (seen.len(), seen[0].len()), "orientation {orientation}");
        let grey: Vec<f32> = picture.rgb.chunks_exact(3).map(|pixel| pixel[0]).collect();
        assert_eq!(grey, units(&seen.concat()), "orientation {orientation}");
    }
}
