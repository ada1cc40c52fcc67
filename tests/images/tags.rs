//! Colour profiles and metadata, from the input into the result.

use super::{SMALL, exif, gradient};
use resshift::image::{Format, Tags, decode_tagged, encode};

/// An ICC profile as far as anyone here looks: its header, and a body that nobody reads.
fn profile(space: &[u8; 4]) -> Vec<u8> {
    let mut icc: Vec<u8> = (0..300).map(|i| (i * 7 % 251) as u8).collect();
    icc[..4].copy_from_slice(&300u32.to_be_bytes());
    icc[16..20].copy_from_slice(space);
    icc[36..40].copy_from_slice(b"acsp");
    icc
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
