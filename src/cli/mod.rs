//! The command line: `resshift upscale IN -o OUT` with its options and how it ends; `resshift eval` is in `eval.rs`,
//! `resshift convert` in `convert.rs`.

mod convert;
mod dataset;
mod eval;
mod file;
mod model_folder;
mod progress;
mod sheet;

use self::file::NewFile;
use clap::{Parser, Subcommand, ValueEnum};
use progress::Progress;
use resshift::compute::Compute;
use resshift::image::{FileRows, Format, Limits, Picture, Sample, Size, Tags, decode_tagged};
use resshift::limits::{TEMPERATURE_MAX, TEMPERATURE_MIN};
use resshift::model::UPSCALE;
use resshift::upscaler::{Options, Upscaler};
use resshift::{Error, Result, gpu};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

/// Enlarge pictures four times with ResShift, a diffusion model.
#[derive(Parser)]
#[command(name = "resshift", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Enlarge a picture four times in width and height.
    Upscale(Upscale),
    /// Measure a model on test pictures, beside bicubic interpolation.
    Eval(eval::Eval),
    /// Convert the authors' checkpoints (.pth) into a model folder.
    Convert(convert::Convert),
}

#[derive(clap::Args)]
struct Upscale {
    /// Picture to enlarge: PNG, JPEG, WebP, GIF, BMP or TIFF.
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// File to write: .png, .jpg or .webp. An existing file is replaced, but never the input.
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Quality of a JPEG file, 1 to 100 [default: 92]; with it a WebP file is lossy, else lossless.
    #[arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: Option<u8>,
    /// Bits per sample of a PNG file.
    #[arg(long, value_enum, default_value_t = Depth::Eight)]
    depth: Depth,
    /// Width of the result in pixels, at most four times the input's; alone, the height follows.
    #[arg(long, value_name = "PIXELS", value_parser = positive)]
    width: Option<usize>,
    /// Height of the result in pixels; alone, the width follows.
    #[arg(long, value_name = "PIXELS", value_parser = positive)]
    height: Option<usize>,
    /// Enlargement above 0, at most 4, instead of a width or height.
    #[arg(long, value_name = "X", conflicts_with_all = ["width", "height"])]
    scale: Option<f64>,
    /// Leave the metadata of the input behind (EXIF, XMP, IPTC, density); its colour profile is always kept.
    #[arg(long)]
    strip: bool,
    /// Folder with model.json and the weights [default: models/compact in the current folder, in the program's
    /// folder, or in ../share/resshift from there].
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Steps of the diffusion chain [default: as many as the model was trained for]; with 0 the result is the picture that
    /// the chain starts from, where the model draws one.
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// Selects the noise; the same seed gives the same picture.
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Factor on the noise, 0 to 2; below 1 the result is smoother.
    #[arg(long, value_name = "X", value_parser = temperature, allow_negative_numbers = true)]
    temperature: Option<f64>,
    /// Side of a tile in pixels of the input, or "auto": by what the model needs.
    #[arg(long, value_name = "auto|LR_PIXELS", default_value = "auto")]
    tile: Tile,
    /// Where to compute. "auto": a real GPU if there is one, else the CPU; "webgpu" accepts an emulated GPU too.
    #[arg(long, value_enum, default_value_t = On::Auto)]
    device: On,
}

#[derive(Clone, Copy, ValueEnum)]
enum On {
    Auto,
    Webgpu,
    Cpu,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Depth {
    #[value(name = "8")]
    Eight,
    #[value(name = "16")]
    Sixteen,
}

/// `None`: chosen by the model's cost.
#[derive(Clone, Copy)]
struct Tile(Option<usize>);

impl FromStr for Tile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" { Ok(Self(None)) } else { positive(text).map(|side| Self(Some(side))) }
    }
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&number| number > 0).ok_or_else(|| "not a whole number of at least 1".into())
}

