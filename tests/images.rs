//! Pictures from and to files: every variety is decoded to exact samples, every damage to an error.
//!
//! `images/` holds what the test cannot write itself: lossy WebP, progressive, restarted and CMYK JPEG, animations
//! and an interlaced PNG. `original.png` and `alpha.png` are what the lossy ones were made from.

use image::codecs::{jpeg::JpegEncoder, webp::WebPEncoder};
use image::{ExtendedColorType, ImageEncoder};
use png::{BitDepth, ColorType};
use resshift::Error;
use resshift::image::decode::DEFAULT_MAX_PIXELS;
use resshift::image::encode::to_u8;
use resshift::image::{Format, Limits, Picture, Pixels, Tags, decode, decode_tagged, encode, encode_png};

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

#[test]
fn grey_of_every_depth_is_scaled_to_one() {
    let cases: [(BitDepth, &[u8], f32); 5] = [
        (BitDepth::One, &[0b0110_0000], 1.0),
        (BitDepth::Two, &[0b0001_1011], 3.0),
        (BitDepth::Four, &[0x07, 0x9F], 15.0),
        (BitDepth::Eight, &[0, 3, 128, 255], 255.0),
        (BitDepth::Sixteen, &[0, 0, 0, 1, 0x80, 0, 0xFF, 0xFF], 65535.0),
    ];
    let expected: [[f32; 4]; 5] =
        [[0., 1., 1., 0.], [0., 1., 2., 3.], [0., 7., 9., 15.], [0., 3., 128., 255.], [0., 1., 32768., 65535.]];
    for ((depth, data, max), values) in cases.into_iter().zip(expected) {
        let picture = read(&png_file((4, 1), ColorType::Grayscale, depth, data, plain));
        let rgb: Vec<f32> = values.iter().flat_map(|value| [value / max; 3]).collect();
        assert_eq!((picture.rgb, picture.alpha), (rgb, None), "{depth:?}");
    }
}

#[test]
fn colour_and_alpha_of_8_and_16_bits_are_exact() {
    let eight = [10, 20, 30, 40, 50, 60, 70, 80];
    let picture = read(&png_file((2, 1), ColorType::Rgba, BitDepth::Eight, &eight, plain));
    assert_eq!(picture.rgb, units(&[10, 20, 30, 50, 60, 70]));
    assert_eq!(picture.alpha, Some(units(&[40, 80])));

    let picture = read(&png_file((2, 2), ColorType::GrayscaleAlpha, BitDepth::Eight, &eight, plain));
    assert_eq!(picture.rgb, units(&[10, 10, 10, 30, 30, 30, 50, 50, 50, 70, 70, 70]));
    assert_eq!(picture.alpha, Some(units(&[20, 40, 60, 80])));

    let sixteen: Vec<u16> = vec![0, 256, 65535, 40000, 1, 2, 3, 65535];
    let data: Vec<u8> = sixteen.iter().flat_map(|sample| sample.to_be_bytes()).collect();
    let unit = |at: usize| f32::from(sixteen[at]) / 65535.0;
    let picture = read(&png_file((2, 1), ColorType::Rgba, BitDepth::Sixteen, &data, plain));
    assert_eq!(picture.rgb, [0, 1, 2, 4, 5, 6].map(unit));
    assert_eq!(picture.alpha.unwrap(), [3, 7].map(unit));
    let picture = read(&png_file((4, 1), ColorType::GrayscaleAlpha, BitDepth::Sixteen, &data, plain));
    assert_eq!(picture.rgb, [0, 0, 0, 2, 2, 2, 4, 4, 4, 6, 6, 6].map(unit));
    assert_eq!(picture.alpha.unwrap(), [1, 3, 5, 7].map(unit));
    let picture = read(&png_file((2, 1), ColorType::Rgb, BitDepth::Sixteen, &data[..12], plain));
    assert_eq!((picture.rgb, picture.alpha), ([0, 1, 2, 3, 4, 5].map(unit).to_vec(), None));
}

