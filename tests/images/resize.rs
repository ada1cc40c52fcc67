//! Bicubic enlargement against torch, and what becomes of transparency.

use resshift::image::Picture;
use resshift::image::alpha::{fill_transparent, upscale_alpha};
use resshift::image::resize::bicubic;
use safetensors::SafeTensors;

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// A tensor `[1, c, h, w]` of the golden file as `[h, w, c]`.
fn golden(file: &SafeTensors<'_>, name: &str) -> (usize, usize, Vec<f32>) {
    let view = file.tensor(name).unwrap();
    let &[1, channels, height, width] = view.shape() else { panic!("{:?}", view.shape()) };
    let data: Vec<f32> = view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    let at = |pixel: usize, channel: usize| data[channel * width * height + pixel];
    let rows = (0..width * height).flat_map(|pixel| (0..channels).map(move |channel| (pixel, channel)));
    (width, height, rows.map(|(pixel, channel)| at(pixel, channel)).collect())
}

#[test]
fn bicubic_matches_torch() {
    let bytes = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/resize.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (width, height, src) = golden(&file, "x");
    for (name, scale) in [("x2", 2), ("x4", 4)] {
        let (wide, high, expected) = golden(&file, name);
        assert_eq!((wide, high), (width * scale, height * scale));
        let result = bicubic(&src, width, height, 3, scale);
        // f32 sums of 16 products of values around 1, in another order than torch's.
        let apart = largest_difference(&result, &expected);
        assert!(apart <= 2e-6, "{name}: {apart:e}");
    }
}

#[test]
fn bicubic_keeps_constants_treats_both_sides_alike_and_has_no_smallest_size() {
    for (width, height) in [(1, 1), (1, 5), (4, 1), (2, 3)] {
        let result = bicubic(&vec![0.3; width * height * 2], width, height, 2, 4);
        assert_eq!(result.len(), width * height * 2 * 16);
        assert!(result.iter().all(|x| (x - 0.3).abs() < 1e-6));
    }
    // At scale 1 it is the identity.
    let ramp: Vec<f32> = (0..12).map(|x| x as f32).collect();
    assert_eq!(bicubic(&ramp, 12, 1, 1, 1), ramp);
    assert_eq!(bicubic(&[], 0, 3, 3, 4), Vec::<f32>::new());
    // Turning the picture turns the result.
    let (width, height) = (5, 3);
    let src: Vec<f32> = (0..width * height).map(|at| (at * 7 % 11) as f32).collect();
    let turned: Vec<f32> = (0..width * height).map(|at| src[at % height * width + at / height]).collect();
    let (a, b) = (bicubic(&src, width, height, 1, 4), bicubic(&turned, height, width, 1, 4));
    for y in 0..4 * height {
        for x in 0..4 * width {
            assert!((a[y * 4 * width + x] - b[x * 4 * height + y]).abs() < 1e-4);
        }
    }
}

#[test]
fn enlarged_alpha_stays_between_0_and_1() {
    let alpha: Vec<f32> = (0..48).map(|at| if at % 8 < 4 { 0.0 } else { 1.0 }).collect();
    let raw = bicubic(&alpha, 8, 6, 1, 4);
    assert!(raw.iter().any(|&x| x > 1.01) && raw.iter().any(|&x| x < -0.01), "an edge overshoots");
    let result = upscale_alpha(&alpha, 8, 6, 4);
    assert!(result.iter().zip(&raw).all(|(x, raw)| *x == raw.clamp(0.0, 1.0)));
    assert_eq!(upscale_alpha(&[1.0; 6], 3, 2, 4), [1.0; 96]);
}

/// A disc of smooth colours on transparent pixels of the colour `hidden`.
fn disc(hidden: [f32; 3]) -> Picture {
    let (width, height) = (37, 29);
    let visible = |x: f32, y: f32| (x - 20.0).powi(2) + (y - 12.0).powi(2) < 64.0;
    let pixels = || (0..height).flat_map(|y| (0..width).map(move |x| (x as f32, y as f32)));
    let colour = |x: f32, y: f32| [0.4 + 0.01 * x, 0.9 - 0.01 * y, 0.5];
    let rgb = pixels().flat_map(|(x, y)| if visible(x, y) { colour(x, y) } else { hidden }).collect();
    let alpha = pixels().map(|(x, y)| if visible(x, y) { 0.5 } else { 0.0 }).collect();
    Picture { width, height, rgb, alpha: Some(alpha) }
}

#[test]
fn transparent_pixels_take_their_neighbours_colours() {
    let before = disc([0.0, 1.0, 0.0]);
    let mut filled = before.clone();
    fill_transparent(&mut filled).unwrap();
    assert_eq!(filled.alpha, before.alpha);
    let alpha = before.alpha.as_ref().unwrap();
    for (at, &a) in alpha.iter().enumerate() {
        let (old, new) = (&before.rgb[3 * at..][..3], &filled.rgb[3 * at..][..3]);
        if a > 0.0 {
            assert_eq!(old, new, "a visible pixel keeps its colour");
        } else {
            // Means of visible colours: 12 < x < 28 and 4 < y < 20.
            let bounds = [0.52..=0.68, 0.7..=0.86, 0.4999..=0.5001];
            assert!(new.iter().zip(bounds).all(|(c, range)| range.contains(c)), "{at}: {new:?}");
        }
    }
    // The steps inside the disc are 0.01; across its edge and outside they are of that order, not of the hidden
    // colour's 0.5.
    for at in 0..alpha.len() - 1 {
        let step = largest_difference(&filled.rgb[3 * at..][..3], &filled.rgb[3 * at + 3..][..3]);
        assert!(step < 0.08 || at % 37 == 36, "{at}: {step}");
    }
    // What was hidden has no influence.
    let mut other = disc([1.0, 0.0, 1.0]);
    fill_transparent(&mut other).unwrap();
    assert_eq!(other, filled);
}

#[test]
fn pictures_without_holes_or_without_anything_stay_as_they_are() {
    let mut opaque = Picture { alpha: None, ..disc([0.1; 3]) };
    let mut shown = Picture { alpha: Some(vec![1.0; 37 * 29]), ..disc([0.1; 3]) };
    let mut hidden = Picture { alpha: Some(vec![0.0; 37 * 29]), ..disc([0.1; 3]) };
    for picture in [&mut opaque, &mut shown, &mut hidden] {
        let before = picture.clone();
        fill_transparent(picture).unwrap();
        assert_eq!(*picture, before);
    }
    // One visible pixel colours everything.
    let mut alpha = vec![0.0; 37 * 29];
    alpha[500] = 0.01;
    let mut point = Picture { alpha: Some(alpha), ..disc([0.1; 3]) };
    point.rgb[1500..1503].copy_from_slice(&[0.25, 0.5, 0.75]);
    fill_transparent(&mut point).unwrap();
    assert!(point.rgb.chunks_exact(3).all(|c| largest_difference(c, &[0.25, 0.5, 0.75]) < 4e-5));
}
