//! Colours as the file means them. Expected values are what Chromium shows of the file, in sRGB.

use super::{SMALL, fixture, plain, png_file};
use png::{BitDepth, ColorType};
use resshift::image::{Format, Picture, Pixels, Tags, canvas_rows, decode_tagged, encode};

/// The middle of each of the card's patches, four in a row, in 8-bit levels.
fn patches(picture: &Picture) -> Vec<[i32; 3]> {
    let level = |x: usize, y: usize| {
        let at = (y * picture.width + x) * 3;
        [0, 1, 2].map(|channel| (picture.rgb[at + channel] * 255.0).round() as i32)
    };
    (0..12).map(|i| level(8 + 16 * (i % 4), 8 + 16 * (i / 4))).collect()
}

fn assert_near(found: &[[i32; 3]], expected: &[[i32; 3]], name: &str) {
    for (found, expected) in found.iter().zip(expected) {
        let apart = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).max();
        assert!(apart <= Some(6), "{name}: {found:?} instead of {expected:?}");
    }
}

#[test]
fn linear_samples_get_the_usual_curve() {
    let (picture, tags) = decode_tagged(&fixture("linear-16bit.png"), &SMALL).unwrap();
    let expected =
        [[200, 38, 38], [38, 159, 59], [50, 69, 190], [220, 200, 59], [59, 190, 190], [180, 59, 159], [255; 3], [0; 3]];
    assert_near(&patches(&picture), &expected, "linear");
    assert_eq!(tags, Tags::default());
}

#[test]
fn other_primaries_become_a_profile() {
    let (picture, tags) = decode_tagged(&fixture("p3-gamma.png"), &SMALL).unwrap();
    let icc = tags.icc.as_ref().unwrap();
    assert_eq!((&icc[16..20], &icc[36..40]), (&b"RGB "[..], &b"acsp"[..]));
    // Gamma 2.2 with sRGB's curve.
    assert_near(&patches(&picture)[..1], &[[201, 35, 35]], "P3");
    for format in [Format::Png, Format::Jpeg, Format::WebP] {
        let pixels = Pixels { width: 8, height: 8, channels: 3, data: vec![77u8; 192] };
        let file = encode(&pixels, &tags, format, None).unwrap();
        assert_eq!(decode_tagged(&file, &SMALL).unwrap().1.icc, tags.icc);
    }
}

/// A grey ramp with these chunks before its data.
fn ramp(chunks: &[(&[u8; 4], &[u8])]) -> (Vec<i32>, Tags) {
    let data: Vec<u8> = (0..4).flat_map(|i| [20 + 70 * i; 3]).collect();
    let file = png_file((4, 1), ColorType::Rgb, BitDepth::Eight, &data, plain);
    const HEADER: usize = 8 + 25;
    let chunks: Vec<u8> = chunks.iter().flat_map(|(name, data)| super::chunk(name, data)).collect();
    let file = [&file[..HEADER], &chunks, &file[HEADER..]].concat();
    let (picture, tags) = decode_tagged(&file, &SMALL).unwrap();
    (picture.rgb.chunks_exact(3).map(|pixel| (pixel[0] * 255.0).round() as i32).collect(), tags)
}

#[test]
fn the_chunks_of_png_have_the_rank_that_browsers_give_them() {
    const LINEAR: [i32; 4] = [79, 160, 208, 244];
    let gamma = |scaled: u32| scaled.to_be_bytes();
    let chromaticities =
        |red: u32| [31270u32, 32900, red, 33000, 30000, 60000, 15000, 6000].map(u32::to_be_bytes).concat();
    let (srgb, p3) = (chromaticities(64000), chromaticities(68000));
    let same: [&[(&[u8; 4], &[u8])]; 7] = [
        &[],
        &[(b"gAMA", &gamma(45455))],
        &[(b"cHRM", &p3)],
        &[(b"sRGB", &[0]), (b"gAMA", &gamma(100_000))],
        &[(b"cICP", &[1, 13, 0, 1]), (b"gAMA", &gamma(100_000))],
        // Unspecified, and a narrow range, which nobody reads in PNG.
        &[(b"cICP", &[2, 2, 0, 1])],
        &[(b"cICP", &[12, 8, 0, 0])],
    ];
    for chunks in same {
        assert_eq!(ramp(chunks), (vec![20, 90, 160, 230], Tags::default()), "{chunks:?}");
    }
    let linear: [&[(&[u8; 4], &[u8])]; 3] = [
        &[(b"gAMA", &gamma(100_000))],
        &[(b"gAMA", &gamma(100_000)), (b"cHRM", &srgb)],
        &[(b"sRGB", &[0]), (b"cICP", &[1, 8, 0, 1])],
    ];
    for chunks in linear {
        let (found, tags) = ramp(chunks);
        assert!(found.iter().zip(LINEAR).all(|(a, b)| (a - b).abs() <= 1), "{chunks:?}: {found:?}");
        assert_eq!(tags, Tags::default());
    }
    // Video's curve is that of its displays.
    assert_eq!(ramp(&[(b"cICP", &[1, 1, 0, 1])]).0[0], 7);
    assert!(ramp(&[(b"cICP", &[12, 13, 0, 1])]).1.icc.is_some());
    // High dynamic range stays as it is, and says so.
    let (found, tags) = ramp(&[(b"cICP", &[9, 16, 0, 1])]);
    assert_eq!(found, [20, 90, 160, 230]);
    assert!(tags.icc.unwrap().windows(4).any(|bytes| bytes == b"cicp"));
}

