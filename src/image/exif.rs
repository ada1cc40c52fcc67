//! EXIF data made true of a result (Exif 2.32): turned pixels, another size, no thumbnail. It is changed in place, since
//! makers' notes hold positions in it.

use super::Density;
use super::ifd::{Directory, Entry, TiffFile};

const ORIENTATION: u16 = 0x0112;
const X_RESOLUTION: u16 = 0x011A;
const Y_RESOLUTION: u16 = 0x011B;
const RESOLUTION_UNIT: u16 = 0x0128;
const THUMBNAIL: u16 = 0x0201;
const THUMBNAIL_SIZE: u16 = 0x0202;
const EXIF: u16 = 0x8769;
const GPS: u16 = 0x8825;
const INTEROPERABILITY: u16 = 0xA005;
const IPTC: u16 = 0x83BB;
const XMP: u16 = 0x02BC;
/// Width and height, in the first directory and in EXIF's own.
const SIZES: [(u16, u16); 2] = [(0x0100, 0x0101), (0xA002, 0xA003)];

/// Tags of a TIFF file's first directory that describe the picture, not how it is stored.
const DESCRIPTIVE: [u16; 16] = [
    0x010E,
    0x010F,
    0x0110,
    ORIENTATION,
    X_RESOLUTION,
    Y_RESOLUTION,
    RESOLUTION_UNIT,
    0x0131,
    0x0132,
    0x013B,
    0x013C,
    0x4746,
    0x4749,
    0x8298,
    EXIF,
    GPS,
];

/// Pixels are turned as the orientation says, and have no thumbnail.
pub fn upright(exif: &mut Vec<u8>) {
    let Some(file) = TiffFile::new(exif) else { return };
    let first: Vec<(usize, Directory)> = file.directories().take(2).collect();
    let mut writes: Vec<(Entry, usize)> = Vec::new();
    let (mut cut, mut end) = (None, None);
    if let Some((_, directory)) = first.first() {
        writes.extend(directory.find(ORIENTATION).map(|entry| (entry, 1)));
        cut = (directory.next.1 > 0).then_some(directory.next.0);
    }
    if let Some((at, directory)) = first.get(1) {
        let (begin, size) = (file.number(directory, THUMBNAIL), file.number(directory, THUMBNAIL_SIZE));
        if let (Some(begin), Some(size)) = (begin, size) {
            end = Some((begin, begin.saturating_add(size).min(exif.len()), *at));
        }
    }
    let little = file.is_little();
    for (entry, value) in writes {
        put(exif, little, entry, value);
    }
    if let Some(at) = cut {
        exif[at..at + 4].fill(0);
    }
    if let Some((begin, finish, directory)) = end.filter(|(begin, finish, _)| begin < finish) {
        exif[begin..finish].fill(0);
        // Usually nothing comes after the thumbnail, and only it after its directory.
        if finish == exif.len() {
            exif.truncate(if directory < begin && nothing_else_behind(exif, directory) { directory } else { begin });
        }
    }
}

/// Whether no value of the directories that stay lies behind `at`.
fn nothing_else_behind(exif: &[u8], at: usize) -> bool {
    let Some(file) = TiffFile::new(exif) else { return false };
    let own: Vec<Directory> = all(&file);
    own.iter().flat_map(|directory| &directory.entries).all(|e| e.at + e.size().unwrap_or(0) <= at && e.begin < at)
        && own.iter().all(|directory| directory.next.0 + 4 <= at)
}

/// The first directory and those inside it.
fn all(file: &TiffFile<'_>) -> Vec<Directory> {
    let Some((_, first)) = file.directories().next() else { return Vec::new() };
    let inside = |directory: &Directory, tag| file.number(directory, tag).and_then(|at| file.directory(at));
    let mut found: Vec<Directory> = [EXIF, GPS].iter().filter_map(|&tag| inside(&first, tag)).collect();
    found.extend(inside(&first, EXIF).and_then(|exif| inside(&exif, INTEROPERABILITY)));
    found.insert(0, first);
    found
}

