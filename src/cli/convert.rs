//! `resshift convert`: checkpoints, or another model folder, into a model folder.

use super::{file, model_folder};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use resshift::checkpoint::Bytes;
use resshift::convert::{Configuration, Converted, Options, Storage, convert, repack};
use resshift::model::config::ModelConfig;
use resshift::weights::SafetensorsSource;
use resshift::{Error, Result};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Convert {
    /// Checkpoint of the UNet, such as resshift_realsrx4_s4_v3.pth: .pth or .safetensors.
    #[arg(long, value_name = "FILE", requires = "autoencoder", required_unless_present = "model")]
    unet: Option<PathBuf>,
    /// Checkpoint of its autoencoder, such as autoencoder_vq_f4.pth.
    #[arg(long, value_name = "FILE", requires = "unet")]
    autoencoder: Option<PathBuf>,
    /// Instead of checkpoints: a model folder, to store its weights otherwise.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["unet", "autoencoder", "config", "autoencoder_config"])]
    model: Option<PathBuf>,
    /// Folder to write: model.json and the weights. It must not exist yet.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// How weights are stored.
    #[arg(long, value_enum, default_value_t = Dtype::F16)]
    dtype: Dtype,
    /// Configuration of the UNet: the name of a released one (realsr-v1, realsr-v2, realsr-v3, bicsr, ...) or a JSON
    /// file [default: recognised by the tensors and the file's name].
    #[arg(long, value_name = "NAME|FILE.json")]
    config: Option<String>,
    /// Configuration of the autoencoder: vq-f4, vq-f8-face, or a JSON file [default: the one that belongs to the UNet].
    #[arg(long, value_name = "NAME|FILE.json")]
    autoencoder_config: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Dtype {
    /// 2 bytes a weight.
    F16,
    /// 4 bytes a weight, unchanged.
    F32,
    /// 1 byte a weight.
    Int8,
}

/// Writes the folder whole or not at all: under another name beside it, renamed at the end.
pub fn run(arguments: &Convert) -> Result<()> {
    let output = &arguments.output;
    if output.exists() {
        return Err(file::failed(output, io::Error::from(io::ErrorKind::AlreadyExists)));
    }
    let partial = partial(output);
    fs::create_dir(&partial).map_err(|reason| file::failed(&partial, reason))?;
    let written = write(arguments, &partial)
        .and_then(|model| fs::rename(&partial, output).map_err(|e| file::failed(output, e)).map(|()| model));
    match written {
        Ok(model) => {
            let (name, shards, megabytes) = (&model.name, model.shards.len(), model.bytes as f64 / 1e6);
            let terms = if model.licence.commercial { "" } else { " They may not be used commercially." };
            let licence = &model.licence.name;
            eprintln!(
                "{}: {name}, {shards} shards, {megabytes:.1} MB. Licence of the weights: {licence}.{terms}",
                output.display()
            );
            Ok(())
        }
        Err(error) => {
            // The first failure is the one to report.
            let _ = fs::remove_dir_all(&partial);
            Err(error)
        }
    }
}

/// Converts into `folder`.
fn write(arguments: &Convert, folder: &Path) -> Result<ModelConfig> {
    let storage = match arguments.dtype {
        Dtype::F16 => Storage::F16,
        Dtype::F32 => Storage::F32,
        Dtype::Int8 => Storage::Int8,
    };
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent} %, {elapsed} passed, {eta} left") {
        bar.set_style(style);
    }
    let mut sink = |converted: Converted| {
        bar.set_length(converted.total);
        bar.set_position(converted.done);
        file::write(&folder.join(&converted.shard.name), &converted.bytes)
    };
    let model = match (&arguments.model, &arguments.unet, &arguments.autoencoder) {
        (None, Some(unet), Some(autoencoder)) => {
            let options = Options {
                file: unet.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                unet: arguments.config.as_deref().map(configuration).transpose()?,
                autoencoder: arguments.autoencoder_config.as_deref().map(configuration).transpose()?,
                storage,
                name: None,
            };
            convert(&Checkpoint::open(unet)?, &Checkpoint::open(autoencoder)?, &options, &mut sink)?
        }
        (model, ..) => {
            let (config, shards) = model_folder::load(model.as_deref())?;
            repack(config, &SafetensorsSource::new(shards)?, storage, &mut sink)?
        }
    };
    bar.finish_and_clear();
    let json = serde_json::to_vec_pretty(&model).map_err(|e| Error::Internal(e.to_string()))?;
    file::write(&folder.join("model.json"), &json)?;
    Ok(model)
}

fn configuration(argument: &str) -> Result<Configuration> {
    let path = Path::new(argument);
    match path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        true => Ok(Configuration::Json(file::read(path)?)),
        false => Ok(Configuration::Name(argument.into())),
    }
}

fn partial(output: &Path) -> PathBuf {
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    output.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

/// A file that is read piece by piece.
struct Checkpoint {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Checkpoint {
    fn open(path: &Path) -> Result<Self> {
        let opened = File::open(path).and_then(|file| {
            let data = file.metadata()?;
            match data.is_dir() {
                true => Err(io::Error::from(io::ErrorKind::IsADirectory)),
                false => Ok((file, data.len())),
            }
        });
        let (file, length) = opened.map_err(|reason| file::failed(path, reason))?;
        Ok(Self { path: path.to_path_buf(), file, length })
    }
}

impl Bytes for Checkpoint {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        if offset.checked_add(buffer.len() as u64).is_none_or(|end| end > self.length) {
            return Err(Error::BadCheckpoint("it is cut short".into()));
        }
        let mut file = &self.file;
        let read = file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(buffer));
        read.map_err(|reason| file::failed(&self.path, reason))
    }
}