#[test]
fn palettes_of_every_depth_and_their_transparency_are_resolved() {
    let palette = [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7];
    // Indices 1, 0, 3, 2 but at one bit, which has two colours.
    let cases: [(BitDepth, &[u8], [usize; 4]); 4] = [
        (BitDepth::One, &[0b1001_0000], [1, 0, 0, 1]),
        (BitDepth::Two, &[0b01_00_11_10], [1, 0, 3, 2]),
        (BitDepth::Four, &[0x10, 0x32], [1, 0, 3, 2]),
        (BitDepth::Eight, &[1, 0, 3, 2], [1, 0, 3, 2]),
    ];
    for (depth, data, indices) in cases {
        let colours = if depth == BitDepth::One { 6 } else { 12 };
        let rgb: Vec<u8> = indices.iter().flat_map(|at| palette[3 * at..3 * at + 3].to_vec()).collect();
        let file = png_file((4, 1), ColorType::Indexed, depth, data, |e| e.set_palette(palette[..colours].to_vec()));
        assert_eq!((read(&file).rgb, read(&file).alpha), (units(&rgb), None), "{depth:?}");
        // Entries without their own alpha are opaque.
        let file = png_file((4, 1), ColorType::Indexed, depth, data, |e| {
            e.set_palette(palette[..colours].to_vec());
            e.set_trns(&[128, 0][..]);
        });
        let alpha = indices.map(|at| [128, 0, 255, 255][at]);
        assert_eq!((read(&file).rgb, read(&file).alpha), (units(&rgb), Some(units(&alpha))), "{depth:?}");
    }
}

#[test]
fn a_colour_key_is_transparency() {
    let grey = png_file((3, 1), ColorType::Grayscale, BitDepth::Eight, &[7, 8, 7], |e| e.set_trns(&[0, 7][..]));
    assert_eq!(read(&grey).alpha, Some(vec![0.0, 1.0, 0.0]));
    let data = [1, 2, 3, 1, 2, 4];
    let rgb = png_file((2, 1), ColorType::Rgb, BitDepth::Eight, &data, |e| e.set_trns(&[0, 1, 0, 2, 0, 3][..]));
    assert_eq!(read(&rgb).alpha, Some(vec![0.0, 1.0]));
    assert_eq!(read(&rgb).rgb, units(&data));
}

#[test]
fn an_interlaced_png_is_put_in_order() {
    let picture = read(&fixture("interlaced.png"));
    let expected: Vec<u8> = (0..7).flat_map(|y| (0..9).flat_map(move |x| [16 * y + x; 3])).collect();
    assert_eq!((picture.width, picture.height), (9, 7));
    assert_eq!(picture.rgb, units(&expected));
}

#[test]
fn lossless_webp_is_exact_with_and_without_alpha() {
    let samples: Vec<u8> = (0..5 * 4 * 4).map(|at| (at * 37 % 251) as u8).collect();
    let mut file = Vec::new();
    WebPEncoder::new_lossless(&mut file).encode(&samples, 5, 4, ExtendedColorType::Rgba8).unwrap();
    assert_eq!(read(&file), Picture::from_rgba8(5, 4, &samples).unwrap());
    let mut file = Vec::new();
    WebPEncoder::new_lossless(&mut file).encode(&samples[..60], 5, 4, ExtendedColorType::Rgb8).unwrap();
    assert_eq!((read(&file).rgb, read(&file).alpha), (units(&samples[..60]), None));
}

#[test]
fn lossy_files_come_close_to_their_original() {
    let original = read(&fixture("original.png"));
    // 4 : 2 : 0 chroma of a colour ramp is a few levels off at the borders; a wrong channel order, colour matrix or
    // row order is off by 50 and more.
    for name in ["baseline.jpg", "lossy.webp", "lossy-alpha.webp"] {
        let picture = read(&fixture(name));
        assert_eq!((picture.width, picture.height), (40, 24), "{name}");
        let apart = levels_apart(&picture.rgb, &original.rgb);
        assert!(apart <= 16.0, "{name}: {apart}");
        assert_eq!(picture.alpha.is_some(), name.contains("alpha"), "{name}");
    }
    // WebP's alpha is lossless.
    let alpha = read(&fixture("lossy-alpha.webp")).alpha.unwrap();
    let expected: Vec<f32> = read(&fixture("alpha.png")).rgb.chunks_exact(3).map(|pixel| pixel[0]).collect();
    assert_eq!(alpha, expected);
}

#[test]
fn jpeg_coefficients_give_one_picture_in_any_order() {
    // The same coefficients in one scan, in ten, and with restart markers.
    let baseline = read(&fixture("baseline.jpg"));
    assert_eq!(read(&fixture("progressive.jpg")), baseline);
    assert_eq!(read(&fixture("restart.jpg")), baseline);
}

#[test]
fn cmyk_jpeg_is_converted_with_adobe_inversion() {
    let picture = read(&fixture("cmyk.jpg"));
    assert_eq!((picture.width, picture.height, picture.alpha), (64, 16, None));
    // Flat blocks of no ink, cyan, magenta with yellow, and half black; flat blocks survive JPEG to 2 levels.
    let expected = [[255, 255, 255], [0, 255, 255], [255, 0, 0], [127, 127, 127]];
    for (block, colour) in expected.iter().enumerate() {
        let pixel = &picture.rgb[(8 * 64 + 16 * block + 8) * 3..][..3];
        assert!(levels_apart(pixel, &units(colour)) <= 2.0, "{block}: {pixel:?}");
    }
}

