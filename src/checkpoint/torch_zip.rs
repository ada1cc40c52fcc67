//! PyTorch's container since 1.6: a zip archive with `ROOT/data.pkl` and one stored file `ROOT/data/KEY` per storage.

use super::heap::Heap;
use super::{Bytes, TensorInfo, bad, pickle, state_dict};
use crate::{Error, Result};
use rawzip::{CompressionMethod, ReaderAt, ZipArchive, ZipLocator};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

/// Most files in an archive; a full-size network has 600, with its optimiser 2,000.
const FILES: usize = 1 << 16;

/// How far from the end its directory's end may lie.
const SEARCH: u64 = 1 << 17;

/// The tensors of the archive's state dict.
pub fn open(file: &dyn Bytes) -> Result<Vec<(String, TensorInfo)>> {
    let files = directory(file)?;
    let mut pickles = files.iter().filter(|(name, _)| name.ends_with("/data.pkl"));
    let (Some((path, range)), None) = (pickles.next(), pickles.next()) else {
        return Err(bad("it is a zip archive, but not one that PyTorch wrote"));
    };
    let root = path.strip_suffix("data.pkl").unwrap_or_default();
    if let Some(order) = files.get(&format!("{root}byteorder")) {
        let mut text = [0; 6];
        if order.end - order.start != 6 || file.read_at(order.start, &mut text).is_err() || &text != b"little" {
            return Err(bad("its numbers are stored with their most significant byte first"));
        }
    }
    let mut heap = Heap::default();
    let (value, _) = pickle::read(file, range.start, range.end, &mut heap)?;
    state_dict(&value, &heap, |storage| {
        let key = heap.text(&storage.key).unwrap_or_default();
        let range = files.get(&format!("{root}data/{key}")).ok_or_else(|| bad("its storage is missing"))?;
        if storage.count.checked_mul(storage.kind.size()) != Some(range.end - range.start) {
            return Err(bad("its storage is not as large as it should be"));
        }
        Ok(range.clone())
    })
}

/// Every file of the archive, and which bytes it is.
fn directory(file: &dyn Bytes) -> Result<BTreeMap<String, Range<u64>>> {
    let reader = Reader { file, failed: RefCell::default() };
    let found = list(&reader);
    match reader.failed.take() {
        // The medium has failed, whatever the archive's reader made of it.
        Some(error) => Err(error),
        None => found,
    }
}

fn list(reader: &Reader) -> Result<BTreeMap<String, Range<u64>>> {
    let broken = |e: rawzip::Error| bad(format!("its zip archive is cut short or broken ({e})"));
    let length = reader.file.len();
    let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
    let locator = ZipLocator::new().max_search_space(SEARCH);
    let archive: ZipArchive<&Reader> =
        locator.locate_in_reader(reader, &mut buffer, length).map_err(|(_, e)| broken(e))?;
    let mut found = Vec::new();
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().map_err(broken)? {
        if entry.compression_method() != CompressionMethod::STORE
            || entry.compressed_size_hint() != entry.uncompressed_size_hint()
            || entry.flags().is_encrypted()
        {
            return Err(bad("its zip archive is compressed, which PyTorch's never are; unpack and save it again"));
        }
        let path = entry.file_path();
        let name = std::str::from_utf8(path.as_ref()).map_err(|_| bad("its file names are broken"))?;
        found.push((name.to_string(), entry.wayfinder()));
        if found.len() > FILES {
            return Err(bad("its zip archive has more files than a network needs"));
        }
    }
    let mut files = BTreeMap::new();
    let mut ranges = Vec::with_capacity(found.len());
    for (name, entry) in found {
        let (begin, end) = archive.get_entry(entry).map_err(broken)?.compressed_data_range();
        if begin > end || end > length {
            return Err(bad("its zip archive is cut short"));
        }
        ranges.push((begin, end));
        if files.insert(name, begin..end).is_some() {
            return Err(bad("its zip archive has two files of one name"));
        }
    }
    ranges.retain(|(begin, end)| begin < end);
    ranges.sort_unstable();
    if ranges.windows(2).any(|pair| pair[0].1 > pair[1].0) {
        return Err(bad("the files of its zip archive overlap"));
    }
    Ok(files)
}

/// The file for the archive's reader; keeps the first error of ours.
struct Reader<'a> {
    file: &'a dyn Bytes,
    failed: RefCell<Option<Error>>,
}

impl ReaderAt for Reader<'_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = self.file.len().saturating_sub(offset).min(buffer.len() as u64) as usize;
        let part = buffer.get_mut(..rest).unwrap_or_default();
        self.file.read_at(offset, part).map_err(|error| {
            let text = error.to_string();
            self.failed.borrow_mut().get_or_insert(error);
            io::Error::other(text)
        })?;
        Ok(rest)
    }
}
