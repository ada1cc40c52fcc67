//! Named weight tensors on their way from a file to a device.

use crate::compute::Compute;
use crate::ops::Weight;
use crate::ops::tap::{Observer, Tap};
use crate::weights::shard::{self, ShardPart};
use crate::{Error, Result};
use burn::tensor::{Tensor, TensorData};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Where weights come from.
pub trait TensorSource {
    /// The tensor `name` as f32 in row-major order, of exactly this `shape`.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if it is missing or shaped otherwise.
    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>>;

    /// Whether every number of the tensor is an f16 number, so that nothing is lost if it stays one.
    fn is_half(&self, _name: &str) -> bool {
        false
    }

    /// The tensor, flat, if the source has put it on the device already. It gives it away: once.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn take(&self, _name: &str, _shape: &[usize]) -> Result<Option<Weight<1>>> {
        Ok(None)
    }
}

/// The same numbers, all of them kept in f32.
pub struct KeepF32<T>(pub T);

impl<T: TensorSource> TensorSource for KeepF32<T> {
    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.0.read(name, shape)
    }

    fn take(&self, name: &str, shape: &[usize]) -> Result<Option<Weight<1>>> {
        self.0.take(name, shape)
    }
}

/// Tensors by name, read below a prefix and put on one device.
#[derive(Clone)]
pub struct Weights {
    source: Rc<dyn TensorSource>,
    prefix: String,
    compute: Compute,
    leaves: Rc<RefCell<BTreeMap<String, Leaf>>>,
    observer: Option<Observer>,
}

/// A weight as an autodiff leaf, for gradients in tests; rank is erased to the flat form.
pub type Leaf = Tensor<1>;

impl Weights {
    /// All tensors of `source`, for networks that run on `compute`.
    pub fn new(source: impl TensorSource + 'static, compute: impl Into<Compute>) -> Self {
        Self {
            source: Rc::new(source),
            prefix: String::new(),
            compute: compute.into(),
            leaves: Rc::default(),
            observer: None,
        }
    }

    /// The same tensors; networks built from them show their intermediate results to `observer`.
    pub fn observed(self, observer: impl Fn(&str, &Tensor<4>) + 'static) -> Self {
        Self { observer: Some(Rc::new(observer)), ..self }
    }

    /// A point of the network named after this prefix.
    pub fn tap(&self) -> Tap {
        Tap::new(self.prefix.trim_end_matches('.'), self.observer.as_ref())
    }

    /// The tensors whose names start with `name` and a dot.
    pub fn at(&self, name: impl AsRef<str>) -> Self {
        Self { prefix: format!("{}{}.", self.prefix, name.as_ref()), ..self.clone() }
    }

    /// Where the networks run.
    pub fn compute(&self) -> &Compute {
        &self.compute
    }

    /// The tensor as plain numbers, row-major.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if it is missing or has another shape.
    pub fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.source.read(&format!("{}{name}", self.prefix), shape)
    }

    /// Whether every number of the tensor is an f16 number.
    pub fn is_half(&self, name: &str) -> bool {
        self.source.is_half(&format!("{}{name}", self.prefix))
    }

    /// The tensor on the device. On an autodiff device it is a leaf whose gradient [`Self::leaves`] finds.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if it is missing or has another shape.
    pub fn tensor<const D: usize>(&self, name: &str, shape: [usize; D]) -> Result<Weight<D>> {
        if let Some(flat) = self.source.take(&format!("{}{name}", self.prefix), &shape)? {
            return Ok(flat.reshape(shape));
        }
        let data = self.read(name, &shape)?;
        let count = data.len();
        match &self.compute {
            Compute::Cpu(device) if device.is_autodiff() => {
                let flat = Tensor::<1>::from_data(TensorData::new(data, [count]), device).require_grad();
                self.leaves.borrow_mut().insert(format!("{}{name}", self.prefix), flat.clone());
                Ok(flat.reshape(shape).into())
            }
            compute => Ok(compute.weight(data, shape)),
        }
    }

    /// Every weight handed out so far by [`Self::tensor`] on an autodiff device, flat, by full name.
    pub fn leaves(&self) -> BTreeMap<String, Leaf> {
        self.leaves.borrow().clone()
    }
}

/// The tensors of shards (see [`crate::weights::shard`]) held in memory.
pub struct SafetensorsSource {
    shards: Vec<Vec<u8>>,
    index: BTreeMap<String, Entry>,
}

struct Entry {
    /// Which shard each part lies in, and the part.
    parts: Vec<(usize, ShardPart)>,
    shape: Vec<usize>,
}

impl SafetensorsSource {
    /// Checks and indexes the shards.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if a header is broken, a name occurs twice, or parts do not fit together.
    pub fn new(shards: Vec<Vec<u8>>) -> Result<Self> {
        let mut found: BTreeMap<String, Vec<(usize, ShardPart)>> = BTreeMap::new();
        for (i, bytes) in shards.iter().enumerate() {
            for part in shard::parse(bytes)? {
                found.entry(part.name.clone()).or_default().push((i, part));
            }
        }
        let entry = |(name, parts): (String, _)| {
            let (parts, shape) = join(&name, parts)?;
            Ok((name, Entry { parts, shape }))
        };
        Ok(Self { index: found.into_iter().map(entry).collect::<Result<_>>()?, shards })
    }

    /// Shape of a tensor, if present.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.index.get(name).map(|e| e.shape.as_slice())
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.index.keys().map(String::as_str)
    }
}

/// The parts of a tensor in order, each with where it lies, and the shape that they make together.
///
/// # Errors
/// [`Error::BadWeights`] if one is missing, occurs twice, or is shaped otherwise.
pub(crate) fn join(name: &str, mut parts: Vec<(usize, ShardPart)>) -> Result<(Vec<(usize, ShardPart)>, Vec<usize>)> {
    parts.sort_by_key(|(_, part)| part.index);
    if parts.windows(2).any(|pair| pair[0].1.index == pair[1].1.index) {
        return Err(Error::BadWeights(format!("{name} occurs twice")));
    }
    let mut shape = parts.first().map(|(_, part)| part.shape.clone()).unwrap_or_default();
    for (i, (_, part)) in parts.iter().enumerate() {
        if part.index != i {
            return Err(Error::BadWeights(format!("part {i} of {name} is missing")));
        }
        if i > 0 {
            let fits = part.shape.get(1..).is_some() && part.shape.get(1..) == shape.get(1..);
            let sum = fits.then(|| shape.first()?.checked_add(*part.shape.first()?)).flatten();
            let (Some(rows), Some(first)) = (sum, shape.first_mut()) else {
                return Err(Error::BadWeights(format!("the parts of {name} do not fit together")));
            };
            *first = rows;
        }
    }
    Ok((parts, shape))
}

impl TensorSource for SafetensorsSource {
    fn is_half(&self, name: &str) -> bool {
        self.index.get(name).is_some_and(|entry| entry.parts.iter().all(|(_, part)| part.is_half()))
    }

    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let entry = self.index.get(name).ok_or_else(|| Error::BadWeights(format!("{name} is missing")))?;
        if entry.shape != shape {
            return Err(Error::BadWeights(format!("{name} has shape {:?}, expected {shape:?}", entry.shape)));
        }
        let values = |(i, part): &(usize, ShardPart)| part.values(&self.shards[*i]);
        Ok(match &entry.parts[..] {
            [only] => values(only),
            parts => parts.iter().flat_map(values).collect(),
        })
    }
}
