//! Results of any size up to x4.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use resshift::image::{Pixels, Reducer, Size, reduce};

#[test]
fn what_is_transparent_does_not_shine_through_when_reduced() {
    // Opaque red beside transparent green: every pixel that can be seen stays red.
    let data: Vec<u8> =
        (0..40).flat_map(|_| [[255, 0, 0, 255].repeat(21), [0, 255, 0, 0].repeat(19)].concat()).collect();
    let reduced = reduce(Pixels { width: 40, height: 40, channels: 4, data }, (13, 13)).unwrap();
    assert_eq!(reduced.data.len(), 13 * 13 * 4);
    for pixel in reduced.data.chunks_exact(4).filter(|pixel| pixel[3] > 8) {
        // Colours are stored unpremultiplied in 8 bits.
        assert!(pixel[0] >= 245 && pixel[1] <= 10, "{pixel:?}");
    }
    assert!(reduced.data.chunks_exact(4).any(|pixel| pixel[3] == 255));
}

#[test]
fn reducing_keeps_what_is_flat_in_8_and_16_bits() {
    let flat = reduce(Pixels { width: 16, height: 12, channels: 3, data: vec![77u8; 576] }, (5, 7)).unwrap();
    assert_eq!(flat, Pixels { width: 5, height: 7, channels: 3, data: vec![77; 105] });
    let flat = reduce(Pixels { width: 16, height: 12, channels: 4, data: vec![40_001u16; 768] }, (5, 7)).unwrap();
    // Alpha is multiplied and divided on the way: a rounding of one part in 40,000 each.
    assert!(flat.data.iter().all(|&sample| sample.abs_diff(40_001) <= 2));
}

#[test]
fn samples_that_do_not_fill_the_picture_are_refused() {
    for (channels, samples) in [(3, 575), (3, 577), (4, 576), (1, 192), (0, 0)] {
        let short = Pixels { width: 16, height: 12, channels, data: vec![0u8; samples] };
        assert_eq!(reduce(short, (5, 7)).unwrap_err().code(), "internal", "{channels} {samples}");
    }
}

/// A picture with every alpha, colours that have nothing to do with it, and sizes that share no factor.
#[test]
fn channel_by_channel_is_what_the_resizer_makes_of_whole_pixels() {
    let (width, height, size) = (61, 47, (23, 31));
    let scrambled = |i: usize| (i as u32).wrapping_mul(2_654_435_761) >> 16;
    let data: Vec<u16> = (0..width * height * 4).map(|i| scrambled(i) as u16).collect();
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).use_alpha(true);
    let whole = |bytes: &[u8], kind, side: usize| {
        let from = ImageRef::new(width as u32, height as u32, bytes, kind).unwrap();
        let mut to = Image::new(size.0 as u32, size.1 as u32, kind);
        Resizer::new().resize(&from, &mut to, &options).unwrap();
        assert_eq!(to.buffer().len(), size.0 * size.1 * 4 * side);
        to.buffer().to_vec()
    };

    let bytes: Vec<u8> = data.iter().flat_map(|sample| sample.to_ne_bytes()).collect();
    let expected = whole(&bytes, PixelType::U16x4, 2);
    let ours = reduce(Pixels { width, height, channels: 4, data: data.clone() }, size).unwrap();
    for (i, (sample, expected)) in ours.data.iter().zip(expected.chunks_exact(2)).enumerate() {
        let expected = u16::from_ne_bytes([expected[0], expected[1]]);
        // One unit of rounding before the division by alpha.
        let slack = if i % 4 == 3 { 0 } else { 1 + 65_535 / u32::from(ours.data[i / 4 * 4 + 3]).max(1) };
        assert!(u32::from(sample.abs_diff(expected)) <= slack, "sample {i}: {sample}, not {expected}");
    }

    let data: Vec<u8> = data.iter().map(|sample| (sample >> 8) as u8).collect();
    let expected = whole(&data, PixelType::U8x4, 1);
    let ours = reduce(Pixels { width, height, channels: 4, data }, size).unwrap();
    for (i, (sample, expected)) in ours.data.iter().zip(&expected).enumerate() {
        let slack = if i % 4 == 3 { 0 } else { 1 + 255 / u32::from(ours.data[i / 4 * 4 + 3]).max(1) };
        assert!(u32::from(sample.abs_diff(*expected)) <= slack, "sample {i}: {sample}, not {expected}");
    }
}

/// Rows that come a few at a time give the same bytes as all at once: those of the resizer over the whole picture, but for the last
/// place, since the resizer rounds its weights to as many bits as the largest of them leaves, and that may be one at an edge.
#[test]
fn a_growing_picture_is_reduced_as_a_whole_one() {
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    let sizes = [(61, 470, 31, 317), (16, 1000, 16, 250), (40, 333, 10, 3), (8, 900, 5, 899), (20, 700, 20, 641)];
    for (width, height, columns, rows) in sizes {
        let data: Vec<u8> =
            (0..width * height * 3).map(|i| ((i as u32).wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let from = ImageRef::new(width as u32, height as u32, &data, PixelType::U8x3).unwrap();
        let mut whole = Image::new(columns as u32, rows as u32, PixelType::U8x3);
        Resizer::new().resize(&from, &mut whole, &options).unwrap();
        let in_steps_of = |step: usize| {
            let mut reducer = Reducer::new((width, height), (columns, rows), 3);
            let parts = data.chunks(step * width * 3).map(|part| reducer.push(part).unwrap().into_owned());
            parts.collect::<Vec<_>>().concat()
        };
        let ours = in_steps_of(height);
        assert!(in_steps_of(1) == ours && in_steps_of(13) == ours, "{width} x {height} to {columns} x {rows}");
        assert_eq!(ours.len(), whole.buffer().len());
        let apart = || ours.iter().zip(whole.buffer()).map(|(a, b)| a.abs_diff(*b));
        let others = apart().filter(|&n| n > 0).count() as f64 / ours.len() as f64;
        println!("{width} x {height} to {columns} x {rows}: {:.2} % of samples are others", others * 100.0);
        assert!(apart().all(|n| n <= 1) && others < 0.05);
    }
}

#[test]
fn sizes_follow_from_what_is_given() {
    let size = |width, height, scale| Size { width, height, scale }.of(400, 200);
    assert_eq!(size(None, None, None).unwrap(), (400, 200));
    assert_eq!(size(Some(100), None, None).unwrap(), (100, 50));
    assert_eq!(size(None, Some(3), None).unwrap(), (6, 3));
    assert_eq!(size(Some(1), Some(200), None).unwrap(), (1, 200));
    assert_eq!(size(None, None, Some(1.5)).unwrap(), (150, 75));
    assert_eq!(size(None, None, Some(0.0001)).unwrap(), (1, 1));
    let wrong = [
        (Some(401), None, None),
        (Some(0), None, None),
        (None, Some(usize::MAX), None),
        (None, None, Some(4.1)),
        (None, None, Some(0.0)),
        (None, None, Some(f64::NAN)),
        (Some(3), None, Some(2.0)),
    ];
    for (width, height, scale) in wrong {
        assert_eq!(size(width, height, scale).unwrap_err().code(), "bad-option", "{width:?} {height:?} {scale:?}");
    }
}
