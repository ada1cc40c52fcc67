//! Results as files: PNG, JPEG and WebP.

use super::{gradient, levels_apart, read, units};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};
use resshift::image::encode::to_u8;
use resshift::image::{Encoder, Format, Pixels, Sample, Tags, encode, encode_png};

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

/// A file comes out the same byte by byte, in whatever rows its picture comes.
#[test]
fn a_file_does_not_depend_on_the_rows_that_its_picture_comes_in() {
    fn check<T: Sample>(pixels: &Pixels<T>, tags: &Tags, format: Format, quality: Option<u8>) {
        let Pixels { width, height, channels, data } = pixels;
        let whole = encode(pixels, tags, format, quality).unwrap();
        for rows in [1, 7, 8, 100] {
            let mut encoder = Encoder::new((*width, *height), *channels, tags.grey, tags, format, quality).unwrap();
            let mut file = Vec::new();
            for samples in data.chunks(rows * width * channels) {
                encoder.write(samples).unwrap();
                file.extend(encoder.drain(1).unwrap_or_default());
            }
            file.extend(encoder.finish().unwrap());
            assert!(file == whole, "{format:?} {quality:?}, {width} x {height} x {channels}, {rows} rows");
        }
    }
    let grey = Tags { grey: true, ..Tags::default() };
    for (width, height) in [(5, 300), (41, 257), (300, 8), (1, 1)] {
        for channels in [3, 4] {
            let pixels = gradient(width, height, channels);
            let sixteen = pixels.data.iter().map(|&v| u16::from(v) * 257).collect();
            check(&Pixels { width, height, channels, data: sixteen }, &Tags::default(), Format::Png, None);
            for (format, quality) in [(Format::Png, None), (Format::Jpeg, Some(80)), (Format::WebP, None)] {
                check(&pixels, &Tags::default(), format, quality);
            }
            let data = pixels.data.chunks_exact(channels).flat_map(|p| [[p[0]; 3].to_vec(), p[3..].to_vec()].concat());
            let flat = Pixels { width, height, channels, data: data.collect() };
            check(&flat, &grey, Format::Png, None);
            check(&flat, &grey, Format::Jpeg, None);
        }
    }
}

/// A JPEG file in strips is one picture: the pixels of the same encoder's file without strips.
#[test]
fn strips_of_a_jpeg_leave_no_trace() {
    for (width, height) in [(16, 257), (41, 1000), (9, 4096)] {
        let pixels = gradient(width, height, 3);
        let data: Vec<u8> =
            pixels.data.iter().zip(0u32..).map(|(v, i)| v ^ (i.wrapping_mul(2_654_435_761) >> 29) as u8).collect();
        let mut whole = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut whole, 70);
        encoder.write_image(&data, width as u32, height as u32, ExtendedColorType::Rgb8).unwrap();
        let file =
            encode(&Pixels { width, height, channels: 3, data }, &Tags::default(), Format::Jpeg, Some(70)).unwrap();
        let restarts = file.windows(2).filter(|pair| pair[0] == 0xFF && (0xD0..0xD8).contains(&pair[1])).count();
        assert_eq!(restarts, (height - 1) / 256, "a strip has 256 rows");
        assert!(read(&file) == read(&whole), "{width} x {height}");
    }
}

/// A picture that ends early, and one that goes on.
#[test]
fn a_file_of_the_wrong_number_of_rows_is_an_error() {
    for format in [Format::Png, Format::Jpeg, Format::WebP] {
        let begin = || Encoder::<u8>::new((4, 4), 3, false, &Tags::default(), format, None).unwrap();
        let mut short = begin();
        short.write(&[0; 36]).unwrap();
        assert_eq!(short.finish().unwrap_err().code(), "internal");
        assert_eq!(begin().write(&[0; 60]).unwrap_err().code(), "internal");
        assert_eq!(begin().write(&[0; 11]).unwrap_err().code(), "internal");
    }
}