/// Sizes that it tells become these.
pub fn resize(exif: &mut [u8], width: usize, height: usize) {
    let Some(file) = TiffFile::new(exif) else { return };
    let mut writes = Vec::new();
    for (directory, (across, down)) in all(&file).iter().take(2).zip(SIZES) {
        writes.extend(directory.find(across).map(|entry| (entry, width)));
        writes.extend(directory.find(down).map(|entry| (entry, height)));
    }
    let little = file.is_little();
    for (entry, value) in writes {
        put(exif, little, entry, value);
    }
}

/// Writes one unsigned number of 16 or 32 bits: an entry of another kind, or several values, stays. A short entry whose
/// number needs more becomes a long one.
fn put(exif: &mut [u8], little: bool, entry: Entry, value: usize) {
    if entry.count != 1 || ![3, 4].contains(&entry.kind) {
        return;
    }
    let kind: u16 = if value > usize::from(u16::MAX) { 4 } else { entry.kind };
    let Ok(value) = u32::try_from(value) else { return };
    let sixteen = |value: u16| if little { value.to_le_bytes() } else { value.to_be_bytes() };
    let number = match kind {
        3 => [sixteen(value as u16), [0; 2]].concat(),
        _ if little => value.to_le_bytes().to_vec(),
        _ => value.to_be_bytes().to_vec(),
    };
    exif[entry.begin + 2..entry.begin + 4].copy_from_slice(&sixteen(kind));
    exif[entry.begin + 8..entry.begin + 12].copy_from_slice(&number);
}

/// What its first directory says of the pixels' density.
pub fn density(file: &TiffFile<'_>) -> Option<Density> {
    let (_, first) = file.directories().next()?;
    density_of(file, &first)
}

/// What a directory says of the pixels' density.
pub fn density_of(file: &TiffFile<'_>, directory: &Directory) -> Option<Density> {
    let (x, y) = (file.fraction(directory, X_RESOLUTION)?, file.fraction(directory, Y_RESOLUTION)?);
    let density = match file.number(directory, RESOLUTION_UNIT).unwrap_or(2) {
        2 => Density::per_inch(x, y),
        3 => Density::per_centimetre(x, y),
        _ => Density { x: x as u32, y: y as u32, absolute: false },
    };
    Some(density)
}

/// The metadata of a TIFF file's directory as EXIF data, XMP and IPTC.
pub fn of_tiff(file: &TiffFile<'_>, directory: &Directory) -> [Option<Vec<u8>>; 3] {
    let raw = |tag| directory.find(tag).and_then(|entry| file.bytes_of(entry)).map(<[u8]>::to_vec);
    let inside = |tag| file.number(directory, tag).and_then(|at| file.directory(at));
    let (exif, gps) = (inside(EXIF), inside(GPS));
    // Density is told by every format itself, and turned pixels have no orientation.
    let says_more =
        |tag| DESCRIPTIVE.contains(&tag) && !(X_RESOLUTION..=RESOLUTION_UNIT).contains(&tag) && tag != ORIENTATION;
    let exif = directory.entries.iter().any(|entry| says_more(entry.tag)).then(|| block(file, directory, exif, gps));
    [exif.flatten(), raw(XMP), raw(IPTC)]
}

/// EXIF data that holds IPTC data too, where a format has no other place for it. Its first directory is written anew behind
/// everything, so that nothing else moves. `None` if the data given cannot be read.
pub fn with_iptc(exif: Option<&[u8]>, iptc: &[u8]) -> Option<Vec<u8>> {
    const NONE: &[u8] = b"II\x2A\0\x08\0\0\0\0\0\0\0\0\0";
    let file = TiffFile::new(exif.unwrap_or(NONE)).filter(|file| file.first_pointer() == (4, 4))?;
    let (_, first) = file.directories().next()?;
    let kept = first.entries.iter().filter(|entry| entry.tag != IPTC);
    let mut rows: Vec<Row<'_>> =
        kept.filter_map(|&e| Some((e.tag, e.kind, u32::try_from(e.count).ok()?, file.bytes_of(e)?.into()))).collect();
    rows.push((IPTC, 7, u32::try_from(iptc.len()).ok()?, iptc.into()));
    rows.sort_by_key(|row| row.0);
    let mut out = file.bytes.to_vec();
    out.resize(out.len().next_multiple_of(2), 0);
    let at = u32::try_from(out.len()).ok()?;
    let table = table(&rows, out.len(), file.is_little())?;
    out.extend(table);
    out[4..8].copy_from_slice(&if file.is_little() { at.to_le_bytes() } else { at.to_be_bytes() });
    Some(out)
}

