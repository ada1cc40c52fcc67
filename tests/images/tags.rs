//! Colour profiles and metadata, from the input into the result.

use super::{SMALL, exif, fixture, gradient};
use resshift::image::{Density, Format, Tags, decode_tagged, encode};

const FORMATS: [(Format, Option<u8>); 5] = [
    (Format::Png, None),
    (Format::Jpeg, None),
    (Format::Jpeg, Some(50)),
    (Format::WebP, None),
    (Format::WebP, Some(90)),
];

/// An ICC profile as far as anyone here looks: its header, and a body that nobody reads.
fn profile(space: &[u8; 4]) -> Vec<u8> {
    let mut icc: Vec<u8> = (0..300).map(|i| (i * 7 % 251) as u8).collect();
    icc[..4].copy_from_slice(&300u32.to_be_bytes());
    icc[16..20].copy_from_slice(space);
    icc[36..40].copy_from_slice(b"acsp");
    icc
}

fn packet(orientation: u8, width: u32, height: u32, more: &str) -> Vec<u8> {
    format!(
        r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="{orientation}" tiff:ImageWidth='{width}'>
        <exif:PixelYDimension>{height}</exif:PixelYDimension>{more}<dc:creator>Ängström</dc:creator></rdf:Description></x:xmpmeta>"#
    )
    .into_bytes()
}

#[test]
fn profile_and_metadata_go_along_in_every_format() {
    let icc = Some(profile(b"RGB "));
    let tags = Tags { icc, exif: Some(exif(6, true)), xmp: Some(packet(6, 8, 6, "")), ..Tags::default() };
    for (format, quality) in FORMATS {
        let file = encode(&gradient(8, 6, 3), &tags, format, quality).unwrap();
        let (picture, found) = decode_tagged(&file, &SMALL).unwrap();
        assert_eq!(found, tags, "{format:?}");
        assert_eq!((picture.width, picture.height), (6, 8), "{format:?} is turned");

        let kept = found.clone().for_result(true);
        assert_eq!(kept.icc, tags.icc);
        assert_eq!(kept.exif.as_deref(), Some(&exif(1, true)[..]), "turned pixels must not be turned again");
        assert_eq!(kept.xmp, Some(packet(1, 8, 6, "")));
        assert_eq!(found.for_result(false), Tags { icc: tags.icc.clone(), ..Tags::default() });
    }
}

#[test]
fn iptc_and_density_go_along() {
    for iptc in [b"\x1C\x02\x78\0\x03abc".to_vec(), b"\x1C\x02\x78\0\x02ab".to_vec()] {
        for density in [Density::per_inch(300.0, 300.0), Density { x: 2, y: 1, absolute: false }] {
            let tags = Tags { iptc: Some(iptc.clone()), density: Some(density), ..Tags::default() };
            for (format, quality) in &FORMATS[..3] {
                let file = encode(&gradient(8, 6, 3), &tags, *format, *quality).unwrap();
                assert_eq!(decode_tagged(&file, &SMALL).unwrap().1, tags, "{format:?}");
            }
        }
        // WebP has no place for it but EXIF data.
        for little in [false, true] {
            for exif in [None, Some(exif(1, little))] {
                let tags = Tags { iptc: Some(iptc.clone()), exif: exif.clone(), ..Tags::default() };
                let file = encode(&gradient(8, 6, 3), &tags, Format::WebP, None).unwrap();
                let (picture, found) = decode_tagged(&file, &SMALL).unwrap();
                assert_eq!((picture.width, found.iptc.as_ref()), (8, Some(&iptc)));
                let again = encode(&gradient(8, 6, 3), &found, Format::WebP, None).unwrap();
                assert_eq!(decode_tagged(&again, &SMALL).unwrap().1.iptc, Some(iptc.clone()));
            }
        }
    }
}