#[test]
fn of_an_animation_the_first_frame_is_read() {
    for name in ["animated.png", "animated.webp"] {
        let picture = read(&fixture(name));
        assert_eq!((picture.width, picture.height), (6, 4), "{name}");
        assert_eq!(picture.rgb, units(&[255, 0, 0].repeat(24)), "{name}");
    }
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

/// A PNG chunk.
fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [name, data].concat();
    let sum = !named.iter().fold(!0u32, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0xEDB8_8320 } else { 0 })
    });
    [&(data.len() as u32).to_be_bytes()[..], &named, &sum.to_be_bytes()].concat()
}

#[test]
fn damaged_exif_leaves_the_picture_as_stored() {
    let file = png_file((1, 1), ColorType::Grayscale, BitDepth::Eight, &[9], plain);
    for bad in [&b"junk"[..], b"II\x2A\0\xFF\xFF\xFF\x7F", &exif(9, true), &exif(0, false)[..14]] {
        let file = [&file[..33], &chunk(b"eXIf", bad), &file[33..]].concat();
        assert_eq!(read(&file).rgb, units(&[9; 3]));
    }
}

#[test]
fn image_data_keeps_alpha_only_where_something_is_transparent() {
    let picture = Picture::from_rgba8(2, 1, &[1, 2, 3, 255, 4, 5, 6, 255]).unwrap();
    assert_eq!((picture.rgb, picture.alpha), (units(&[1, 2, 3, 4, 5, 6]), None));
    let picture = Picture::from_rgba8(1, 2, &[1, 2, 3, 255, 4, 5, 6, 254]).unwrap();
    assert_eq!((picture.width, picture.height, picture.alpha), (1, 2, Some(units(&[255, 254]))));
    for (width, height, bytes) in [(0, 0, 0), (0, 4, 0), (1, 1, 3), (2, 2, 8), (usize::MAX, 2, 8)] {
        let error = Picture::from_rgba8(width, height, &vec![0; bytes]).unwrap_err();
        assert_eq!(error.code(), "bad-image", "{width} x {height}");
    }
}

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
                    assert!(["bad-image", "not-an-image", "image-too-large"].contains(&code), "{name}: {code}");
                }
            }
        }
    }
}

#[test]
fn samples_are_rounded_half_to_even_and_clamped() {
    for level in 0..=255u8 {
        assert_eq!(to_u8(f32::from(level) / 255.0), level);
    }
    // The only halves that f32 holds exactly after the product: 0.5 x 255 = 127.5 is one.
    assert_eq!(to_u8(0.5), 128);
    assert_eq!(to_u8(0.5 / 255.0), 0);
    assert_eq!(to_u8(1.5 / 255.0), 2);
    assert_eq!(to_u8(2.5 / 255.0), 2);
    assert_eq!([-0.1, 1.1, f32::NEG_INFINITY, f32::INFINITY, f32::NAN].map(to_u8), [0, 255, 0, 255, 0]);
}

#[test]
fn a_written_png_reads_back_the_same() {
    for (channels, width, height) in [(3, 1, 1), (4, 1, 1), (3, 17, 5), (4, 5, 17)] {
        let data: Vec<u8> = (0..width * height * channels).map(|at| (at * 89 % 256) as u8).collect();
        let file = encode_png(&Pixels { width, height, channels, data: data.clone() }).unwrap();
        let picture = read(&file);
        let of = |range: std::ops::Range<usize>| -> Vec<u8> {
            data.chunks_exact(channels).flat_map(|pixel| pixel[range.clone()].to_vec()).collect()
        };
        assert_eq!((picture.width, picture.height), (width, height));
        assert_eq!(picture.rgb, units(&of(0..3)));
        assert_eq!(picture.alpha, (channels == 4).then(|| units(&of(3..4))));
    }
    for (channels, bytes) in [(3, 11), (4, 12), (1, 4), (2, 8), (0, 0)] {
        let wrong = Pixels { width: 2, height: 2, channels, data: vec![0; bytes] };
        assert_eq!(encode_png(&wrong).unwrap_err().code(), "internal");
    }
}

/// An ICC profile as far as anyone here looks: its header, and a body that nobody reads.
fn profile(space: &[u8; 4]) -> Vec<u8> {
    let mut icc: Vec<u8> = (0..300).map(|i| (i * 7 % 251) as u8).collect();
    icc[..4].copy_from_slice(&300u32.to_be_bytes());
    icc[16..20].copy_from_slice(space);
    icc[36..40].copy_from_slice(b"acsp");
    icc
}

