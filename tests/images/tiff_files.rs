//! TIFF of every kind that is read, and the names of those that are not.

use super::{SMALL, fixture, levels_apart, read, units};
use resshift::Error;
use resshift::image::decode;

/// Tags and values, in a file without compression, of one strip.
fn tiff_file(big: bool, width: u16, data: &[u8], tags: &[(u16, &[u16])]) -> Vec<u8> {
    let height = 1;
    let mut entries: Vec<(u16, u16, Vec<u16>)> =
        vec![(256, 3, vec![width]), (257, 3, vec![height]), (278, 3, vec![height])];
    entries.extend(tags.iter().map(|&(tag, values)| (tag, 3, values.to_vec())));
    let (head, pointer) = if big { (16, 8) } else { (8, 4) };
    let count = entries.len() + 2;
    let (begin, entry) = if big { (head + 8, 20) } else { (head + 2, 12) };
    let mut behind = begin + count * entry + pointer;
    let number = |value: usize, size: usize| value.to_le_bytes()[..size].to_vec();
    let mut values = Vec::new();
    let mut table: Vec<(u16, Vec<u8>)> = Vec::new();
    for (tag, kind, list) in entries {
        let bytes: Vec<u8> = list.iter().flat_map(|value| value.to_le_bytes()).collect();
        let mut place = number(behind + values.len(), pointer);
        if bytes.len() > pointer {
            values.extend(&bytes);
        } else {
            place = bytes.clone();
            place.resize(pointer, 0);
        }
        table.push((tag, [number(tag.into(), 2), number(kind.into(), 2), number(list.len(), pointer), place].concat()));
    }
    behind += values.len();
    for (tag, value) in [(273, behind), (279, data.len())] {
        table.push((tag, [number(tag.into(), 2), number(4, 2), number(1, pointer), number(value, pointer)].concat()));
    }
    table.sort();
    let magic: &[u8] = if big { b"II\x2B\0\x08\0\0\0" } else { b"II\x2A\0" };
    let table: Vec<u8> = table.into_iter().flat_map(|(_, bytes)| bytes).collect();
    let head = number(head, pointer);
    [magic, &head, &number(count, begin - magic.len() - pointer), &table, &number(0, pointer), &values, data].concat()
}

const BITS: u16 = 258;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const SAMPLES: u16 = 277;
const COLOUR_MAP: u16 = 320;
const EXTRA: u16 = 338;
const FORMAT: u16 = 339;

fn bytes<const N: usize, T>(values: &[T], write: impl Fn(&T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(write).collect()
}

#[test]
fn grey_of_every_kind_of_sample() {
    let floats = [0.0f32, 0.25, 1.0, 7.0, -1.0, f32::NAN];
    let clamped = [0.0, 0.25, 1.0, 1.0, 0.0, 0.0];
    let half = bytes(&floats, |&v| half::f16::from_f32(v).to_le_bytes());
    let single = bytes(&floats, |v| v.to_le_bytes());
    let double = bytes(&floats, |&v| f64::from(v).to_le_bytes());
    let long = bytes(&[0u32, 1 << 30, u32::MAX, u32::MAX, 0, 0], |v| v.to_le_bytes());
    let four = [0x0Fu8, 0x48, 0xF0];
    let cases: [(&str, u16, u16, Vec<u8>, [f32; 6]); 6] = [
        ("half", 16, 3, half, clamped),
        ("float", 32, 3, single, clamped),
        ("double", 64, 3, double, clamped),
        ("32 bits", 32, 1, long, clamped),
        ("4 bits", 4, 1, four.to_vec(), [0.0, 15.0, 4.0, 8.0, 15.0, 0.0].map(|v| v / 15.0)),
        ("2 bits", 2, 1, vec![0b0001_1011, 0b1100_0000], [0.0, 1.0, 2.0, 3.0, 3.0, 0.0].map(|v| v / 3.0)),
    ];
    for (name, bits, format, data, expected) in cases {
        for big in [false, true] {
            for white_is_zero in [false, true] {
                let photometric = u16::from(!white_is_zero);
                let tags: [(u16, &[u16]); 3] = [(BITS, &[bits]), (PHOTOMETRIC, &[photometric]), (FORMAT, &[format])];
                let picture = read(&tiff_file(big, 6, &data, &tags));
                let grey: Vec<f32> =
                    expected.iter().flat_map(|&v| [if white_is_zero { 1.0 - v } else { v }; 3]).collect();
                let apart = levels_apart(&picture.rgb, &grey);
                assert!(apart < 0.1, "{name}, big {big}, white is zero {white_is_zero}: {apart}");
                assert_eq!(picture.alpha, None);
            }
        }
    }
}

#[test]
fn alpha_is_divided_out_where_colours_are_multiplied_by_it() {
    let data = [25, 35, 94, 128, 0, 0, 0, 0, 9, 8, 7, 255];
    let tags = |kind: &'static [u16; 1]| -> [(u16, &'static [u16]); 4] {
        [(BITS, &[8, 8, 8, 8]), (PHOTOMETRIC, &[2]), (SAMPLES, &[4]), (EXTRA, kind)]
    };
    let alpha = units(&[128, 0, 255]);
    let associated = read(&tiff_file(false, 3, &data, &tags(&[1])));
    assert!(levels_apart(&associated.rgb, &units(&[50, 70, 187, 0, 0, 0, 9, 8, 7])) < 0.5, "{:?}", associated.rgb);
    let unassociated = read(&tiff_file(false, 3, &data, &tags(&[2])));
    assert_eq!(unassociated.rgb, units(&[25, 35, 94, 0, 0, 0, 9, 8, 7]));
    assert_eq!([associated.alpha, unassociated.alpha], [Some(alpha.clone()), Some(alpha)]);
    // Something else than alpha.
    let other = read(&tiff_file(false, 3, &data, &tags(&[0])));
    assert_eq!((other.rgb, other.alpha), (units(&[25, 35, 94, 0, 0, 0, 9, 8, 7]), None));

    let grey: [(u16, &[u16]); 4] = [(BITS, &[8, 8]), (PHOTOMETRIC, &[1]), (SAMPLES, &[2]), (EXTRA, &[2])];
    let picture = read(&tiff_file(false, 2, &[10, 20, 30, 40], &grey));
    assert_eq!((picture.rgb, picture.alpha), (units(&[10, 10, 10, 30, 30, 30]), Some(units(&[20, 40]))));

    let picture = read(&fixture("associated-alpha.tif"));
    let at = picture.alpha.as_ref().unwrap().iter().position(|&a| a < 0.6).unwrap();
    assert_eq!((picture.alpha.unwrap()[at] * 255.0).round(), 128.0);
}

