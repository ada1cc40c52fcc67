//! What a pickle builds: objects that refer to each other by number, so that cycles and depth cost nothing.

use super::Kind;
use super::tensor::RANK;

/// A value, small enough to be copied; the rest of it lies in the [`Heap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Something that nobody asks for: None, a fraction, a large number.
    Opaque,
    /// What the pickle of PyTorch's older format begins with.
    Magic,
    Bool(bool),
    Int(i64),
    Text(usize),
    Tuple(usize),
    List(usize),
    Dict(usize),
    Callable(Callable),
    Storage(usize),
    Tensor(usize),
}

/// What may be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callable {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(Kind),
}

impl Callable {
    pub fn find(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("collections", "OrderedDict") => Callable::OrderedDict,
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Callable::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Callable::RebuildParameter,
            ("torch", storage) => Callable::Storage(match storage {
                "DoubleStorage" => Kind::F64,
                "FloatStorage" => Kind::F32,
                "HalfStorage" => Kind::F16,
                "BFloat16Storage" => Kind::BF16,
                "LongStorage" => Kind::I64,
                "IntStorage" => Kind::I32,
                "ShortStorage" => Kind::I16,
                "CharStorage" => Kind::I8,
                "ByteStorage" => Kind::U8,
                "BoolStorage" => Kind::Bool,
                _ => return None,
            }),
            _ => return None,
        })
    }
}

/// Where a tensor's numbers are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    pub kind: Kind,
    /// Its name in the container, a text: a pickle can name one long text a million times, so nothing is copied.
    pub key: Value,
    /// How many numbers it has.
    pub count: u64,
}

/// A view of a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    pub storage: usize,
    /// Numbers before its first.
    pub offset: u64,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}

/// Everything that a pickle has built.
#[derive(Default)]
pub struct Heap {
    pub texts: Vec<String>,
    pub sequences: Vec<Vec<Value>>,
    pub dicts: Vec<Vec<(Value, Value)>>,
    pub storages: Vec<Storage>,
    pub tensors: Vec<Tensor>,
}

impl Heap {
    pub fn text(&self, value: &Value) -> Option<&str> {
        let Value::Text(i) = value else { return None };
        self.texts.get(*i).map(String::as_str)
    }

    /// A tuple's or list's elements.
    pub fn sequence(&self, value: &Value) -> Option<&[Value]> {
        let (Value::Tuple(i) | Value::List(i)) = value else { return None };
        self.sequences.get(*i).map(Vec::as_slice)
    }

    /// A dict's entries in the order of their insertion.
    pub fn dict(&self, value: &Value) -> Option<&[(Value, Value)]> {
        let Value::Dict(i) = value else { return None };
        self.dicts.get(*i).map(Vec::as_slice)
    }

    pub fn tensor(&self, value: &Value) -> Option<&Tensor> {
        let Value::Tensor(i) = value else { return None };
        self.tensors.get(*i)
    }

    pub fn storage(&self, tensor: &Tensor) -> Option<&Storage> {
        self.storages.get(tensor.storage)
    }

    /// A shape or strides: a few whole numbers, none negative.
    pub fn sizes(&self, value: &Value) -> Option<Vec<usize>> {
        let size = |value: &Value| match value {
            Value::Int(n) => usize::try_from(*n).ok(),
            _ => None,
        };
        self.sequence(value).filter(|sizes| sizes.len() <= RANK)?.iter().map(size).collect()
    }

    /// How many objects there are.
    pub fn count(&self) -> usize {
        self.texts.len() + self.sequences.len() + self.dicts.len() + self.storages.len() + self.tensors.len()
    }
}

/// Puts `item` at the end and returns its number.
pub fn keep<T>(items: &mut Vec<T>, item: T) -> usize {
    items.push(item);
    items.len() - 1
}
