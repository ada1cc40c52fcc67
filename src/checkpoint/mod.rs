//! Checkpoint files of PyTorch and safetensors, read without running or trusting anything in them.
//!
//! | file | what |
//! |---|---|
//! | `bytes.rs` | [`Bytes`]: a file that is read piece by piece |
//! | `pickle.rs` | the few opcodes and constructors that tensors need; everything else is refused |
//! | `heap.rs`, `input.rs` | what a pickle builds; its bytes |
//! | `torch_zip.rs`, `torch_legacy.rs`, `safetensors.rs` | the three containers |
//! | `tensor.rs` | one tensor: where its numbers lie, checked against the file |
//!
//! Opening a file reads its index only. Every size that a file claims is compared with the file before memory is taken
//! for it.

mod bytes;
mod heap;
mod input;
mod pickle;
mod safetensors;
mod tensor;
mod torch_legacy;
mod torch_zip;

pub use bytes::Bytes;
pub use tensor::{Kind, TensorInfo};

use crate::{Error, Result};
use heap::{Heap, Storage, Value};
use std::collections::BTreeMap;

const UNKNOWN: &str = "it is neither a PyTorch checkpoint nor a safetensors file";

/// Prefixes that training wrappers put before every name.
const WRAPPERS: [&str; 2] = ["module.", "_orig_mod."];

/// Where a training checkpoint keeps its state dict.
const STATE_DICT: &str = "state_dict";

/// The tensors of a checkpoint by name, without wrappers' prefixes.
pub struct Checkpoint<'a> {
    file: &'a dyn Bytes,
    tensors: BTreeMap<String, TensorInfo>,
}

impl<'a> Checkpoint<'a> {
    /// Reads the index of a `.pth` file (a zip archive, or as PyTorch wrote them before 1.6) or a safetensors file: a
    /// plain state dict, or one under `state_dict` beside whatever a training run has kept.
    ///
    /// # Errors
    /// [`Error::BadCheckpoint`] if it is none of these, is cut short, asks for anything but tensors, or names numbers
    /// that it does not hold; whatever `file` returns.
    pub fn open(file: &'a dyn Bytes) -> Result<Self> {
        let mut head = [0; 9];
        if file.len() < head.len() as u64 {
            return Err(bad(UNKNOWN));
        }
        file.read_at(0, &mut head)?;
        let named = match head {
            [b'P', b'K', 3, 4, ..] => torch_zip::open(file)?,
            // Before the brace stands a length, which may look like a pickle.
            [0x80, 2..=5, .., last] if last != b'{' => torch_legacy::open(file)?,
            _ => safetensors::open(file)?,
        };
        if named.is_empty() {
            return Err(bad("it holds no tensors"));
        }
        let mut tensors = BTreeMap::new();
        for (name, tensor) in named {
            let mut name = name.as_str();
            while let Some(rest) = WRAPPERS.iter().find_map(|wrapper| name.strip_prefix(wrapper)) {
                name = rest;
            }
            if tensors.insert(name.to_string(), tensor).is_some() {
                return Err(bad(format!("{name} occurs twice")));
            }
        }
        Ok(Self { file, tensors })
    }

    /// All names and tensors, sorted.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &TensorInfo)> {
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// A tensor by name.
    pub fn get(&self, name: &str) -> Option<&TensorInfo> {
        self.tensors.get(name)
    }

    /// Numbers `begin..end` of a tensor of floating-point numbers in row-major order, as f32.
    ///
    /// # Errors
    /// [`Error::BadCheckpoint`] if there are no such numbers, or one of them is not finite.
    pub fn read(&self, name: &str, begin: usize, end: usize) -> Result<Vec<f32>> {
        let tensor = self.get(name).ok_or_else(|| bad(format!("{name} is missing")))?;
        let values = tensor.read_f32(self.file, begin, end).map_err(|e| at(name, e))?;
        if values.iter().any(|value| !value.is_finite()) {
            return Err(bad(format!("{name} holds numbers that are not finite")));
        }
        Ok(values)
    }

    /// All numbers of a tensor of whole numbers, in row-major order.
    ///
    /// # Errors
    /// [`Error::BadCheckpoint`] if it is missing or holds other numbers.
    pub fn read_integers(&self, name: &str) -> Result<Vec<i64>> {
        let tensor = self.get(name).ok_or_else(|| bad(format!("{name} is missing")))?;
        tensor.read_integers(self.file).map_err(|e| at(name, e))
    }
}

/// An error of the checkpoint, in the words of [`Error::BadCheckpoint`].
fn bad(reason: impl Into<String>) -> Error {
    Error::BadCheckpoint(reason.into())
}

fn at(name: &str, error: Error) -> Error {
    match error {
        Error::BadCheckpoint(reason) => bad(format!("{name}: {reason}")),
        other => other,
    }
}

/// The state dict of what a pickle holds: the value itself, or what it names so. `locate` finds a storage's bytes.
fn state_dict(
    root: &Value,
    heap: &Heap,
    locate: impl Fn(&Storage) -> Result<std::ops::Range<u64>>,
) -> Result<Vec<(String, TensorInfo)>> {
    let root = heap.dict(root).ok_or_else(|| bad("it holds no state dict"))?;
    let inner = root.iter().find(|(key, _)| heap.text(key) == Some(STATE_DICT)).and_then(|(_, value)| heap.dict(value));
    let mut named = BTreeMap::new();
    for (key, value) in inner.unwrap_or(root) {
        let (Some(name), Some(tensor)) = (heap.text(key), heap.tensor(value)) else { continue };
        let storage = heap.storage(tensor).ok_or_else(|| bad(format!("{name} has no storage")))?;
        let range = locate(storage).map_err(|e| at(name, e))?;
        let info = TensorInfo::strided(storage.kind, range, tensor.offset, &tensor.shape, &tensor.strides);
        // Before names are copied: each then has its own text in the file.
        if named.insert(name, info.map_err(|e| at(name, e))?).is_some() {
            return Err(bad(format!("{name} occurs twice")));
        }
    }
    Ok(named.into_iter().map(|(name, info)| (name.to_string(), info)).collect())
}
