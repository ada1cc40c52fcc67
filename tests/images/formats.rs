//! WebP, JPEG, animations, BMP, GIF, TIFF, and a browser's pixels.

use super::{fixture, gradient, levels_apart, read, units};
use image::ExtendedColorType;
use image::codecs::webp::WebPEncoder;
use resshift::image::{Limits, Picture, decode};

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

/// Files of the `image` crate's other formats, from 8-bit and 16-bit samples.
pub fn others() -> Vec<(&'static str, Vec<u8>)> {
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
fn a_gif_whose_frame_is_larger_than_its_screen_is_shown_whole() {
    let file = fixture("frame-larger-than-screen.gif");
    let whole = read(&file);
    assert_eq!((whole.width, whole.height, whole.alpha.as_ref()), (32, 32, None));
    let mut none = file.clone();
    none[6..10].fill(0);
    assert_eq!(read(&none), whole);
    // A screen that is larger than the frame is transparent around it.
    let mut larger = file;
    larger[6..10].copy_from_slice(&[40, 0, 33, 0]);
    let picture = read(&larger);
    assert_eq!((picture.width, picture.height), (40, 33));
    let alpha = picture.alpha.unwrap();
    assert_eq!([alpha[0], alpha[31], alpha[32], alpha[32 * 40]], [1.0, 1.0, 0.0, 0.0]);
    assert_eq!(decode(&larger, &Limits { max_pixels: 32 * 32 }).unwrap_err().code(), "image-too-large");
}

#[test]
fn a_webp_is_transparent_where_its_first_frame_does_not_reach() {
    let picture = read(&fixture("first-frame-offset.webp"));
    let alpha = picture.alpha.unwrap();
    assert_eq!([alpha[0], alpha[8 * 64 + 8], alpha[24 * 64 + 32]], [0.0, 0.0, 1.0]);
    assert!(levels_apart(&picture.rgb[(24 * 64 + 32) * 3..][..3], &units(&[200, 40, 40])) < 4.0);
}
