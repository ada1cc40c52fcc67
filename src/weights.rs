//! Named weight tensors on their way from a file to a device.

use crate::tap::{Observer, Tap};
use crate::{Error, Result};
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::{Dtype, SafeTensors};
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

    /// Whether the tensor is stored as f16, so that nothing is lost if it stays so.
    fn is_half(&self, _name: &str) -> bool {
        false
    }
}

/// Tensors by name, read below a prefix and put on one device.
#[derive(Clone)]
pub struct Weights {
    source: Rc<dyn TensorSource>,
    prefix: String,
    device: Device,
    leaves: Rc<RefCell<BTreeMap<String, Leaf>>>,
    observer: Option<Observer>,
}

/// A weight as an autodiff leaf, for gradients in tests; rank is erased to the flat form.
pub type Leaf = Tensor<1>;

impl Weights {
    /// All tensors of `source`, to be put on `device`.
    pub fn new(source: impl TensorSource + 'static, device: &Device) -> Self {
        Self {
            source: Rc::new(source),
            prefix: String::new(),
            device: device.clone(),
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

    /// The device that tensors are put on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The tensor as plain numbers, row-major.
    pub fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.source.read(&format!("{}{name}", self.prefix), shape)
    }

    /// Whether the tensor is stored as f16.
    pub fn is_half(&self, name: &str) -> bool {
        self.source.is_half(&format!("{}{name}", self.prefix))
    }

    /// The tensor on the device. On an autodiff device it is a leaf whose gradient [`Self::leaves`] finds.
    pub fn tensor<const D: usize>(&self, name: &str, shape: [usize; D]) -> Result<Tensor<D>> {
        let data = self.read(name, &shape)?;
        let count = data.len();
        if self.device.is_autodiff() {
            let flat = Tensor::<1>::from_data(TensorData::new(data, [count]), &self.device).require_grad();
            self.leaves.borrow_mut().insert(format!("{}{name}", self.prefix), flat.clone());
            return Ok(flat.reshape(shape));
        }
        Ok(Tensor::from_data(TensorData::new(data, shape), &self.device))
    }

    /// Every weight handed out so far by [`Self::tensor`] on an autodiff device, flat, by full name.
    pub fn leaves(&self) -> BTreeMap<String, Leaf> {
        self.leaves.borrow().clone()
    }
}

/// Weights in one or more safetensors files held in memory. F16, BF16 and F32 are read as f32.
pub struct SafetensorsSource {
    files: Vec<Vec<u8>>,
    index: BTreeMap<String, Entry>,
}

struct Entry {
    file: usize,
    begin: usize,
    end: usize,
    dtype: Dtype,
    shape: Vec<usize>,
}

impl SafetensorsSource {
    /// Checks and indexes the files.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if a header is broken or a name occurs twice.
    pub fn new(files: Vec<Vec<u8>>) -> Result<Self> {
        let mut index = BTreeMap::new();
        for (file, bytes) in files.iter().enumerate() {
            let parsed = SafeTensors::deserialize(bytes)
                .map_err(|e| Error::BadWeights(format!("not a complete safetensors file ({e})")))?;
            for (name, view) in parsed.iter() {
                let begin = view.data().as_ptr() as usize - bytes.as_ptr() as usize;
                let entry = Entry {
                    file,
                    begin,
                    end: begin + view.data().len(),
                    dtype: view.dtype(),
                    shape: view.shape().to_vec(),
                };
                if index.insert(name.to_string(), entry).is_some() {
                    return Err(Error::BadWeights(format!("{name} occurs twice")));
                }
            }
        }
        Ok(Self { files, index })
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

impl TensorSource for SafetensorsSource {
    fn is_half(&self, name: &str) -> bool {
        self.index.get(name).is_some_and(|entry| entry.dtype == Dtype::F16)
    }

    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let entry = self.index.get(name).ok_or_else(|| Error::BadWeights(format!("{name} is missing")))?;
        if entry.shape != shape {
            return Err(Error::BadWeights(format!("{name} has shape {:?}, expected {shape:?}", entry.shape)));
        }
        let bytes = &self.files[entry.file][entry.begin..entry.end];
        Ok(match entry.dtype {
            Dtype::F32 => bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
            Dtype::F16 => bytes.chunks_exact(2).map(|b| half::f16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
            Dtype::BF16 => bytes.chunks_exact(2).map(|b| half::bf16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
            other => {
                return Err(Error::BadWeights(format!("{name} is stored as {other:?}, expected f16, bf16 or f32")));
            }
        })
    }
}
