//! `resshift eval DATASET...`: measures a model beside bicubic interpolation.

use super::dataset;
use super::{On, file, model_folder, open, positive, sheet, temperature};
use clap::ValueEnum;
use resshift::chain::run_context::Unwatched;
use resshift::degrade::{Degradation, to_picture};
use resshift::image::encode::to_u8;
use resshift::image::resize::bicubic;
use resshift::image::{Format, Pixels, encode_png};
use resshift::metrics::{Lpips, Niqe, psnr_y, ssim_y};
use resshift::model::UPSCALE;
use resshift::upscaler::{Options, Upscaler};
use resshift::{Error, Result};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Pixels at each side that PSNR and SSIM leave out.
const BORDER: usize = UPSCALE;

#[derive(clap::Args)]
pub struct Eval {
    /// Folders: with HR/ and, for clean input, LRx4/ (the same names); or only with pictures, which have no reference.
    #[arg(value_name = "DATASET", required = true)]
    datasets: Vec<PathBuf>,
    /// Folder with model.json and the weights [default: as for upscale].
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Steps of the diffusion chain [default: as many as the model was trained for].
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// How low-resolution pictures come from HR/. "clean" takes those of LRx4/ where that exists.
    #[arg(long, value_enum, default_value_t = Kind::Clean)]
    degradation: Kind,
    /// Selects the noise of the chain and of the degradations.
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Factor on the chain's noise, 0 to 2 [default: what the model recommends].
    #[arg(long, value_name = "X", value_parser = temperature, allow_negative_numbers = true)]
    temperature: Option<f64>,
    /// Only the first pictures of each dataset.
    #[arg(long, value_name = "N", value_parser = positive)]
    limit: Option<usize>,
    /// Folder with lpips_alex.safetensors and niqe.safetensors [default: metrics].
    #[arg(long, value_name = "DIR", env = "RESSHIFT_METRICS", default_value = "metrics")]
    metrics: PathBuf,
    /// Writes a contact sheet: input, bicubic, result and reference side by side, the middle of each picture.
    #[arg(long, value_name = "OUT.png")]
    sheet: Option<PathBuf>,
    /// Folder, which must exist, for the results as PNG.
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Where to compute, as for upscale.
    #[arg(long, value_enum, default_value_t = On::Auto)]
    device: On,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Shrunk bicubically.
    Clean,
    /// And slightly noisy and compressed.
    Mild,
    /// Two rounds of blur, resize, noise and JPEG.
    Real,
    /// The paper's test model: blur, shrink, noise.
    Paper,
}

impl From<Kind> for Degradation {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Clean => Self::Clean,
            Kind::Mild => Self::Mild,
            Kind::Real => Self::Real,
            Kind::Paper => Self::Paper,
        }
    }
}

/// What was measured of one picture, or the means. Fields are missing where there is no reference, or too few pixels.
#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Scores {
    psnr_y: Option<f64>,
    ssim_y: Option<f64>,
    lpips: Option<f64>,
    niqe: Option<f64>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Compared {
    ours: Scores,
    bicubic: Scores,
}

#[derive(Debug, Serialize)]
struct Image {
    dataset: String,
    name: String,
    #[serde(flatten)]
    scores: Compared,
}

#[derive(Debug, Serialize)]
struct Report {
    model: String,
    version: String,
    steps: usize,
    temperature: f64,
    degradation: String,
    mean: Compared,
    images: Vec<Image>,
}