fn gradient(width: usize, height: usize, channels: usize) -> Pixels {
    let data = (0..width * height * channels).map(|at| (at * 5 % 256) as u8).collect();
    Pixels { width, height, channels, data }
}

#[test]
fn profile_and_metadata_go_along_in_every_format() {
    let tags = Tags { icc: Some(profile(b"RGB ")), exif: Some(exif(6, true)) };
    let (png, jpeg, webp) = (Format::Png, Format::Jpeg, Format::WebP);
    for (format, quality) in [(png, None), (jpeg, None), (jpeg, Some(50)), (webp, None), (webp, Some(90))] {
        let file = encode(&gradient(8, 6, 3), &tags, format, quality).unwrap();
        let (picture, found) = decode_tagged(&file, &SMALL).unwrap();
        assert_eq!(found, tags, "{format:?}");
        assert_eq!((picture.width, picture.height), (6, 8), "{format:?} is turned");

        let kept = found.clone().for_result(true);
        assert_eq!(kept.icc, tags.icc);
        assert_eq!(kept.exif.as_deref(), Some(&exif(1, true)[..]), "turned pixels must not be turned again");
        assert_eq!(found.for_result(false), Tags { icc: tags.icc.clone(), exif: None });
    }
}

#[test]
fn a_profile_that_does_not_describe_the_samples_is_left_out() {
    let mut longer = profile(b"RGB ");
    longer[..4].copy_from_slice(&301u32.to_be_bytes());
    for icc in [profile(b"GRAY"), profile(b"CMYK"), longer, vec![0; 40], Vec::new()] {
        let file = encode(&gradient(8, 6, 3), &Tags { icc: Some(icc), exif: None }, Format::Png, Some(90)).unwrap();
        assert_eq!(decode_tagged(&file, &SMALL).unwrap().1.icc, None);
    }
}

#[test]
fn sixteen_bits_stay_sixteen() {
    let data: Vec<u16> = (0..64 * 64 * 3).map(|at| (at * 5 % 65536) as u16).collect();
    let pixels = Pixels { width: 64, height: 64, channels: 3, data };
    let picture = read(&encode(&pixels, &Tags::default(), Format::Png, Some(90)).unwrap());
    let expected: Vec<f32> = pixels.data.iter().map(|&v| f32::from(v) / 65535.0).collect();
    assert_eq!(picture.rgb, expected);
    for format in [Format::Jpeg, Format::WebP] {
        assert_eq!(encode(&pixels, &Tags::default(), format, Some(90)).unwrap_err().code(), "bad-option");
    }
}

#[test]
fn lossless_webp_keeps_every_sample_and_jpeg_nearly() {
    for channels in [3, 4] {
        let pixels = gradient(20, 10, channels);
        let png = read(&encode_png(&pixels).unwrap());
        assert_eq!(read(&encode(&pixels, &Tags::default(), Format::WebP, None).unwrap()), png);
    }
    let smooth: Vec<u8> = (0..32 * 32 * 3).map(|at| (at / 96 * 8) as u8).collect();
    let pixels = Pixels { width: 32, height: 32, channels: 3, data: smooth };
    let [good, poor] = [95, 5].map(|quality| encode(&pixels, &Tags::default(), Format::Jpeg, Some(quality)).unwrap());
    assert!(poor.len() < good.len());
    // Rows of one grey: only rounding is lost at this quality.
    assert!(levels_apart(&read(&good).rgb, &units(&pixels.data)) <= 4.0);
}

#[test]
fn transparent_pixels_lie_on_white_in_a_jpeg() {
    let data: Vec<u8> =
        [[255, 0, 0, 255], [255, 0, 0, 0], [0, 0, 0, 128], [10, 20, 30, 0]].map(|pixel| pixel.repeat(64)).concat();
    let pixels = Pixels { width: 8, height: 32, channels: 4, data };
    let picture = read(&encode(&pixels, &Tags::default(), Format::Jpeg, Some(100)).unwrap());
    for (row, colour) in [(4, [255u8, 0, 0]), (12, [255; 3]), (20, [127; 3]), (28, [255; 3])] {
        assert!(levels_apart(&picture.rgb[row * 24..row * 24 + 3], &units(&colour)) <= 2.0, "row {row}");
    }
    assert_eq!(picture.alpha, None);
}

/// Mean squared difference of samples in [0, 1], as dB below 1.
fn psnr(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let sum: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    -10.0 * (sum / a.len() as f64).log10()
}