#[test]
fn palettes_are_resolved() {
    let map: Vec<u16> = [[0, 65535, 257], [0, 0, 514], [0, 32896, 771]].concat();
    for (bits, data) in [(8, vec![2, 1, 0]), (4, vec![0x21, 0]), (2, vec![0b10_01_00_00])] {
        let entries = 1 << bits;
        let whole: Vec<u16> = map
            .chunks(3)
            .flat_map(|c| (0..entries).map(|i| c.get(i).copied().unwrap_or(9)).collect::<Vec<_>>())
            .collect();
        let tags: [(u16, &[u16]); 3] = [(BITS, &[bits]), (PHOTOMETRIC, &[3]), (COLOUR_MAP, &whole)];
        let picture = read(&tiff_file(false, 3, &data, &tags));
        assert_eq!(picture.rgb, units(&[1, 2, 3, 255, 0, 128, 0, 0, 0]), "{bits} bits");
    }
    let picture = read(&fixture("palette.tif"));
    let at = (8 * 64 + 8) * 3;
    assert!(levels_apart(&picture.rgb[at..at + 3], &units(&[200, 40, 40])) < 1.5);
}

#[test]
fn jpeg_inside_and_a_thumbnail_before() {
    for name in ["jpeg-in-tiff.tif", "thumbnail-first.tif"] {
        let picture = read(&fixture(name));
        let at = (8 * 64 + 8) * 3;
        assert_eq!((picture.width, picture.height), (64, 48), "{name}");
        assert!(levels_apart(&picture.rgb[at..at + 3], &units(&[200, 40, 40])) < 1.5, "{name}");
    }
}

#[test]
fn what_is_not_read_has_a_name() {
    let grey = [0u8; 8];
    let cases: [(&str, &[(u16, &[u16])]); 8] = [
        ("TIFF with L*a*b* colours", &[(BITS, &[8, 8, 8]), (PHOTOMETRIC, &[8]), (SAMPLES, &[3])]),
        ("TIFF with a camera's raw samples", &[(BITS, &[8]), (PHOTOMETRIC, &[32803])]),
        ("TIFF with JPEG 2000 compression", &[(BITS, &[8]), (PHOTOMETRIC, &[1]), (COMPRESSION, &[34712])]),
        ("TIFF with compression 1234", &[(BITS, &[8]), (PHOTOMETRIC, &[1]), (COMPRESSION, &[1234])]),
        ("TIFF with signed samples", &[(BITS, &[16]), (PHOTOMETRIC, &[1]), (FORMAT, &[2])]),
        ("TIFF with samples of 12 bits", &[(BITS, &[12]), (PHOTOMETRIC, &[1])]),
        ("TIFF with samples of [5, 6, 5] bits", &[(BITS, &[5, 6, 5]), (PHOTOMETRIC, &[2]), (SAMPLES, &[3])]),
        (
            "TIFF with YCbCr colours outside JPEG whose chroma is subsampled",
            &[(BITS, &[8, 8, 8]), (PHOTOMETRIC, &[6]), (SAMPLES, &[3])],
        ),
    ];
    for (name, tags) in cases {
        match decode(&tiff_file(false, 2, &grey, tags), &SMALL) {
            Err(Error::Unsupported(what)) => assert_eq!(what, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}
