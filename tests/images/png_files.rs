//! PNG of every colour type and depth.

use super::{fixture, plain, png_file, read, units};
use png::{BitDepth, ColorType};

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
