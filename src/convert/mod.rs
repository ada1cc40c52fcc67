//! From the authors' checkpoints to a model folder, one shard at a time.
//!
//! [`convert`] needs no file system: it reads both checkpoints through [`Bytes`] (a page implements it over a `Blob`
//! with `FileReaderSync`) and hands every shard to a sink as soon as it is full, then returns the `model.json` to write
//! last. It holds one shard twice and one part of a tensor, some 30 MB, whatever the checkpoints' size.
//!
//! ```
//! # use resshift::{Result, checkpoint::Bytes, convert::{Options, convert}};
//! # fn store(_name: &str, _bytes: &[u8]) -> Result<()> { Ok(()) }
//! # fn example(unet: &dyn Bytes, autoencoder: &dyn Bytes) -> Result<()> {
//! let options = Options { file: "resshift_realsrx4_s4_v3.pth".into(), ..Options::default() };
//! let model = convert(unet, autoencoder, &options, &mut |converted| {
//!     println!("{} of {} numbers", converted.done, converted.total);
//!     store(&converted.shard.name, &converted.bytes)
//! })?;
//! store("model.json", &serde_json::to_vec_pretty(&model).unwrap_or_default())
//! # }
//! ```
//!
//! [`network_of`] tells which of two dropped files is which; [`released::licence`] is what to show before.

pub mod keys;
mod network;
pub mod released;
mod shard_writer;

pub use network::Network;
pub use shard_writer::{ShardWriter, Storage};

use crate::checkpoint::{Bytes, Checkpoint};
use crate::model::config::{Arch, Licence, ModelConfig, Shard, UNetConfig, VqConfig};
use crate::schedule::{Schedule, ScheduleConfig};
use crate::{Error, Result};
use network::{bad, check_position_index};
use released::{AUTOENCODERS, RELEASED, Released, Task};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use shard_writer::hexadecimal;
use std::cell::Cell;

/// The oldest engine that reads what is written here.
const ENGINE: &str = "0.1.0";

/// Where a network's configuration comes from.
#[derive(Debug, Clone)]
pub enum Configuration {
    /// The name of a released one, see [`released::RELEASED`] and [`released::AUTOENCODERS`].
    Name(String),
    /// JSON with the fields of [`UNetConfig`] or [`VqConfig`]; a UNet's may have a `schedule` (see [`ScheduleConfig`]),
    /// without which it is the paper's of 15 steps.
    Json(Vec<u8>),
}

/// What may be chosen.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The UNet's file name. The released x4 checkpoints differ only in their schedules: their names tell which.
    pub file: String,
    /// The UNet's configuration; `None`: recognised.
    pub unet: Option<Configuration>,
    /// The autoencoder's; `None`: the one that belongs to the UNet.
    pub autoencoder: Option<Configuration>,
    /// How weights are stored.
    pub storage: Storage,
    /// The model's name; `None`: made from the configuration's.
    pub name: Option<String>,
}

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

/// Which network a file holds.
///
/// # Errors
/// [`Error::BadCheckpoint`] if it is no checkpoint or holds neither.
pub fn network_of(file: &dyn Bytes) -> Result<Network> {
    Network::of(&Checkpoint::open(file)?)
}

