//! JPEG of every kind, beside what libjpeg makes of it. `jpeg_matrix.py` writes the files.

use super::{SMALL, fixture, levels_apart, units};
use resshift::Error;
use resshift::image::decode;
use std::collections::BTreeMap;

/// Numbers of 4 bytes, and strings with their length before them.
struct Pack<'a>(&'a [u8]);

impl<'a> Pack<'a> {
    fn number(&mut self) -> usize {
        let (number, rest) = self.0.split_first_chunk().unwrap();
        self.0 = rest;
        u32::from_le_bytes(*number) as usize
    }

    fn bytes(&mut self) -> &'a [u8] {
        let length = self.number();
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes
    }
}

#[test]
fn jpeg_is_what_libjpeg_makes_of_it_or_an_error_with_a_name() {
    let data = miniz_oxide::inflate::decompress_to_vec_zlib(&fixture("jpeg_matrix.bin")).unwrap();
    let mut pack = Pack(&data);
    let pictures: Vec<&[u8]> = (0..pack.number()).map(|_| pack.bytes()).collect();
    let (mut read, mut unsupported, mut wrong) = (0, BTreeMap::<String, usize>::new(), Vec::new());
    for _ in 0..pack.number() {
        let (name, file) = (str::from_utf8(pack.bytes()).unwrap(), pack.bytes());
        let (width, height, expected) = (pack.number(), pack.number(), pictures[pack.number()]);
        match decode(file, &SMALL) {
            Ok(picture) if (picture.width, picture.height) == (width, height) => {
                read += 1;
                // Programs differ in how they round, and how they enlarge colour, which changes by 3.5 levels a pixel.
                let apart = levels_apart(&picture.rgb, &units(expected));
                let (base, _) = name.split_once(' ').unwrap();
                let whole = base.starts_with("grey") || base.ends_with("-1x1") || base.ends_with("444");
                if apart > if whole { 4.1 } else { 12.1 } {
                    wrong.push(format!("{name}: {apart} levels"));
                }
            }
            Err(Error::Unsupported(what)) => *unsupported.entry(what).or_default() += 1,
            other => wrong.push(format!("{name}: {other:?}")),
        }
    }
    println!("{read} files read, not supported: {unsupported:?}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let names: Vec<&str> = unsupported.keys().map(String::as_str).collect();
    assert_eq!(names, ["JPEG of 12 bits", "JPEG with arithmetic coding"]);
    assert!(read > 1200, "{read}");
}

/// The segments of a file that tell where its scans are.
fn find(file: &[u8], marker: u8) -> usize {
    file.windows(2).position(|pair| pair == [0xFF, marker]).unwrap()
}

#[test]
fn missing_data_before_an_end_marker_is_an_error_and_no_grey_area() {
    for name in ["baseline.jpg", "progressive.jpg", "restart.jpg", "three-scans.jpg"] {
        let file = fixture(name);
        let scan = find(&file, 0xDA) + 14;
        for keep in [0, 10, 40] {
            let cut = [&file[..scan + keep], b"\xFF\xD9"].concat();
            assert_eq!(decode(&cut, &SMALL).unwrap_err().code(), "bad-image", "{name}, {keep} bytes");
        }
    }
}

#[test]
fn a_file_with_very_many_scans_is_refused() {
    let file = fixture("progressive.jpg");
    let (begin, end) = (find(&file, 0xDA), file.len() - 2);
    let many = [&file[..begin], &file[begin..end].repeat(20), &file[end..]].concat();
    let error = decode(&many, &SMALL).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("scans")), ("unsupported-image", true), "{error}");
}
