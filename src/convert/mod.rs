//! From the authors' checkpoints to a model folder, one shard at a time.
//!
//! [`convert`] needs no file system: it reads both checkpoints through [`Bytes`] and hands every shard to a sink as soon
//! as it is full, then returns the `model.json` to write last. A [`Conversion`] gives the shards one by one to whoever
//! cannot store them at once, as a page. Either holds a shard and the one that becomes of the next tensors, some 30 MB,
//! whatever the checkpoints' size. [`repack`] stores the weights of an existing folder otherwise.
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
//! [`network_of`] tells which of two dropped files is which; [`published::licence`] is what to show before.

mod conversion;
pub mod keys;
mod network;
pub mod published;
mod repack;
mod shard_writer;

pub use conversion::{Conversion, Converted};
pub use network::Network;
pub use repack::repack;
pub use shard_writer::{ShardWriter, Storage};

use crate::checkpoint::{Bytes, Checkpoint};
use crate::model::config::{Licence, ModelConfig, UNetConfig, VqConfig};
use crate::paper::schedule::ScheduleConfig;
use crate::{Error, Result};
use network::bad;
use published::{AUTOENCODERS, PUBLISHED, Published, Task};
use serde::Deserialize;

/// Where a network's configuration comes from.
#[derive(Debug, Clone)]
pub enum Configuration {
    /// The name of a released one, see [`published::PUBLISHED`] and [`published::AUTOENCODERS`].
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
/// As [`Conversion`]'s, and whatever `sink` returns.
pub fn convert(
    unet: &dyn Bytes,
    autoencoder: &dyn Bytes,
    options: &Options,
    sink: &mut dyn FnMut(Converted) -> Result<()>,
) -> Result<ModelConfig> {
    let mut conversion = Conversion::new(unet, autoencoder, options)?;
    while let Some(converted) = conversion.next_shard()? {
        sink(converted)?;
    }
    conversion.finish()
}

/// What is to be built.
struct ConversionPlan {
    name: String,
    unet: UNetConfig,
    schedule: ScheduleConfig,
    /// The name of the autoencoder that belongs to it.
    autoencoder: &'static str,
    licence: Licence,
}

impl From<&Published> for ConversionPlan {
    fn from(released: &Published) -> Self {
        Self {
            name: released.name.into(),
            unet: released.task.unet(),
            schedule: released.schedule(),
            autoencoder: released.task.autoencoder(),
            licence: published::licence(),
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

fn plan(file: &Checkpoint, options: &Options) -> Result<ConversionPlan> {
    match &options.unet {
        Some(Configuration::Name(name)) => Published::named(name).map(ConversionPlan::from).ok_or_else(|| {
            let known: Vec<_> = PUBLISHED.iter().map(|released| released.name).collect();
            Error::BadOption(format!("There is no configuration {name:?}; known are {}.", known.join(", ")))
        }),
        Some(Configuration::Json(json)) => {
            let UNetFile { unet, schedule } = parse(json, "UNet")?;
            let schedule = schedule.unwrap_or_else(|| ScheduleConfig::new(15, 0.3, 2.0));
            // Whoever trained it knows its terms; until told otherwise the careful answer is no.
            let licence = Licence { name: "unknown".into(), commercial: false, url: None, text: None };
            Ok(ConversionPlan { name: "own".into(), unet, schedule, autoencoder: Task::X4.autoencoder(), licence })
        }
        None => recognise(file, &options.file).map(ConversionPlan::from),
    }
}

/// Which released checkpoint it is: the task by its tensors, the schedule by its name.
fn recognise(file: &Checkpoint, name: &str) -> Result<&'static Published> {
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
    let mut of_task = PUBLISHED.iter().filter(|released| released.task == task);
    match (Published::in_file(name).filter(|released| released.task == task), of_task.next(), of_task.next()) {
        (Some(released), _, _) => Ok(released),
        (None, Some(only), None) => Ok(only),
        (None, first, _) if task != Task::X4 => first.ok_or_else(|| bad("it fits no released network")),
        _ => {
            let names: Vec<_> = PUBLISHED.iter().filter(|r| r.task == task).map(|released| released.name).collect();
            Err(bad(format!(
                "several checkpoints for {} have these tensors, and its file name does not tell which it is: give its \
                 configuration, one of {}",
                task.describe(),
                names.join(", ")
            )))
        }
    }
}

fn vq_config(plan: &ConversionPlan, options: &Options) -> Result<VqConfig> {
    let name = match &options.autoencoder {
        Some(Configuration::Json(json)) => return parse(json, "autoencoder"),
        Some(Configuration::Name(name)) => name,
        None => plan.autoencoder,
    };
    published::autoencoder(name).ok_or_else(|| {
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