#[test]
fn sizes_become_those_of_the_result_and_thumbnails_stay_behind() {
    let (_, tags) = decode_tagged(&fixture("all-metadata.jpg"), &SMALL).unwrap();
    let thumbnail = |tags: &Tags| tags.exif.as_ref().unwrap().windows(3).any(|bytes| bytes == b"\xFF\xD8\xFF");
    assert!(thumbnail(&tags) && tags.iptc.is_some());
    let thumbnails = "<xmp:Thumbnails><rdf:Alt><rdf:li xmpGImg:image='/9j'/></rdf:Alt></xmp:Thumbnails>";
    let tags = Tags { xmp: Some(packet(6, 64, 48, thumbnails)), ..tags }.for_result(true);
    for (format, quality) in FORMATS {
        let file = encode(&gradient(80, 100, 3), &tags, format, quality).unwrap();
        let (_, found) = decode_tagged(&file, &SMALL).unwrap();
        assert!(!thumbnail(&found));
        assert_eq!(found.xmp, Some(packet(1, 80, 100, "")), "{format:?}");
        let exif = found.exif.unwrap();
        assert!(exif.windows(5).any(|bytes| bytes == b"Canon"));
        // The file is big-endian: tag, type, one value.
        let value = |tag: u16| {
            let at = exif.windows(2).position(|bytes| bytes == tag.to_be_bytes()).unwrap();
            let short = exif[at + 2..at + 4] == [0, 3];
            if short { u32::from(exif[at + 9]) } else { u32::from(exif[at + 11]) }
        };
        assert_eq!([value(0xA002), value(0xA003)], [80, 100], "{format:?}");
        assert_eq!(value(0x0112), 1);
    }
}

#[test]
fn the_metadata_of_a_tiff_file_becomes_exif_data() {
    let (_, tags) = decode_tagged(&fixture("exif-gps.tif"), &SMALL).unwrap();
    assert_eq!(tags.density, Some(Density::per_inch(300.0, 300.0)));
    let exif = tags.exif.as_ref().unwrap();
    assert!(exif.windows(7).any(|bytes| bytes == b"Testcam"));
    for (format, quality) in FORMATS {
        let file = encode(&gradient(8, 6, 3), &tags.clone().for_result(true), format, quality).unwrap();
        assert_eq!(decode_tagged(&file, &SMALL).unwrap().1.exif, tags.exif, "{format:?}");
    }
    // A file that says nothing but how it is stored has none.
    assert_eq!(decode_tagged(&fixture("palette.tif"), &SMALL).unwrap().1, Tags::default());
}

#[test]
fn density_is_kept_as_told() {
    let (_, tags) = decode_tagged(&fixture("300dpi.jpg"), &SMALL).unwrap();
    assert_eq!(tags.density, Some(Density::per_inch(300.0, 300.0)));
    let file = encode(&gradient(8, 6, 3), &tags, Format::Jpeg, None).unwrap();
    assert_eq!(file[11..18], [1, 2, 1, 1, 44, 1, 44], "JFIF, in inches");
    assert_eq!(tags.for_result(false), Tags::default());
}

#[test]
fn metadata_that_is_damaged_does_no_harm() {
    let (_, tags) = decode_tagged(&fixture("all-metadata.jpg"), &SMALL).unwrap();
    let exif = tags.exif.clone().unwrap();
    for at in 0..exif.len().min(400) {
        for value in [0, 1, 0x7F, 0xFF] {
            let mut broken = exif.clone();
            broken[at] = value;
            let tags = Tags { exif: Some(broken), iptc: tags.iptc.clone(), ..Tags::default() }.for_result(true);
            encode(&gradient(8, 6, 3), &tags, Format::WebP, None).unwrap();
        }
    }
    for xmp in
        ["tiff:Orientation=", "tiff:Orientation=\"", "<xmp:Thumbnails>", "<tiff:Orientation>", "</tiff:Orientation>"]
    {
        let tags = Tags { xmp: Some(xmp.into()), ..Tags::default() }.for_result(true);
        assert_eq!(tags.xmp.as_deref(), Some(xmp.as_bytes()));
    }
    let tags = Tags { xmp: Some(b"\xFF\xFE".to_vec()), ..Tags::default() };
    assert_eq!(tags.for_result(true).xmp, None);
}

#[test]
fn a_profile_that_does_not_describe_the_samples_is_left_out() {
    let mut longer = profile(b"RGB ");
    longer[..4].copy_from_slice(&301u32.to_be_bytes());
    for icc in [profile(b"GRAY"), profile(b"CMYK"), longer, vec![0; 40], Vec::new()] {
        let tags = Tags { icc: Some(icc), ..Tags::default() };
        let file = encode(&gradient(8, 6, 3), &tags, Format::Png, Some(90)).unwrap();
        assert_eq!(decode_tagged(&file, &SMALL).unwrap().1.icc, None);
    }
}
