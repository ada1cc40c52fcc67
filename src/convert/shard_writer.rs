//! Tensors into shards (see [`crate::weights::shard`]).

use crate::model::config::Shard;
use crate::weights::shard::{LIMIT, SCALE_SUFFIX};
use crate::{Error, Result};
use half::f16;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::fmt::Write;

/// Most numbers of a part, so that its reader needs 4 MiB for them as f32.
const PART: usize = 1 << 20;

/// Fewer weights than this stay f16 where larger tensors become int8: nothing is gained by them.
const SMALL: usize = 1 << 12;

/// What convolutions and linear layers are stored as; norms, biases, tables and the codebook stay f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Storage {
    /// 2 bytes a weight.
    #[default]
    F16,
    /// 4 bytes a weight, unchanged.
    F32,
    /// 1 byte a weight, with one factor per output channel.
    Int8,
}

impl Storage {
    /// Its name on the command line and in `provenance`.
    pub fn name(self) -> &'static str {
        match self {
            Storage::F16 => "f16",
            Storage::F32 => "f32",
            Storage::Int8 => "int8",
        }
    }
}

/// Collects tensors; shards that are full wait to be taken.
pub struct ShardWriter {
    base: String,
    storage: Storage,
    pending: Vec<Stored>,
    /// At least what the pending tensors will need in a file.
    bytes: u64,
    ready: VecDeque<(Shard, Vec<u8>)>,
    shards: Vec<Shard>,
}

struct Stored {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl ShardWriter {
    /// Shards will be named `BASE-XXXXXXXX.safetensors`.
    pub fn new(base: &str, storage: Storage) -> Self {
        let (pending, ready, shards) = (Vec::new(), VecDeque::new(), Vec::new());
        Self { base: base.to_string(), storage, pending, bytes: 0, ready, shards }
    }

    /// Adds a tensor, whose numbers `begin..end` in row-major order `read` returns.
    ///
    /// # Errors
    /// Whatever `read` returns; [`Error::BadWeights`] if one row is larger than a part may be.
    pub fn add(
        &mut self,
        name: &str,
        shape: &[usize],
        mut read: impl FnMut(usize, usize) -> Result<Vec<f32>>,
    ) -> Result<()> {
        let count: usize = shape.iter().product();
        let is_weight = shape.len() >= 2 && name.ends_with(".weight") && !name.ends_with("embedding.weight");
        let storage = match self.storage {
            _ if !is_weight => Storage::F32,
            Storage::Int8 if count < SMALL => Storage::F16,
            storage => storage,
        };
        if count <= PART {
            return self.add_part(name.to_string(), shape, &read(0, count)?, storage);
        }
        let [all, rest @ ..] = shape else { return Err(Error::Internal(format!("{name} has no rows"))) };
        let row: usize = rest.iter().product();
        let rows = PART / row;
        if rows == 0 {
            return Err(Error::BadWeights(format!("one row of {name} is larger than a shard may be")));
        }
        for (i, first) in (0..*all).step_by(rows).enumerate() {
            let n = rows.min(all - first);
            let values = read(first * row, (first + n) * row)?;
            self.add_part(format!("{name}#{i}"), &[&[n], rest].concat(), &values, storage)?;
        }
        Ok(())
    }

    fn add_part(&mut self, name: String, shape: &[usize], values: &[f32], storage: Storage) -> Result<()> {
        let too_large = values.iter().any(|v| v.abs() > f16::MAX.to_f32());
        let f32s = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let store = |name, dtype, shape: &[usize], data| Stored { name, dtype, shape: shape.to_vec(), data };
        let stored = match storage {
            Storage::F16 if !too_large => {
                let data = values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect();
                vec![store(name, Dtype::F16, shape, data)]
            }
            Storage::Int8 if !too_large => {
                let rows = shape.first().copied().unwrap_or(1).max(1);
                let (scales, data) = quantise(values, rows);
                let scale = store(format!("{name}{SCALE_SUFFIX}"), Dtype::F32, &[rows], f32s(&scales));
                vec![store(name, Dtype::I8, shape, data), scale]
            }
            _ => vec![store(name, Dtype::F32, shape, f32s(values))],
        };
        let bytes: u64 = stored.iter().map(Stored::bytes).sum();
        if self.bytes + bytes > LIMIT - HEADER {
            self.flush()?;
        }
        self.bytes += bytes;
        self.pending.extend(stored);
        Ok(())
    }

    /// The oldest shard that has not been taken.
    pub fn take(&mut self) -> Option<(Shard, Vec<u8>)> {
        self.ready.pop_front()
    }

    /// Whether no tensor waits for its shard to be full.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// All shards so far, also those that have been taken.
    pub fn finish(self) -> Vec<Shard> {
        self.shards
    }

    /// Makes a shard of the tensors that wait for it to be full.
    ///
    /// # Errors
    /// [`Error::Internal`] if they do not make one.
    pub fn flush(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let failed = |e: safetensors::SafeTensorError| Error::Internal(format!("a shard cannot be written: {e}"));
        let pending = std::mem::take(&mut self.pending);
        self.bytes = 0;
        let mut views = Vec::with_capacity(pending.len());
        for stored in &pending {
            let view = TensorView::new(stored.dtype, stored.shape.clone(), &stored.data).map_err(failed)?;
            views.push((stored.name.as_str(), view));
        }
        let data = serialize(views, None).map_err(failed)?;
        drop(pending);
        if data.len() as u64 > LIMIT {
            return Err(Error::Internal(format!("a shard of {} bytes is too large", data.len())));
        }
        let sha256 = hexadecimal(&Sha256::digest(&data));
        let name = format!("{}-{}.safetensors", self.base, sha256.get(..8).unwrap_or_default());
        let shard = Shard { name, bytes: data.len() as u64, sha256 };
        self.shards.push(shard.clone());
        self.ready.push_back((shard, data));
        Ok(())
    }
}

/// What the header needs beside its entries.
const HEADER: u64 = 64;

impl Stored {
    /// Its numbers, and at most what its entry in the header needs: `"NAME":{"dtype":..,"shape":[..],"data_offsets":[..]},`.
    fn bytes(&self) -> u64 {
        (self.data.len() + self.name.len() + 100 + 10 * self.shape.len()) as u64
    }
}

/// Rows of numbers as whole numbers of -127 to 127 and one factor per row: the largest becomes 127.
fn quantise(values: &[f32], rows: usize) -> (Vec<f32>, Vec<u8>) {
    let columns = (values.len() / rows).max(1);
    let mut scales = Vec::with_capacity(rows);
    let mut data = Vec::with_capacity(values.len());
    for row in values.chunks(columns) {
        let scale = row.iter().fold(0f32, |most, v| most.max(v.abs())) / 127.0;
        let whole = |v: &f32| if scale > 0.0 { (v / scale).round().clamp(-127.0, 127.0) as i8 as u8 } else { 0 };
        data.extend(row.iter().map(whole));
        scales.push(scale);
    }
    (scales, data)
}

/// Lower-case digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
