//! One file of weights: a safetensors file of at most 8 MiB that can be read on its own.
//!
//! A large tensor is cut along its first dimension into parts `NAME#0`, `NAME#1`, ..., in shards of their own choice.
//! Numbers are F32, F16, BF16, or I8 beside `STORED.scale`: one F32 per row of the first dimension (per output channel),
//! in the same shard. An I8 number times its scale, rounded to f16, is the weight.

use crate::{Error, Result};
use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::ops::Range;

/// Largest size of a shard in bytes, header included.
pub const LIMIT: u64 = 1 << 23;

/// What an I8 tensor's name is followed by in the name of its scales.
pub const SCALE: &str = ".scale";

/// A tensor or a part of one; its numbers stay in the shard until [`Self::values`] reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The tensor's name, without the part's number.
    pub name: String,
    /// Which part: 0 for the only one.
    pub index: usize,
    /// Its own shape; all parts of a tensor differ in the first dimension only.
    pub shape: Vec<usize>,
    dtype: Dtype,
    data: Range<usize>,
    scale: Range<usize>,
}

/// Reads a shard's header: its tensors and parts, by name and number.
///
/// # Errors
/// [`Error::BadWeights`] if it is cut short or broken, or holds what no weight is stored as.
pub fn parse(bytes: &[u8]) -> Result<Vec<Part>> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|e| Error::BadWeights(format!("not a complete safetensors file ({e})")))?;
    let range = |data: &[u8]| {
        let begin = data.as_ptr() as usize - bytes.as_ptr() as usize;
        begin..begin + data.len()
    };
    let stored: BTreeMap<&str, _> = file.iter().collect();
    let mut parts = Vec::with_capacity(stored.len());
    for (&stored_as, view) in &stored {
        let quantised = stored_as.strip_suffix(SCALE).and_then(|name| stored.get(name));
        if quantised.is_some_and(|view| view.dtype() == Dtype::I8) {
            continue;
        }
        let scale = match view.dtype() {
            Dtype::F32 | Dtype::F16 | Dtype::BF16 => 0..0,
            Dtype::I8 => match stored.get(format!("{stored_as}{SCALE}").as_str()) {
                Some(scale) if scale.dtype() == Dtype::F32 && scale.shape() == view.shape().get(..1).unwrap_or(&[]) => {
                    range(scale.data())
                }
                _ => return Err(Error::BadWeights(format!("{stored_as} has no scale for each of its rows"))),
            },
            other => {
                let expected = "expected f32, f16, bf16 or int8";
                return Err(Error::BadWeights(format!("{stored_as} is stored as {other:?}, {expected}")));
            }
        };
        let (name, index) = part_name(stored_as);
        parts.push(Part {
            name: name.to_string(),
            index,
            shape: view.shape().to_vec(),
            dtype: view.dtype(),
            data: range(view.data()),
            scale,
        });
    }
    parts.sort_by(|a, b| (&a.name, a.index).cmp(&(&b.name, b.index)));
    Ok(parts)
}

/// `NAME#3` is part 3 of NAME; any other name is its own.
fn part_name(stored_as: &str) -> (&str, usize) {
    let numbered = stored_as.rsplit_once('#').and_then(|(name, index)| Some((name, index.parse().ok()?)));
    numbered.unwrap_or((stored_as, 0))
}

impl Part {
    /// Its numbers, row-major. `shard`: the bytes that it was parsed from.
    pub fn values(&self, shard: &[u8]) -> Vec<f32> {
        let bytes = |range: &Range<usize>| shard.get(range.clone()).unwrap_or_default();
        let f32s = |bytes: &[u8]| bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let data = bytes(&self.data);
        match self.dtype {
            Dtype::F32 => f32s(data),
            Dtype::BF16 => data.chunks_exact(2).map(|b| bf16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
            Dtype::I8 => {
                let scales: Vec<f32> = f32s(bytes(&self.scale));
                let columns = (data.len() / scales.len().max(1)).max(1);
                let row = |(row, scale): (&[u8], &f32)| -> Vec<f32> {
                    row.iter().map(|&q| f16::from_f32(f32::from(q as i8) * scale).to_f32()).collect()
                };
                data.chunks_exact(columns).zip(&scales).flat_map(row).collect()
            }
            _ => data.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
        }
    }

    /// Whether every number is an f16 number, so that nothing is lost if it stays one.
    pub fn is_half(&self) -> bool {
        matches!(self.dtype, Dtype::F16 | Dtype::I8)
    }
}