fn temperature(text: &str) -> Result<f64, String> {
    let range = TEMPERATURE_MIN..=TEMPERATURE_MAX;
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("not a number from {TEMPERATURE_MIN} to {TEMPERATURE_MAX}"))
}

/// Runs the command. Exit codes: 0 done, 1 failed with `error[code]`, 2 used wrongly.
pub fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Upscale(arguments) => pollster::block_on(upscale(&arguments)),
        Command::Eval(arguments) => pollster::block_on(eval::run(&arguments)),
        Command::Convert(arguments) => convert::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error[{}]: {error}\n{}", error.code(), error.advice());
            ExitCode::FAILURE
        }
    }
}

/// Everything that can fail at once comes before anything that takes long.
async fn upscale(arguments: &Upscale) -> Result<()> {
    let format = file::check_output(&arguments.input, &arguments.output)?;
    if arguments.depth == Depth::Sixteen && format != Format::Png {
        return Err(Error::BadOption("Only PNG files hold 16 bits.".into()));
    }
    let (picture, tags) = decode_tagged(&file::read(&arguments.input)?, &Limits::default())?;
    let tags = tags.for_result(!arguments.strip);
    let size = Size { width: arguments.width, height: arguments.height, scale: arguments.scale };
    let (width, height) = size.of(UPSCALE * picture.width, UPSCALE * picture.height)?;
    format.check_size(width, height, arguments.quality)?;
    let (config, weights) = model_folder::load(arguments.model.as_deref())?;

    let device = open(arguments.device).await?;
    let upscaler = Upscaler::load(config, weights, &device)?;
    let options = Options {
        steps: arguments.steps,
        seed: arguments.seed,
        temperature: arguments.temperature,
        tile: arguments.tile.0,
        max_positions: None,
    };
    let mut progress = Progress::new();
    let file =
        ResultFile { output: &arguments.output, size: (width, height), tags, format, quality: arguments.quality };
    let done = match arguments.depth {
        Depth::Eight => file.write::<u8>(&upscaler, picture, &options, &mut progress).await,
        Depth::Sixteen => file.write::<u16>(&upscaler, picture, &options, &mut progress).await,
    };
    progress.finish();
    done?;
    eprintln!("{}: {width} x {height} pixels.", arguments.output.display());
    Ok(())
}

/// Where a result goes, and as what.
struct ResultFile<'a> {
    output: &'a Path,
    size: (usize, usize),
    tags: Tags,
    format: Format,
    quality: Option<u8>,
}

impl ResultFile<'_> {
    /// Writes the file as the result grows.
    async fn write<T: Sample>(
        &self,
        upscaler: &Upscaler,
        picture: Picture,
        options: &Options,
        progress: &mut Progress,
    ) -> Result<()> {
        let Self { output, size, tags, format, quality } = self;
        let pieces = NewFile::create(output)?;
        let mut file = FileRows::<T, _>::new(&picture, UPSCALE, *size, tags, (*format, *quality), pieces)?;
        upscaler.upscale_rows(picture, options, progress, &mut file).await?;
        file.finish().await?.finish()
    }
}

/// Opens the device and says in plain words which one it is.
async fn open(on: On) -> Result<Compute> {
    let gpu = match on {
        On::Cpu => {
            eprintln!("Running on the CPU.");
            return Ok(Compute::cpu());
        }
        On::Webgpu => gpu::open().await?,
        On::Auto => match gpu::open().await {
            Ok(gpu) if !gpu.software => gpu,
            Ok(gpu) => {
                eprintln!("Running on the CPU: the only GPU found, {}, is itself emulated on the CPU.", gpu.name);
                return Ok(Compute::cpu());
            }
            Err(reason) => {
                eprintln!("Running on the CPU. {reason}");
                return Ok(Compute::cpu());
            }
        },
    };
    let emulated = if gpu.software { ", which is emulated on the CPU and slow" } else { "" };
    eprintln!("Running on the GPU: {}{emulated}.", gpu.name);
    Ok(Compute::Gpu(gpu))
}
