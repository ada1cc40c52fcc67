//! Results of any size up to x4.

use resshift::image::{Pixels, Size, reduce};

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
