//! Weights put on a device as their shards arrive, before the network that they belong to is built. Host memory holds
//! one shard and a small piece of it in numbers, whatever the size of the model.

use crate::compute::Compute;
use crate::ops::Weight;
use crate::weights::shard::{self, ShardPart};
use crate::weights::{TensorSource, join};
use crate::{Error, Result, gpu};
use burn::tensor::Tensor;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

/// Numbers that go to a GPU at a time: 128 KiB of f32. Dozens of them may wait in its queue.
const PIECE: usize = 1 << 15;

/// Tensors of at most this many numbers also stay in host memory (64 KiB of f32), for code that needs the values.
const SMALL: usize = 1 << 14;

/// The part of a model that has arrived.
pub struct Upload {
    compute: Compute,
    parts: BTreeMap<String, Vec<(usize, ShardPart)>>,
    /// Flat; a part names its own by number.
    uploaded: Vec<Option<Weight<1>>>,
    small: BTreeMap<(String, usize), Vec<f32>>,
}

impl Upload {
    /// Nothing yet, for networks that run on `compute`.
    pub fn new(compute: impl Into<Compute>) -> Self {
        Self { compute: compute.into(), parts: BTreeMap::new(), uploaded: Vec::new(), small: BTreeMap::new() }
    }

    /// Takes in a shard of `size` bytes, of which `read` gives any range.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if it is no shard (see [`shard::parse`]), [`Error::Gpu`] if the device has failed.
    pub async fn add(&mut self, size: usize, read: impl Fn(Range<usize>) -> Vec<u8>) -> Result<()> {
        let head = read(0..shard::head_bytes(&read(0..size.min(8)), size));
        for part in shard::parse_head(&head, size)? {
            let small = part.numbers() <= SMALL;
            let mut keep = |numbers: &[f32]| {
                if small {
                    self.small.entry((part.name.clone(), part.index)).or_default().extend(numbers);
                }
            };
            let whole = match &self.compute {
                _ if part.numbers() == 0 => None,
                Compute::Cpu(_) | Compute::Count(_) => {
                    let numbers = part.read(&read);
                    keep(&numbers);
                    Some(self.compute.weight(numbers, [part.numbers()]))
                }
                Compute::Gpu(gpu) => {
                    let whole = gpu::Weight::zeros(gpu, part.numbers());
                    let mut at = 0;
                    for piece in part.cut(PIECE) {
                        let numbers = piece.read(&read);
                        keep(&numbers);
                        whole.write(at, &numbers);
                        at += numbers.len();
                    }
                    Some(Weight::Gpu(whole, [part.numbers()]))
                }
            };
            self.parts.entry(part.name.clone()).or_default().push((self.uploaded.len(), part));
            self.uploaded.push(whole);
        }
        match &self.compute {
            Compute::Cpu(_) | Compute::Count(_) => Ok(()),
            // Otherwise shards would pile up on their way to the device.
            Compute::Gpu(gpu) => gpu.finish().await,
        }
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
    parts: RefCell<Vec<Weight<1>>>,
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

    fn take(&self, name: &str, shape: &[usize]) -> Result<Option<Weight<1>>> {
        let whole = joined(self.find(name, shape)?.parts.take());
        whole.map(Some).ok_or_else(|| Error::Internal(format!("{name} was given away before")))
    }
}

/// One after the other; `None` if there are none.
fn joined(parts: Vec<Weight<1>>) -> Option<Weight<1>> {
    let (mut on_host, mut on_gpu) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Weight::Host(part) => on_host.push(part),
            Weight::Gpu(part, _) => on_gpu.push(part),
        }
    }
    match gpu::Weight::joined(on_gpu) {
        Some(whole) => Some(Weight::Gpu(whole.clone(), [whole.count()])),
        None if on_host.len() > 1 => Some(Tensor::cat(on_host, 0).into()),
        None => on_host.pop().map(Weight::from),
    }
}