/// Runs the command.
pub async fn run(arguments: &Eval) -> Result<()> {
    let judge = Judge::load(&arguments.metrics)?;
    if let Some(output) = &arguments.sheet
        && file::check_output(Path::new(""), output)? != Format::Png
    {
        return Err(Error::BadOption("The sheet is a PNG file, so its name must end in .png.".into()));
    }
    let mut items = Vec::new();
    for folder in &arguments.datasets {
        let found = dataset::list(folder, matches!(arguments.degradation, Kind::Clean))?;
        items.extend(found.into_iter().take(arguments.limit.unwrap_or(usize::MAX)));
    }
    let (config, weights) = model_folder::load(arguments.model.as_deref())?;
    let upscaler = Upscaler::load(config, weights, &open(arguments.device).await?)?;
    let config = upscaler.config();
    let options = Options {
        steps: arguments.steps,
        seed: arguments.seed,
        temperature: arguments.temperature,
        ..Options::default()
    };
    let mut images = Vec::new();
    let mut rows = Vec::new();
    for item in &items {
        let (lr, hr) = item.open(arguments.degradation.into(), arguments.seed)?;
        let base = enlarged(&lr);
        let ours = upscaler.upscale(&to_picture(&lr), &options, &mut Unwatched).await?;
        let scores = Compared { ours: judge.score(&ours, hr.as_ref())?, bicubic: judge.score(&base, hr.as_ref())? };
        if !arguments.json {
            println!("{}", line(&format!("{} {}", item.dataset, item.name), &scores));
        }
        if let Some(folder) = &arguments.pictures {
            file::write(&folder.join(format!("{}_{}.png", item.dataset, item.name)), &encode_png(&ours)?)?;
        }
        images.push(Image { dataset: item.dataset.clone(), name: item.name.clone(), scores });
        if arguments.sheet.is_some() {
            rows.push(sheet::row(&lr, &base, &ours, hr.as_ref()));
        }
    }
    if let Some(output) = &arguments.sheet {
        file::write(output, &encode_png(&sheet::stack(&rows))?)?;
    }
    let mean = Compared {
        ours: mean(images.iter().map(|image| image.scores.ours)),
        bicubic: mean(images.iter().map(|image| image.scores.bicubic)),
    };
    if !arguments.json {
        println!("{}", line(&format!("mean of {}", images.len()), &mean));
        return Ok(());
    }
    let kind = arguments.degradation.to_possible_value();
    let report = Report {
        model: config.name.clone(),
        version: config.version.clone(),
        steps: arguments.steps.unwrap_or(config.schedule.steps),
        temperature: arguments.temperature.unwrap_or(config.temperature),
        degradation: kind.map(|kind| kind.get_name().to_string()).unwrap_or_default(),
        mean,
        images,
    };
    let json = serde_json::to_string_pretty(&report).map_err(|e| Error::Internal(e.to_string()))?;
    println!("{json}");
    Ok(())
}

/// The metrics with their weights.
struct Judge {
    lpips: Lpips,
    niqe: Niqe,
}

impl Judge {
    fn load(folder: &Path) -> Result<Self> {
        let read = |name: &str| file::read(&folder.join(name));
        Ok(Self { lpips: Lpips::load(read("lpips_alex.safetensors")?)?, niqe: Niqe::load(read("niqe.safetensors")?)? })
    }

    fn score(&self, picture: &Pixels, reference: Option<&Pixels>) -> Result<Scores> {
        let niqe = self.niqe.score(picture);
        let Some(hr) = reference else { return Ok(Scores { niqe, ..Scores::default() }) };
        Ok(Scores {
            psnr_y: Some(psnr_y(picture, hr, BORDER)?),
            ssim_y: Some(ssim_y(picture, hr, BORDER)?),
            lpips: self.lpips.distance(picture, hr).ok(),
            niqe,
        })
    }
}

/// Bicubic interpolation, the baseline.
fn enlarged(lr: &Pixels) -> Pixels {
    let rgb: Vec<f32> = lr.data.iter().map(|&v| f32::from(v) / 255.0).collect();
    let data = bicubic(&rgb, lr.width, lr.height, 3, UPSCALE).into_iter().map(to_u8).collect();
    Pixels { width: UPSCALE * lr.width, height: UPSCALE * lr.height, channels: 3, data }
}

/// Means of what was measured, over the pictures that have it.
fn mean(scores: impl Iterator<Item = Scores> + Clone) -> Scores {
    let of = |field: fn(Scores) -> Option<f64>| {
        let values: Vec<f64> = scores.clone().filter_map(field).filter(|v| v.is_finite()).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    Scores { psnr_y: of(|s| s.psnr_y), ssim_y: of(|s| s.ssim_y), lpips: of(|s| s.lpips), niqe: of(|s| s.niqe) }
}

fn line(name: &str, scores: &Compared) -> String {
    let one = |label: &str, s: &Scores| {
        let number = |value: Option<f64>, digits: usize| value.map_or("-".into(), |v| format!("{v:.digits$}"));
        format!(
            "{label}: PSNR-Y {:>5} SSIM-Y {:>6} LPIPS {:>6} NIQE {:>5}",
            number(s.psnr_y, 2),
            number(s.ssim_y, 4),
            number(s.lpips, 4),
            number(s.niqe, 2)
        )
    };
    format!("{name:<28} {} | {}", one("ours", &scores.ours), one("bicubic", &scores.bicubic))
}
