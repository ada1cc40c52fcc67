//! Weights put on a device as their shards arrive, before the network that they belong to is built. Host memory holds
//! one shard and a small piece of it in numbers, whatever the size of the model.

use crate::shard::{self, Part};
use crate::weights::{TensorSource, join};
use crate::{Error, Result, gpu};
use burn::tensor::{Device, Tensor, TensorData};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

/// Numbers that go to a GPU at a time: 1 MiB of f32.
const PIECE: usize = 1 << 18;

/// Tensors of at most this many numbers also stay in host memory (64 KiB of f32), for code that needs the values.
const SMALL: usize = 1 << 14;

/// The part of a model that has arrived.
pub struct Upload {
    device: Device,
    /// Numbers per piece.
    piece: usize,
    parts: BTreeMap<String, Vec<(usize, Part)>>,
    /// Flat, in pieces; a part names its own by number.
    uploaded: Vec<Vec<Tensor<1>>>,
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
            last = pieces.last().cloned().or(last);
            self.parts.entry(part.name.clone()).or_default().push((self.uploaded.len(), part));
            self.uploaded.push(pieces);
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
            let mut pieces = Vec::new();
            for (at, _) in &parts {
                pieces.extend(self.uploaded.get_mut(*at).map(std::mem::take).unwrap_or_default());
            }
            tensors.insert(name, Held { shape, half, host, pieces: RefCell::new(pieces) });
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
    pieces: RefCell<Vec<Tensor<1>>>,
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
        let mut pieces = self.find(name, shape)?.pieces.take();
        match pieces.len() {
            0 => Err(Error::Internal(format!("{name} was given away before"))),
            1 => Ok(pieces.pop()),
            _ => Ok(Some(Tensor::cat(pieces, 0))),
        }
    }
}
