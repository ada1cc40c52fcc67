//! PyTorch's container before 1.6: five pickles (magic number, protocol, the writer's number formats, the state dict, the
//! storages' keys), then each storage in the order of the keys: its count, 8 bytes, and its numbers.

use super::heap::{Heap, Storage, Value};
use super::{Bytes, TensorInfo, bad, pickle, state_dict};
use crate::Result;
use std::collections::BTreeMap;
use std::ops::Range;

/// The only version of this format.
const PROTOCOL: i64 = 1001;

/// The tensors of the file's state dict.
pub fn open(file: &dyn Bytes) -> Result<Vec<(String, TensorInfo)>> {
    let mut heap = Heap::default();
    let mut position = 0;
    let mut next = |heap: &mut Heap| -> Result<Value> {
        let (value, end) = pickle::read(file, position, file.len(), heap)?;
        position = end;
        Ok(value)
    };
    let unknown = || bad("it is a pickle, but not one that PyTorch wrote");
    if next(&mut heap)? != Value::Magic || next(&mut heap)? != Value::Int(PROTOCOL) {
        return Err(unknown());
    }
    let formats = next(&mut heap)?;
    let formats = heap.dict(&formats).ok_or_else(unknown)?;
    let little = formats.iter().find(|(key, _)| heap.text(key) == Some("little_endian"));
    if little.is_none_or(|&(_, value)| value != Value::Bool(true)) {
        return Err(bad("its numbers are stored with their most significant byte first"));
    }
    let root = next(&mut heap)?;
    let keys = next(&mut heap)?;

    let mut claimed: BTreeMap<&str, &Storage> = BTreeMap::new();
    for storage in &heap.storages {
        let key = heap.text(&storage.key).unwrap_or_default();
        let first = claimed.entry(key).or_insert(storage);
        if (first.kind, first.count) != (storage.kind, storage.count) {
            return Err(bad(format!("its storage {} has two sizes", shown(key))));
        }
    }
    let mut found: BTreeMap<&str, Range<u64>> = BTreeMap::new();
    for key in heap.sequence(&keys).ok_or_else(unknown)? {
        let key = heap.text(key).ok_or_else(unknown)?;
        let storage = claimed.get(key).ok_or_else(unknown)?;
        let mut count = [0; 8];
        file.read_at(position, &mut count)?;
        let begin = position.saturating_add(8);
        let size = storage.count.checked_mul(storage.kind.size());
        let end = size.and_then(|size| begin.checked_add(size));
        let Some(end) = end.filter(|&end| end <= file.len() && u64::from_le_bytes(count) == storage.count) else {
            return Err(bad("its storages are cut short or broken"));
        };
        if found.insert(key, begin..end).is_some() {
            return Err(bad(format!("its storage {} occurs twice", shown(key))));
        }
        position = end;
    }
    state_dict(&root, &heap, |storage| {
        let key = heap.text(&storage.key).unwrap_or_default();
        found.get(key).cloned().ok_or_else(|| bad("its storage is missing"))
    })
}

fn shown(key: &str) -> String {
    key.escape_default().take(40).collect()
}