#[test]
fn grey_and_cmyk_profiles_are_applied() {
    let (picture, tags) = decode_tagged(&fixture("grey-profile.png"), &SMALL).unwrap();
    let expected = [210, 53, 65, 235, 26, 239, 146, 77, 193, 255, 0, 255].map(|level| [level; 3]);
    assert_near(&patches(&picture), &expected, "grey");
    assert_eq!(tags, Tags { grey: true, ..Tags::default() });

    let (picture, tags) = decode_tagged(&fixture("cmyk-profile.jpg"), &SMALL).unwrap();
    let expected = [[180, 70, 47], [70, 113, 69], [78, 71, 134], [220, 192, 69], [42, 36, 29], [235, 229, 229]];
    assert_near(&patches(&picture), &expected, "CMYK");
    assert_eq!(tags, Tags::default());
}

#[test]
fn grey_is_stored_as_grey_where_the_input_was() {
    let grey = Tags { grey: true, ..Tags::default() };
    for channels in [3, 4] {
        let alpha = channels == 4;
        let data: Vec<u8> = (0..64).flat_map(|i| [[i * 3; 3].as_slice(), &[200][..channels - 3]].concat()).collect();
        let pixels = Pixels { width: 8, height: 8, channels, data };
        let png = encode(&pixels, &grey, Format::Png, None).unwrap();
        assert_eq!(png[25], if alpha { 4 } else { 0 }, "colour type");
        let coloured = encode(&pixels, &Tags::default(), Format::Png, None).unwrap();
        assert_eq!(decode_tagged(&png, &SMALL).unwrap().0, decode_tagged(&coloured, &SMALL).unwrap().0);
        let jpeg = encode(&pixels, &grey, Format::Jpeg, None).unwrap();
        assert!(decode_tagged(&jpeg, &SMALL).unwrap().1.grey);
        let webp = encode(&pixels, &grey, Format::WebP, None).unwrap();
        assert_eq!(decode_tagged(&webp, &SMALL).unwrap().0, decode_tagged(&coloured, &SMALL).unwrap().0);
    }
    let deep = Pixels { width: 1, height: 1, channels: 3, data: vec![1234u16; 3] };
    assert_eq!(encode(&deep, &grey, Format::Png, None).unwrap()[24..26], [16, 0]);
    let coloured = Pixels { width: 1, height: 1, channels: 3, data: vec![1u8, 2, 3] };
    assert_eq!(encode(&coloured, &grey, Format::Png, None).unwrap()[25], 2);
}

/// All rows of a canvas.
fn canvas(pixels: &Pixels, icc: Option<&[u8]>) -> Vec<u8> {
    let mut rgba = Vec::new();
    canvas_rows(pixels, icc, |row| rgba.extend_from_slice(row)).unwrap();
    rgba
}

#[test]
fn a_canvas_gets_srgb() {
    let rgb = Pixels { width: 2, height: 1, channels: 3, data: vec![1, 2, 3, 250, 251, 252] };
    assert_eq!(canvas(&rgb, None), [1, 2, 3, 255, 250, 251, 252, 255]);
    let rgba = Pixels { width: 1, height: 2, channels: 4, data: vec![10, 20, 30, 40, 50, 60, 70, 80] };
    assert_eq!(canvas(&rgba, None), rgba.data);

    // Display P3: white stays white, a grey its grey, a red becomes redder and keeps its alpha.
    let (_, tags) = decode_tagged(&fixture("p3-gamma.png"), &SMALL).unwrap();
    let p3 =
        Pixels { width: 3, height: 1, channels: 4, data: vec![255, 255, 255, 255, 128, 128, 128, 9, 200, 60, 60, 7] };
    let shown = canvas(&p3, tags.icc.as_deref());
    assert_eq!(shown[..4], [255; 4]);
    assert!(shown[4..7].iter().all(|v| v.abs_diff(128) <= 1) && shown[7] == 9, "{shown:?}");
    assert!(shown[8] > 205 && shown[9] < 58 && shown[11] == 7, "{shown:?}");

    let unreadable = [&[0; 36][..], b"acsp"].concat();
    assert!(canvas_rows(&rgb, Some(&unreadable), |_| ()).is_err(), "colours that are not known are not guessed");
}
