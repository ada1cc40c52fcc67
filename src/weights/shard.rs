//! One file of weights: a safetensors file of at most 8 MiB that can be read on its own.
//!
//! A large tensor is cut along its first dimension into parts `NAME#0`, `NAME#1`, ..., in shards of their own choice.
//! Numbers are F32, F16, BF16, or I8 beside `STORED.scale`: one F32 per row of the first dimension (per output channel),
//! in the same shard. An I8 number times its scale, rounded to f16, is the weight.

use crate::{Error, Result, limits};
use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;

/// Largest size of a shard in bytes, header included.
pub const LIMIT: u64 = limits::SHARD_BYTES as u64;

/// What an I8 tensor's name is followed by in the name of its scales.
pub const SCALE_SUFFIX: &str = ".scale";

/// A tensor or a part of one; its numbers stay in the shard until [`Self::values`] reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardPart {
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
pub fn parse(bytes: &[u8]) -> Result<Vec<ShardPart>> {
    parse_head(bytes.get(..head_bytes(bytes, bytes.len())).unwrap_or_default(), bytes.len())
}

/// How many bytes at the beginning of a shard of `size` bytes [`parse_head`] needs; `first`: at least 8 of them, or
/// all that there are.
pub fn head_bytes(first: &[u8], size: usize) -> usize {
    let length = first.first_chunk().map_or(u64::MAX, |bytes| u64::from_le_bytes(*bytes));
    usize::try_from(length).unwrap_or(usize::MAX).saturating_add(8).min(size)
}

/// As [`parse`], from the beginning of a shard of `size` bytes.
///
/// # Errors
/// As [`parse`].
pub fn parse_head(head: &[u8], size: usize) -> Result<Vec<ShardPart>> {
    let broken = |reason: &dyn Display| Error::BadWeights(format!("not a complete safetensors file ({reason})"));
    let json = head.get(8..).ok_or_else(|| broken(&"there is no header"))?;
    let header: Metadata = serde_json::from_slice(json).map_err(|e| broken(&e))?;
    if head.len() + header.data_len() != size {
        return Err(broken(&"its length is not the one that its header tells"));
    }
    let range = |tensor: &TensorInfo| head.len() + tensor.data_offsets.0..head.len() + tensor.data_offsets.1;
    let stored: BTreeMap<_, _> = header.tensors().into_iter().collect();
    let mut parts = Vec::with_capacity(stored.len());
    for (stored_as, tensor) in &stored {
        let quantised = stored_as.strip_suffix(SCALE_SUFFIX).and_then(|name| stored.get(name));
        if quantised.is_some_and(|tensor| tensor.dtype == Dtype::I8) {
            continue;
        }
        let scale = match tensor.dtype {
            Dtype::F32 | Dtype::F16 | Dtype::BF16 => 0..0,
            Dtype::I8 => match stored.get(&format!("{stored_as}{SCALE_SUFFIX}")) {
                Some(scale) if scale.dtype == Dtype::F32 && scale.shape == tensor.shape.get(..1).unwrap_or(&[]) => {
                    range(scale)
                }
                _ => return Err(Error::BadWeights(format!("{stored_as} has no scale for each of its rows"))),
            },
            other => {
                let expected = "expected f32, f16, bf16 or int8";
                return Err(Error::BadWeights(format!("{stored_as} is stored as {other:?}, {expected}")));
            }
        };
        let (name, index) = part_name(stored_as);
        parts.push(ShardPart {
            name: name.to_string(),
            index,
            shape: tensor.shape.clone(),
            dtype: tensor.dtype,
            data: range(tensor),
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

impl ShardPart {
    /// How many numbers it has.
    pub fn numbers(&self) -> usize {
        self.shape.iter().product()
    }

    /// The same part as pieces of at most `most` numbers, or of one row of the first dimension, in order.
    pub fn cut(&self, most: usize) -> impl Iterator<Item = ShardPart> {
        let rows = self.shape.first().copied().unwrap_or(1).max(1);
        let at_a_time = (most / (self.numbers() / rows).max(1)).max(1);
        let slice = move |range: &Range<usize>, begin: usize, end: usize| {
            let row = range.len() / rows;
            range.start + begin * row..range.start + end * row
        };
        (0..rows).step_by(at_a_time).map(move |begin| {
            let end = begin.saturating_add(at_a_time).min(rows);
            let mut piece = ShardPart {
                data: slice(&self.data, begin, end),
                scale: slice(&self.scale, begin, end),
                ..self.clone()
            };
            if let Some(first) = piece.shape.first_mut() {
                *first = (end - begin).min(*first);
            }
            piece
        })
    }

    /// Its numbers, row-major. `shard`: the bytes that it was parsed from.
    pub fn values(&self, shard: &[u8]) -> Vec<f32> {
        let bytes = |range: &Range<usize>| shard.get(range.clone()).unwrap_or_default();
        self.decode(bytes(&self.data), bytes(&self.scale))
    }

    /// As [`Self::values`]; `read` gives any range of the shard.
    pub fn read(&self, read: impl Fn(Range<usize>) -> Vec<u8>) -> Vec<f32> {
        self.decode(&read(self.data.clone()), &read(self.scale.clone()))
    }

    fn decode(&self, data: &[u8], scale: &[u8]) -> Vec<f32> {
        let f32s = |bytes: &[u8]| bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        match self.dtype {
            Dtype::F32 => f32s(data),
            Dtype::BF16 => data.chunks_exact(2).map(|b| bf16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
            Dtype::I8 => {
                let scales: Vec<f32> = f32s(scale);
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
