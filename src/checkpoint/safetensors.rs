//! The safetensors container, by its own library.

use super::tensor::row_major;
use super::{Bytes, Kind, TensorInfo, UNKNOWN, bad};
use crate::Result;
use ::safetensors::Dtype;
use ::safetensors::tensor::Metadata;

/// Longest header that is read; a network of 600 tensors needs 60 kB.
const HEADER_LIMIT: u64 = 8 << 20;

/// The tensors of a safetensors file.
pub fn open(file: &dyn Bytes) -> Result<Vec<(String, TensorInfo)>> {
    let unknown = || bad(UNKNOWN);
    let mut length = [0; 8];
    if file.len() < 8 {
        return Err(unknown());
    }
    file.read_at(0, &mut length)?;
    let length = u64::from_le_bytes(length);
    if length > HEADER_LIMIT || length > file.len() - 8 {
        return Err(unknown());
    }
    let mut header = vec![0; length as usize];
    file.read_at(8, &mut header)?;
    if header.first() != Some(&b'{') {
        return Err(unknown());
    }
    // Also checks that every tensor's bytes are as many as its shape needs, and that none overlap.
    let metadata: Metadata =
        serde_json::from_slice(&header).map_err(|e| bad(format!("its safetensors header is broken ({e})")))?;
    let data = 8 + length;
    let mut named = Vec::new();
    for (name, tensor) in metadata.tensors() {
        let kind = match tensor.dtype {
            Dtype::F64 => Kind::F64,
            Dtype::F32 => Kind::F32,
            Dtype::F16 => Kind::F16,
            Dtype::BF16 => Kind::BF16,
            Dtype::I64 => Kind::I64,
            Dtype::I32 => Kind::I32,
            Dtype::I16 => Kind::I16,
            Dtype::I8 => Kind::I8,
            Dtype::U8 => Kind::U8,
            Dtype::BOOL => Kind::Bool,
            // Some type that no network here uses: as if it were not there.
            _ => continue,
        };
        let (begin, end) = tensor.data_offsets;
        let range = data.saturating_add(begin as u64)..data.saturating_add(end as u64);
        if range.end > file.len() {
            return Err(bad(format!("{name} reaches beyond the end of the file: it is cut short")));
        }
        let strides = row_major(&tensor.shape);
        named.push((name, TensorInfo::strided(kind, range, 0, &tensor.shape, &strides)?));
    }
    Ok(named)
}