/// Converts both checkpoints. Every name and shape is checked before the first shard is written. Returns `model.json`,
/// to be stored after all shards.
///
/// # Errors
/// [`Error::BadCheckpoint`] if a file is damaged or does not fit, [`Error::BadOption`] if a configuration does not,
/// whatever `sink` returns.
pub fn convert(
    unet: &dyn Bytes,
    autoencoder: &dyn Bytes,
    options: &Options,
    sink: &mut dyn FnMut(Converted) -> Result<()>,
) -> Result<ModelConfig> {
    let unet_file = open(unet, Network::UNet)?;
    let autoencoder_file = open(autoencoder, Network::Autoencoder)?;
    let plan = plan(&unet_file, options)?;
    let vq = vq_config(&plan, options)?;
    refuse_other_tasks(&plan.unet, &vq)?;
    let schedule = Schedule::new(plan.schedule).map_err(|e| Error::BadOption(e.to_string()))?;

    let not_buildable = |e| match e {
        Error::BadWeights(reason) => Error::BadOption(format!("No network can be built: {reason}.")),
        other => other,
    };
    let unet_keys = keys::unet(&plan.unet).map_err(not_buildable)?;
    let vq_keys = keys::autoencoder(&vq).map_err(not_buildable)?;
    in_file(Network::UNet, Network::UNet.check(&unet_file, &unet_keys))?;
    in_file(Network::UNet, check_position_index(&unet_file))?;
    in_file(Network::Autoencoder, Network::Autoencoder.check(&autoencoder_file, &vq_keys))?;

    let all = || unet_keys.iter().chain(&vq_keys).map(|(_, shape)| shape.iter().product::<usize>() as u64);
    let (total, done) = (all().sum(), Cell::new(0));
    let mut hand_on = |shard: &Shard, bytes| sink(Converted { shard: shard.clone(), bytes, done: done.get(), total });
    let name = options.name.clone().unwrap_or_else(|| format!("resshift-{}", plan.name));
    let mut writer = ShardWriter::new(&name, options.storage, &mut hand_on);
    // In the order in which the networks are built.
    let parts = [(Network::Autoencoder, &autoencoder_file, &vq_keys), (Network::UNet, &unet_file, &unet_keys)];
    for (network, file, keys) in parts {
        for (key, shape) in keys {
            let prefix = if network == Network::UNet { "unet" } else { "autoencoder" };
            let read = |begin, end| {
                done.set(done.get() + (end - begin) as u64);
                in_file(network, file.read(key, begin, end))
            };
            writer.add(&format!("{prefix}.{key}"), shape, read)?;
        }
    }
    let shards = writer.finish()?;

    let sources = [("unet", sha256(unet)?), ("autoencoder", sha256(autoencoder)?)];
    Ok(ModelConfig {
        version: format!("{}-{}", sources[0].1.get(..8).unwrap_or_default(), options.storage.name()),
        name,
        engine: ENGINE.into(),
        scale: 4,
        schedule: schedule.config,
        temperature: 1.0,
        arch: Arch::SwinVq { unet: plan.unet, autoencoder: vq },
        bytes: shards.iter().map(|shard| shard.bytes).sum(),
        shards,
        licence: plan.licence,
        provenance: provenance(&sources, options.storage),
    })
}

/// What is to be built.
struct Plan {
    name: String,
    unet: UNetConfig,
    schedule: ScheduleConfig,
    /// The name of the autoencoder that belongs to it.
    autoencoder: &'static str,
    licence: Licence,
}

impl From<&Released> for Plan {
    fn from(released: &Released) -> Self {
        Self {
            name: released.name.into(),
            unet: released.task.unet(),
            schedule: released.schedule(),
            autoencoder: released.task.autoencoder(),
            licence: released::licence(),
        }
    }
}

/// A configuration file of a UNet.
#[derive(Deserialize)]
struct UNetFile {
    #[serde(flatten)]
    unet: UNetConfig,
    schedule: Option<ScheduleConfig>,
}

fn plan(file: &Checkpoint, options: &Options) -> Result<Plan> {
    match &options.unet {
        Some(Configuration::Name(name)) => Released::named(name).map(Plan::from).ok_or_else(|| {
            let known: Vec<_> = RELEASED.iter().map(|released| released.name).collect();
            Error::BadOption(format!("There is no configuration {name:?}; known are {}.", known.join(", ")))
        }),
        Some(Configuration::Json(json)) => {
            let UNetFile { unet, schedule } = parse(json, "UNet")?;
            let schedule = schedule.unwrap_or_else(|| ScheduleConfig::new(15, 0.3, 2.0));
            // Whoever trained it knows its terms; until told otherwise the careful answer is no.
            let licence = Licence { name: "unknown".into(), commercial: false, url: None, text: None };
            Ok(Plan { name: "own".into(), unet, schedule, autoencoder: Task::X4.autoencoder(), licence })
        }
        None => recognise(file, &options.file).map(Plan::from),
    }
}

