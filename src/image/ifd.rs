//! The directories of TIFF files, which EXIF data consists of as well (TIFF 6.0, section 2; BigTIFF).

/// The most directories of a file that are looked at.
const MAX_DIRECTORIES: usize = 1000;

/// A file, or EXIF data, whose header has been read.
#[derive(Debug, Clone, Copy)]
pub struct TiffFile<'a> {
    /// All of it.
    pub bytes: &'a [u8],
    little: bool,
    /// 8 bytes for counts and offsets instead of 4.
    big: bool,
}

/// One entry of a directory.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What it tells.
    pub tag: u16,
    /// Type of its values.
    pub kind: u16,
    /// How many values it has.
    pub count: usize,
    /// Where they begin.
    pub at: usize,
    /// Where the entry itself begins.
    pub begin: usize,
}

impl Entry {
    /// Bytes of all values.
    pub fn size(&self) -> Option<usize> {
        let one = match self.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16..=18 => 8,
            _ => return None,
        };
        self.count.checked_mul(one)
    }
}

/// The entries of a directory, and where the next one is.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// In the file's order. Their values lie inside the file.
    pub entries: Vec<Entry>,
    /// Where entries begin that were left out.
    pub broken: Vec<usize>,
    /// Where the next directory's position stands, and that position; 0: there is none.
    pub next: (usize, usize),
}

impl Directory {
    /// The first entry with this tag.
    pub fn find(&self, tag: u16) -> Option<Entry> {
        self.entries.iter().find(|entry| entry.tag == tag).copied()
    }
}

impl<'a> TiffFile<'a> {
    /// `None` without a header.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let (little, big) = match bytes.first_chunk()? {
            b"II\x2A\0" => (true, false),
            b"MM\0\x2A" => (false, false),
            b"II\x2B\0" => (true, true),
            b"MM\0\x2B" => (false, true),
            _ => return None,
        };
        Some(Self { bytes, little, big })
    }

    /// Whether values have this byte order.
    pub fn is_little(&self) -> bool {
        self.little
    }

    /// An unsigned number of 1 to 8 bytes.
    fn number_at(&self, at: usize, size: usize) -> Option<usize> {
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        let join = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
        let value = if self.little { bytes.iter().rev().fold(0, join) } else { bytes.iter().fold(0, join) };
        usize::try_from(value).ok()
    }

    /// Where the position of the first directory stands, in how many bytes.
    pub fn first_pointer(&self) -> (usize, usize) {
        if self.big { (8, 8) } else { (4, 4) }
    }

    /// Where the first directory is.
    pub fn first(&self) -> Option<usize> {
        let (at, size) = self.first_pointer();
        self.number_at(at, size)
    }

    /// The directory at this position. Entries that point out of the file are left out.
    pub fn directory(&self, at: usize) -> Option<Directory> {
        let (head, pointer, length) = if self.big { (8, 8, 20) } else { (2, 4, 12) };
        let count = self.number_at(at, head)?;
        let begin = at.checked_add(head)?;
        let end = count.checked_mul(length)?.checked_add(begin)?;
        if end > self.bytes.len() {
            return None;
        }
        let entry = |begin: usize| {
            let (tag, kind) = (self.number_at(begin, 2)? as u16, self.number_at(begin + 2, 2)? as u16);
            let mut entry =
                Entry { tag, kind, count: self.number_at(begin + 4, pointer)?, at: begin + 4 + pointer, begin };
            let size = entry.size()?;
            if size > pointer {
                entry.at = self.number_at(entry.at, pointer)?;
            }
            (entry.at.checked_add(size)? <= self.bytes.len()).then_some(entry)
        };
        let (mut entries, mut broken) = (Vec::new(), Vec::new());
        for begin in (begin..end).step_by(length) {
            entry(begin).map_or_else(|| broken.push(begin), |entry| entries.push(entry));
        }
        Some(Directory { entries, broken, next: (end, self.number_at(end, pointer).unwrap_or(0)) })
    }

    /// The first directory and those that follow it, with their positions.
    pub fn directories(&self) -> impl Iterator<Item = (usize, Directory)> {
        let mut next = self.first().unwrap_or(0);
        std::iter::from_fn(move || {
            let at = (next > 0).then_some(next)?;
            let directory = self.directory(at)?;
            next = directory.next.1;
            Some((at, directory))
        })
        .take(MAX_DIRECTORIES)
    }

    /// An entry's values as bytes.
    pub fn bytes_of(&self, entry: Entry) -> Option<&'a [u8]> {
        self.bytes.get(entry.at..entry.at.checked_add(entry.size()?)?)
    }

    /// An entry's unsigned values.
    pub fn numbers(&self, entry: Entry) -> Option<Vec<usize>> {
        let size = match entry.kind {
            1 | 7 => 1,
            3 => 2,
            4 | 13 => 4,
            16 | 18 => 8,
            _ => return None,
        };
        let values = self.bytes_of(entry)?.len() / size;
        (0..values).map(|i| self.number_at(entry.at + i * size, size)).collect()
    }

    /// The first unsigned value of the tag.
    pub fn number(&self, directory: &Directory, tag: u16) -> Option<usize> {
        self.numbers(directory.find(tag)?)?.first().copied()
    }

    /// The first value of a tag with fractions.
    pub fn fraction(&self, directory: &Directory, tag: u16) -> Option<f64> {
        let entry = directory.find(tag).filter(|entry| entry.kind == 5 && entry.count > 0)?;
        let (above, below) = (self.number_at(entry.at, 4)?, self.number_at(entry.at + 4, 4)?);
        (below > 0).then(|| above as f64 / below as f64)
    }
}