/// A photo with a soft edge between what is seen and what is not.
#[test]
fn a_lossy_webp_trades_size_for_quality_and_keeps_alpha() {
    let photo = read(&std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/www/samples/cat.png")).unwrap());
    let (width, height) = (photo.width, photo.height);
    let alpha = |i: usize| (i % width * 4).min(255) as u8;
    let bytes = |i: usize| [0, 1, 2].map(|c| (photo.rgb[3 * i + c] * 255.0).round() as u8);
    let rgb: Vec<u8> = (0..width * height).flat_map(bytes).collect();
    let rgba: Vec<u8> = rgb.chunks_exact(3).enumerate().flat_map(|(i, c)| [c[0], c[1], c[2], alpha(i)]).collect();
    for (channels, data) in [(3, rgb), (4, rgba)] {
        let pixels = Pixels { width, height, channels, data };
        let found = [95, 75, 40, 5].map(|quality| {
            let file = encode(&pixels, &Tags::default(), Format::WebP, Some(quality)).unwrap();
            let picture = read(&file);
            let visible =
                picture.alpha.map(|alpha| alpha.iter().map(|a| (a * 255.0).round() as u8).collect::<Vec<_>>());
            assert_eq!(visible, (channels == 4).then(|| (0..width * height).map(alpha).collect()));
            (file.len(), psnr(&picture.rgb, &photo.rgb))
        });
        println!("{channels} channels, bytes and dB at 95, 75, 40 and 5: {found:?}");
        assert!(found.windows(2).all(|pair| pair[0].0 > pair[1].0 && pair[0].1 > pair[1].1));
        assert!(found[0].1 > 36.0 && found[3].1 > 20.0);
    }
}

#[test]
fn sides_that_a_format_does_not_have_are_refused() {
    for (format, quality, most) in
        [(Format::Jpeg, None, 65_535), (Format::WebP, None, 16_384), (Format::WebP, Some(90), 16_383)]
    {
        assert!(format.check_size(most, 1, quality).is_ok());
        assert_eq!(format.check_size(1, most + 1, quality).unwrap_err().code(), "bad-option", "{format:?}");
    }
    let wide = Pixels { width: 16_384, height: 1, channels: 3, data: vec![0u8; 16_384 * 3] };
    assert_eq!(encode(&wide, &Tags::default(), Format::WebP, Some(90)).unwrap_err().code(), "bad-option");
}

/// Files of the `image` crate's other formats, from 8-bit and 16-bit samples.
fn others() -> Vec<(&'static str, Vec<u8>)> {
    use image::{DynamicImage, ImageBuffer, ImageFormat};
    let eight = DynamicImage::ImageRgb8(ImageBuffer::from_raw(12, 7, gradient(12, 7, 3).data).unwrap());
    let sixteen = DynamicImage::ImageRgb16(eight.to_rgb16());
    let float = DynamicImage::ImageRgb32F(eight.to_rgb32f());
    let write = |image: &DynamicImage, format| {
        let mut file = std::io::Cursor::new(Vec::new());
        image.write_to(&mut file, format).unwrap();
        file.into_inner()
    };
    vec![
        ("bmp", write(&eight, ImageFormat::Bmp)),
        ("tiff", write(&eight, ImageFormat::Tiff)),
        ("tiff, 16 bits", write(&sixteen, ImageFormat::Tiff)),
        ("tiff, floats", write(&float, ImageFormat::Tiff)),
        ("gif", write(&DynamicImage::ImageRgba8(eight.to_rgba8()), ImageFormat::Gif)),
    ]
}

#[test]
fn bmp_gif_and_tiff_are_read() {
    let expected = units(&gradient(12, 7, 3).data);
    for (name, file) in others() {
        let picture = read(&file);
        assert_eq!((picture.width, picture.height, picture.alpha), (12, 7, None), "{name}");
        // 84 colours fit a GIF's palette.
        assert!(levels_apart(&picture.rgb, &expected) <= 1e-3, "{name}");
        assert_eq!(decode(&file, &Limits { max_pixels: 83 }).unwrap_err().code(), "image-too-large", "{name}");
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

#[test]
fn damaged_bmp_gif_and_tiff_are_errors_or_pictures_but_nothing_else() {
    for (name, file) in others() {
        let mut cut_short = 0;
        for end in 0..file.len() {
            match decode(&file[..end], &SMALL) {
                Ok(picture) => assert_eq!((picture.width, picture.height), (12, 7), "{name} cut at {end}"),
                Err(error) => {
                    cut_short += 1;
                    let known = ["no-input", "not-an-image", "bad-image", "image-too-large"];
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