/// IPTC data in EXIF data.
pub fn iptc(file: &TiffFile<'_>) -> Option<Vec<u8>> {
    let (_, first) = file.directories().next()?;
    first.find(IPTC).and_then(|entry| file.bytes_of(entry)).map(<[u8]>::to_vec)
}

/// Tag, type, number of values, and their bytes.
type Row<'a> = (u16, u16, u32, std::borrow::Cow<'a, [u8]>);

/// The descriptive part of `directory` with EXIF's directory and that of positions, in the byte order of `file`.
fn block(
    file: &TiffFile<'_>,
    directory: &Directory,
    exif: Option<Directory>,
    gps: Option<Directory>,
) -> Option<Vec<u8>> {
    const HEADER: usize = 8;
    let little = file.is_little();
    let number = |value: usize| {
        let value = u32::try_from(value).ok()?;
        Some(if little { value.to_le_bytes() } else { value.to_be_bytes() })
    };
    let rows = |directory: &Directory, keep: &dyn Fn(u16) -> bool| -> Vec<Row<'_>> {
        // Types from 16 on are BigTIFF's own.
        let kept = directory.entries.iter().filter(|entry| keep(entry.tag) && entry.kind < 16);
        kept.filter_map(|&e| Some((e.tag, e.kind, u32::try_from(e.count).ok()?, file.bytes_of(e)?.into()))).collect()
    };
    // Directories still further inside would need their own place; nobody reads them.
    let inner =
        [(EXIF, exif), (GPS, gps)].map(|(tag, found)| Some((tag, rows(&found?, &|tag| tag != INTEROPERABILITY))));
    let mut first = rows(directory, &|tag| DESCRIPTIVE.contains(&tag) && tag != EXIF && tag != GPS);
    let size_of = |rows: &[Row<'_>]| table(rows, 0, little).map(|table| table.len());
    let mut at = HEADER + size_of(&first)? + 12 * inner.iter().flatten().count();
    let mut behind = Vec::new();
    for (tag, rows) in inner.into_iter().flatten() {
        first.push((tag, 4, 1, number(at)?.to_vec().into()));
        let table = table(&rows, at, little)?;
        at += table.len();
        behind.extend(table);
    }
    first.sort_by_key(|row| row.0);
    let magic: &[u8] = if little { b"II\x2A\0" } else { b"MM\0\x2A" };
    Some([magic, &number(HEADER)?, &table(&first, HEADER, little)?, &behind].concat())
}

/// A directory at the position `at`, its values behind it.
fn table(rows: &[Row<'_>], at: usize, little: bool) -> Option<Vec<u8>> {
    let sixteen = |value: u16| if little { value.to_le_bytes() } else { value.to_be_bytes() };
    let long = |value: u32| if little { value.to_le_bytes() } else { value.to_be_bytes() };
    let mut out = sixteen(u16::try_from(rows.len()).ok()?).to_vec();
    let mut values = Vec::new();
    let begin = at + 2 + 12 * rows.len() + 4;
    for (tag, kind, count, bytes) in rows {
        out.extend([&sixteen(*tag)[..], &sixteen(*kind), &long(*count)].concat());
        let mut place = [0; 4];
        if bytes.len() > 4 {
            place = long(u32::try_from(begin + values.len()).ok()?);
            values.extend_from_slice(bytes);
            values.resize(values.len().next_multiple_of(2), 0);
        } else {
            place[..bytes.len()].copy_from_slice(bytes);
        }
        out.extend(place);
    }
    out.extend([0; 4]);
    out.extend(values);
    Some(out)
}
