//! A model folder with its weights stored otherwise.

use super::{Converted, ShardWriter, Storage};
use crate::Result;
use crate::model::config::ModelConfig;
use crate::weights::{SafetensorsSource, TensorSource};
use serde_json::json;

/// The same model with its weights as `storage`. What the folder's own storage has lost does not come back.
///
/// # Errors
/// [`crate::Error::BadWeights`] if a row of a tensor is larger than a shard may be, whatever `sink` returns.
pub fn repack(
    config: ModelConfig,
    weights: &SafetensorsSource,
    storage: Storage,
    sink: &mut dyn FnMut(Converted) -> Result<()>,
) -> Result<ModelConfig> {
    let tensors: Vec<(&str, Vec<usize>)> =
        weights.names().map(|name| (name, weights.shape(name).unwrap_or_default().to_vec())).collect();
    let count = |shape: &[usize]| shape.iter().product::<usize>() as u64;
    let total = tensors.iter().map(|(_, shape)| count(shape)).sum();
    let mut done = 0;
    let mut writer = ShardWriter::new(&config.name, storage);
    for (name, shape) in &tensors {
        let values = weights.read(name, shape)?;
        writer.add(name, shape, |begin, end| Ok(values.get(begin..end).unwrap_or_default().to_vec()))?;
        done += count(shape);
        while let Some((shard, bytes)) = writer.take() {
            sink(Converted { shard, bytes, done, total })?;
        }
    }
    writer.flush()?;
    while let Some((shard, bytes)) = writer.take() {
        sink(Converted { shard, bytes, done, total })?;
    }
    let shards = writer.finish();
    let mut provenance = config.provenance;
    provenance.insert("dtype".into(), json!(storage.name()));
    Ok(ModelConfig {
        version: format!("{}-{}", config.version, storage.name()),
        bytes: shards.iter().map(|shard| shard.bytes).sum(),
        shards,
        provenance,
        ..config
    })
}