/// Which released checkpoint it is: the task by its tensors, the schedule by its name.
fn recognise(file: &Checkpoint, name: &str) -> Result<&'static Released> {
    let fits = |task: &Task| keys::unet(&task.unet()).is_ok_and(|keys| Network::UNet.check(file, &keys).is_ok());
    let Some(task) = Task::ALL.into_iter().find(fits) else {
        // Nearly a released one: say what is wrong with it.
        let inputs = file.get("input_blocks.0.0.weight").and_then(|first| first.shape.get(1)).copied();
        let meant = Task::ALL.into_iter().find(|task| {
            let keys = keys::unet(&task.unet()).unwrap_or_default();
            let first = keys.iter().find(|(name, _)| name == "input_blocks.0.0.weight");
            first.and_then(|(_, shape)| shape.get(1)).copied() == inputs && inputs.is_some()
        });
        let keys = keys::unet(&meant.unwrap_or(Task::X4).unet())?;
        return match in_file(Network::UNet, Network::UNet.check(file, &keys)) {
            Err(Error::BadCheckpoint(reason)) => {
                Err(bad(format!("{reason}; if it is not a released one, give its configuration")))
            }
            other => Err(other.err().unwrap_or_else(|| bad("it fits no released network"))),
        };
    };
    let mut of_task = RELEASED.iter().filter(|released| released.task == task);
    match (Released::in_file(name).filter(|released| released.task == task), of_task.next(), of_task.next()) {
        (Some(released), _, _) => Ok(released),
        (None, Some(only), None) => Ok(only),
        (None, first, _) if task != Task::X4 => first.ok_or_else(|| bad("it fits no released network")),
        _ => {
            let names: Vec<_> = RELEASED.iter().filter(|r| r.task == task).map(|released| released.name).collect();
            Err(bad(format!(
                "several checkpoints for {} have these tensors, and its file name does not tell which it is: give its \
                 configuration, one of {}",
                task.describe(),
                names.join(", ")
            )))
        }
    }
}

fn vq_config(plan: &Plan, options: &Options) -> Result<VqConfig> {
    let name = match &options.autoencoder {
        Some(Configuration::Json(json)) => return parse(json, "autoencoder"),
        Some(Configuration::Name(name)) => name,
        None => plan.autoencoder,
    };
    released::autoencoder(name).ok_or_else(|| {
        let known = AUTOENCODERS.join(", ");
        Error::BadOption(format!("There is no autoencoder configuration {name:?}; known are {known}."))
    })
}

fn parse<T: for<'a> Deserialize<'a>>(json: &[u8], what: &str) -> Result<T> {
    serde_json::from_slice(json).map_err(|e| Error::BadOption(format!("The {what}'s configuration is not valid: {e}.")))
}

/// The engine's own limits: x4 only, conditioned on the picture itself.
fn refuse_other_tasks(unet: &UNetConfig, vq: &VqConfig) -> Result<()> {
    let known = Task::ALL.into_iter().find(|task| task.unet() == *unet).filter(|&task| task != Task::X4);
    let reason = match known {
        Some(task) => format!("it is made for {}, and this engine only runs x4 enlargement so far", task.describe()),
        None if unet.lq_size != unet.image_size || unet.cond_mask || vq.ddconfig.ch_mult.len() != 3 => {
            "these networks are not made for x4 enlargement, the only task that this engine runs so far".into()
        }
        None => return Ok(()),
    };
    in_file(Network::UNet, Err(bad(reason)))
}

fn open(file: &dyn Bytes, network: Network) -> Result<Checkpoint<'_>> {
    let checkpoint = in_file(network, Checkpoint::open(file))?;
    let found = in_file(network, Network::of(&checkpoint))?;
    if found != network {
        let (wanted, found) = (network.describe(), found.describe());
        return Err(bad(format!("the file given as the {wanted} holds the {found}")));
    }
    Ok(checkpoint)
}

/// Says which of the two files is meant.
fn in_file<T>(network: Network, result: Result<T>) -> Result<T> {
    result.map_err(|error| match error {
        Error::BadCheckpoint(reason) => bad(format!("in the {}'s file, {reason}", network.describe())),
        other => other,
    })
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

/// Of the whole file, read in pieces.
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
