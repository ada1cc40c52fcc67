//! One tensor of a checkpoint: where its numbers lie and how they are ordered.

use super::{Bytes, bad};
use crate::Result;
use half::{bf16, f16};
use std::ops::Range;

/// Most dimensions that a tensor of a network has.
pub(super) const RANK: usize = 8;

/// How a number is stored, little-endian.
#[allow(missing_docs, reason = "the names are the formats' own")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
}

impl Kind {
    /// Bytes of one number.
    pub fn size(self) -> u64 {
        match self {
            Kind::F64 | Kind::I64 => 8,
            Kind::F32 | Kind::I32 => 4,
            Kind::F16 | Kind::BF16 | Kind::I16 => 2,
            Kind::I8 | Kind::U8 | Kind::Bool => 1,
        }
    }
}

/// A tensor whose numbers all lie in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// How its numbers are stored.
    pub kind: Kind,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Where its numbers lie; exactly as many bytes as they need.
    data: Range<u64>,
    /// For each dimension, in numbers, if they are not in row-major order.
    strides: Option<Vec<usize>>,
}

impl TensorInfo {
    /// A tensor in a storage, the bytes `storage` of the file, from number `offset` on.
    ///
    /// # Errors
    /// [`crate::Error::BadCheckpoint`] if it reaches beyond the storage, or its numbers are not each stored once,
    /// without gaps.
    pub fn strided(kind: Kind, storage: Range<u64>, offset: u64, shape: &[usize], strides: &[usize]) -> Result<Self> {
        if shape.len() > RANK || shape.len() != strides.len() {
            return Err(bad("its shape is not that of a tensor"));
        }
        let bytes = count(shape).and_then(|count| count.checked_mul(kind.size()));
        let begin = offset.checked_mul(kind.size()).and_then(|skip| storage.start.checked_add(skip));
        let range = begin.zip(bytes).and_then(|(begin, bytes)| Some(begin..begin.checked_add(bytes)?));
        let Some(data) = range.filter(|range| range.end <= storage.end) else {
            return Err(bad("it reaches beyond its storage"));
        };
        let dense = row_major(shape);
        let same = shape.iter().zip(strides).zip(&dense).all(|((&n, stride), dense)| n < 2 || stride == dense);
        if same || data.is_empty() {
            return Ok(Self { kind, shape: shape.to_vec(), data, strides: None });
        }
        // The same strides in another order of the dimensions: still every number once.
        let mut by_stride: Vec<(usize, usize)> =
            strides.iter().copied().zip(shape.iter().copied()).filter(|&(_, n)| n > 1).collect();
        by_stride.sort_unstable();
        let mut expected = 1usize;
        for (stride, n) in by_stride {
            if stride != expected {
                return Err(bad("its numbers overlap or have gaps between them"));
            }
            expected = expected.saturating_mul(n);
        }
        Ok(Self { kind, shape: shape.to_vec(), data, strides: Some(strides.to_vec()) })
    }

    /// How many numbers it has.
    pub fn count(&self) -> usize {
        // Its bytes lie in the file and were counted.
        ((self.data.end - self.data.start) / self.kind.size()) as usize
    }

    /// Numbers `begin..end` in row-major order.
    pub(super) fn read_f32(&self, file: &dyn Bytes, begin: usize, end: usize) -> Result<Vec<f32>> {
        let bytes = self.read(file, begin, end)?;
        Ok(match self.kind {
            Kind::F32 => each(&bytes, f32::from_le_bytes),
            Kind::F16 => each(&bytes, |b| f16::from_le_bytes(b).to_f32()),
            Kind::BF16 => each(&bytes, |b| bf16::from_le_bytes(b).to_f32()),
            Kind::F64 => each(&bytes, |b| f64::from_le_bytes(b) as f32),
            _ => return Err(bad("it holds whole numbers where weights are expected")),
        })
    }

    /// All numbers in row-major order.
    pub(super) fn read_integers(&self, file: &dyn Bytes) -> Result<Vec<i64>> {
        let bytes = self.read(file, 0, self.count())?;
        Ok(match self.kind {
            Kind::I64 => each(&bytes, i64::from_le_bytes),
            Kind::I32 => each(&bytes, |b| i64::from(i32::from_le_bytes(b))),
            Kind::I16 => each(&bytes, |b| i64::from(i16::from_le_bytes(b))),
            Kind::I8 => each(&bytes, |b| i64::from(i8::from_le_bytes(b))),
            Kind::U8 | Kind::Bool => each(&bytes, |[b]| i64::from(b)),
            _ => return Err(bad("it holds fractions where whole numbers are expected")),
        })
    }

    /// The bytes of numbers `begin..end` in row-major order.
    fn read(&self, file: &dyn Bytes, begin: usize, end: usize) -> Result<Vec<u8>> {
        if begin > end || end > self.count() {
            return Err(bad("it has no such numbers"));
        }
        let size = self.kind.size() as usize;
        let Some(strides) = &self.strides else {
            let mut bytes = vec![0; (end - begin) * size];
            file.read_at(self.data.start + begin as u64 * self.kind.size(), &mut bytes)?;
            return Ok(bytes);
        };
        let mut all = vec![0; self.count() * size];
        file.read_at(self.data.start, &mut all)?;
        let mut bytes = Vec::with_capacity((end - begin) * size);
        for index in begin..end {
            let mut rest = index;
            let mut at = 0;
            for (&n, stride) in self.shape.iter().zip(strides).rev() {
                at += rest % n * stride;
                rest /= n;
            }
            bytes.extend_from_slice(all.get(at * size..(at + 1) * size).unwrap_or_default());
        }
        Ok(bytes)
    }
}

fn each<const N: usize, T>(bytes: &[u8], convert: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks().0.iter().map(|&chunk| convert(chunk)).collect()
}

fn count(shape: &[usize]) -> Option<u64> {
    shape.iter().try_fold(1u64, |product, &n| product.checked_mul(n as u64))
}

/// Strides of numbers without gaps in row-major order.
pub(super) fn row_major(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1usize; shape.len()];
    for i in (1..shape.len()).rev() {
        strides[i - 1] = strides[i].saturating_mul(shape[i]);
    }
    strides
}
