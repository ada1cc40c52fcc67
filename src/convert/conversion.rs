//! A conversion under way: checked first, then one shard at a time.

use super::network::check_position_index;
use super::shard_writer::hexadecimal;
use super::{
    ConversionPlan, Network, Options, ShardWriter, Storage, in_file, keys, open, plan, refuse_other_tasks, vq_config,
};
use crate::checkpoint::{Bytes, Checkpoint};
use crate::model::config::{Arch, Licence, ModelConfig, Shard, VqConfig, is_plain};
use crate::paper::schedule::{Schedule, ScheduleConfig};
use crate::{Error, Result};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// The oldest engine that reads what is written here.
const ENGINE: &str = "0.1.0";

/// A shard that is ready to be stored.
pub struct Converted {
    /// Its entry in `model.json`.
    pub shard: Shard,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Numbers converted so far.
    pub done: u64,
    /// Numbers in all.
    pub total: u64,
}

/// Two checkpoints that fit, on their way to a model folder.
pub struct Conversion<'a> {
    unet: Source<'a>,
    autoencoder: Source<'a>,
    plan: ConversionPlan,
    vq: VqConfig,
    schedule: ScheduleConfig,
    name: String,
    storage: Storage,
    writer: ShardWriter,
    /// Tensors still to come, in the order in which the networks are built.
    tensors: VecDeque<(Network, keys::Key)>,
    done: u64,
    total: u64,
}

struct Source<'a> {
    bytes: &'a dyn Bytes,
    checkpoint: Checkpoint<'a>,
}

impl<'a> Conversion<'a> {
    /// Recognises both checkpoints and checks every name and shape; converts nothing yet.
    ///
    /// # Errors
    /// [`Error::BadCheckpoint`] if a file is damaged or does not fit, [`Error::BadOption`] if a configuration does not.
    pub fn new(unet: &'a dyn Bytes, autoencoder: &'a dyn Bytes, options: &Options) -> Result<Self> {
        if options.name.as_ref().is_some_and(|name| !is_plain(name)) {
            return Err(Error::BadOption(
                "A model's name has letters, digits, dots, hyphens and underscores only.".into(),
            ));
        }
        let unet = Source { bytes: unet, checkpoint: open(unet, Network::UNet)? };
        let autoencoder = Source { bytes: autoencoder, checkpoint: open(autoencoder, Network::Autoencoder)? };
        let plan = plan(&unet.checkpoint, options)?;
        let vq = vq_config(&plan, options)?;
        refuse_other_tasks(&plan.unet, &vq)?;
        let schedule = Schedule::new(plan.schedule).map_err(|e| Error::BadOption(e.to_string()))?.config;

        let not_buildable = |e| match e {
            Error::BadWeights(reason) => Error::BadOption(format!("No network can be built: {reason}.")),
            other => other,
        };
        let unet_keys = keys::unet(&plan.unet).map_err(not_buildable)?;
        let vq_keys = keys::autoencoder(&vq).map_err(not_buildable)?;
        in_file(Network::UNet, Network::UNet.check(&unet.checkpoint, &unet_keys))?;
        in_file(Network::UNet, check_position_index(&unet.checkpoint))?;
        in_file(Network::Autoencoder, Network::Autoencoder.check(&autoencoder.checkpoint, &vq_keys))?;

        let vq_tensors = vq_keys.into_iter().map(|key| (Network::Autoencoder, key));
        let tensors: VecDeque<_> = vq_tensors.chain(unet_keys.into_iter().map(|key| (Network::UNet, key))).collect();
        let name = options.name.clone().unwrap_or_else(|| format!("resshift-{}", plan.name));
        let storage = options.storage;
        Ok(Self {
            unet,
            autoencoder,
            plan,
            vq,
            schedule,
            writer: ShardWriter::new(&name, storage),
            name,
            storage,
            done: 0,
            total: tensors.iter().map(|(_, (_, shape))| shape.iter().product::<usize>() as u64).sum(),
            tensors,
        })
    }

    /// The model's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The terms of the weights: to be shown before.
    pub fn licence(&self) -> &Licence {
        &self.plan.licence
    }

    /// About how many bytes of shards there will be.
    pub fn estimated_bytes(&self) -> u64 {
        match self.storage {
            Storage::F16 => 2 * self.total,
            Storage::F32 => 4 * self.total,
            Storage::Int8 => self.total,
        }
    }

    /// The next shard; `None` once all have come.
    ///
    /// # Errors
    /// [`Error::BadCheckpoint`] if a file is damaged, whatever its medium says.
    pub fn next_shard(&mut self) -> Result<Option<Converted>> {
        loop {
            if let Some((shard, bytes)) = self.writer.take() {
                return Ok(Some(Converted { shard, bytes, done: self.done, total: self.total }));
            }
            let Some((network, (key, shape))) = self.tensors.pop_front() else {
                if self.writer.is_empty() {
                    return Ok(None);
                }
                self.writer.flush()?;
                continue;
            };
            let (prefix, source) = match network {
                Network::UNet => ("unet", &self.unet),
                Network::Autoencoder => ("autoencoder", &self.autoencoder),
            };
            let done = &mut self.done;
            self.writer.add(&format!("{prefix}.{key}"), &shape, |begin, end| {
                *done += (end - begin) as u64;
                in_file(network, source.checkpoint.read(&key, begin, end))
            })?;
        }
    }

    /// `model.json`, to be stored after all shards.
    ///
    /// # Errors
    /// Whatever the files' medium says.
    pub fn finish(self) -> Result<ModelConfig> {
        let shards = self.writer.finish();
        let sources = [("unet", sha256(self.unet.bytes)?), ("autoencoder", sha256(self.autoencoder.bytes)?)];
        Ok(ModelConfig {
            version: format!("{}-{}", sources[0].1.get(..8).unwrap_or_default(), self.storage.name()),
            name: self.name,
            engine: ENGINE.into(),
            scale: 4,
            schedule: self.schedule,
            temperature: 1.0,
            arch: Arch::SwinVq { unet: self.plan.unet, autoencoder: self.vq },
            bytes: shards.iter().map(|shard| shard.bytes).sum(),
            shards,
            licence: self.plan.licence,
            provenance: provenance(&sources, self.storage),
        })
    }
}

fn provenance(sources: &[(&str, String)], storage: Storage) -> Map<String, Value> {
    let sources: Map<String, Value> =
        sources.iter().map(|(name, sha256)| (name.to_string(), json!({ "sha256": sha256 }))).collect();
    let entries = [
        ("converter", json!(concat!("resshift ", env!("CARGO_PKG_VERSION")))),
        ("dtype", json!(storage.name())),
        ("sources", Value::Object(sources)),
    ];
    entries.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

/// SHA-256 of the whole file, which is read in pieces.
fn sha256(file: &dyn Bytes) -> Result<String> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    let mut position = 0;
    while position < file.len() {
        let length = (file.len() - position).min(piece.len() as u64);
        let piece = piece.get_mut(..length as usize).unwrap_or_default();
        file.read_at(position, piece)?;
        hash.update(piece);
        position += length;
    }
    Ok(hexadecimal(&hash.finalize()))
}
