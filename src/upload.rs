//! Weights put on a device as their shards arrive, before the network that they belong to is built. Host memory holds
//! one shard and a small piece of it in numbers, whatever the size of the model.

use crate::shard::{self, Part};
use crate::weights::{TensorSource, join};
use crate::{Error, Result, gpu};
use burn::tensor::{Device, Tensor, TensorData};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

/// Numbers that go to a GPU at a time: 128 KiB of f32. Dozens of them may wait in its queue.
const PIECE: usize = 1 << 15;

/// Tensors of at most this many numbers also stay in host memory (64 KiB of f32), for code that needs the values.
const SMALL: usize = 1 << 14;

/// The part of a model that has arrived.
pub struct Upload {
    device: Device,
    /// Numbers per piece.
    piece: usize,
    parts: BTreeMap<String, Vec<(usize, Part)>>,
    /// Flat; a part names its own by number.
    uploaded: Vec<Option<Tensor<1>>>,
    small: BTreeMap<(String, usize), Vec<f32>>,
}

impl Upload {
    /// Nothing yet, for `device`.
    pub fn new(device: &Device) -> Self {
        // A CPU keeps the numbers as they come: pieces would have to be joined again.
        let on_gpu = gpu::holds(&Tensor::<1>::zeros([1], device));
        let piece = if on_gpu { PIECE } else { usize::MAX };
        Self { device: device.clone(), piece, parts: BTreeMap::new(), uploaded: Vec::new(), small: BTreeMap::new() }
    }

    /// Takes in a shard of `size` bytes, of which `read` gives any range.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if it is no shard (see [`shard::parse`]), [`Error::Gpu`] if the device has failed.
    pub async fn add(&mut self, size: usize, read: impl Fn(Range<usize>) -> Vec<u8>) -> Result<()> {
        let head = read(0..shard::head_bytes(&read(0..size.min(8)), size));
        let mut last = None;
        for part in shard::parse_head(&head, size)? {
            let mut pieces = Vec::new();
            for piece in part.cut(self.piece).filter(|piece| piece.numbers() > 0) {
                let numbers = piece.read(&read);
                if part.numbers() <= SMALL {
                    self.small.entry((part.name.clone(), part.index)).or_default().extend(&numbers);
                }
                let count = numbers.len();
                pieces.push(Tensor::from_data(TensorData::new(numbers, [count]), &self.device));
            }
            let whole = joined(pieces);
            last = whole.clone().or(last);
            self.parts.entry(part.name.clone()).or_default().push((self.uploaded.len(), part));
            self.uploaded.push(whole);
        }
        // Reading a number back waits for the device: otherwise shards would pile up on their way to it.
        if let Some(last) = last {
            last.slice([0..1]).into_data_async().await.map_err(|e| Error::Gpu(format!("uploading failed ({e:?})")))?;
        }
        Ok(())
    }

    /// All tensors, whole.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if parts are missing or do not fit together.
    pub fn finish(mut self) -> Result<Uploaded> {
        let mut tensors = BTreeMap::new();
        for (name, parts) in std::mem::take(&mut self.parts) {
            let (parts, shape) = join(&name, parts)?;
            let half = parts.iter().all(|(_, part)| part.is_half());
            let numbers = parts.iter().map(|(_, part)| self.small.remove(&(name.clone(), part.index)));
            let host = numbers.collect::<Option<Vec<_>>>().map(|numbers| numbers.concat());
            let uploaded = parts.iter().filter_map(|(at, _)| self.uploaded.get_mut(*at)?.take()).collect();
            tensors.insert(name, Held { shape, half, host, parts: RefCell::new(uploaded) });
        }
        Ok(Uploaded { tensors })
    }
}

/// The tensors of an [`Upload`]. Each is given away once, so that a network built from them holds the only copy.
pub struct Uploaded {
    tensors: BTreeMap<String, Held>,
}

struct Held {
    shape: Vec<usize>,
    half: bool,
    host: Option<Vec<f32>>,
    parts: RefCell<Vec<Tensor<1>>>,
}

impl Uploaded {
    fn find(&self, name: &str, shape: &[usize]) -> Result<&Held> {
        let held = self.tensors.get(name).ok_or_else(|| Error::BadWeights(format!("{name} is missing")))?;
        if held.shape != shape {
            return Err(Error::BadWeights(format!("{name} has shape {:?}, expected {shape:?}", held.shape)));
        }
        Ok(held)
    }
}

impl TensorSource for Uploaded {
    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let held = self.find(name, shape)?;
        held.host.clone().ok_or_else(|| Error::Internal(format!("{name} is on the device only")))
    }

    fn is_half(&self, name: &str) -> bool {
        self.tensors.get(name).is_some_and(|held| held.half)
    }

    fn take(&self, name: &str, shape: &[usize]) -> Result<Option<Tensor<1>>> {
        let whole = joined(self.find(name, shape)?.parts.take());
        whole.map(Some).ok_or_else(|| Error::Internal(format!("{name} was given away before")))
    }
}

fn joined(mut parts: Vec<Tensor<1>>) -> Option<Tensor<1>> {
    if parts.len() > 1 { Some(Tensor::cat(parts, 0)) } else { parts.pop() }
}
