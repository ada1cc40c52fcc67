//! `model.json`: what a model folder holds and how its networks are built.

use crate::layer::MaskKind;
use crate::paper::schedule::ScheduleConfig;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ModelConfig {
    /// Short name, also the key of its cache entries.
    pub name: String,
    /// Version of the weights.
    pub version: String,
    /// The oldest engine that reads this folder, `MAJOR.MINOR.PATCH`.
    pub engine: String,
    /// Enlargement; 4 for every model so far.
    pub scale: usize,
    /// The chain it was trained for.
    pub schedule: ScheduleConfig,
    /// The factor on the chain's noise that suits these weights where the caller names none; 1 is the paper's.
    #[serde(default = "one")]
    pub temperature: f64,
    /// Networks.
    #[serde(flatten)]
    pub arch: Arch,
    /// Size of all shards together.
    pub bytes: u64,
    /// The weights' files, in this folder.
    pub shards: Vec<Shard>,
    /// Licence of the weights.
    pub licence: Licence,
    /// Where the weights come from, for people: source files with their SHA-256, converter, training.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub provenance: serde_json::Map<String, serde_json::Value>,
}

/// One file of weights: `crate::weights::shard` says what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// File name, no path: `BASE-XXXXXXXX.safetensors` with the first 8 digits of its SHA-256, so that another
    /// version of the weights never hides behind the same address.
    pub name: String,
    /// Size in bytes, at most [`crate::weights::shard::LIMIT`].
    pub bytes: u64,
    /// SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// Licence of a model's weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// SPDX identifier or plain name.
    pub name: String,
    /// May the weights be used commercially?
    pub commercial: bool,
    /// Where its text stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The text itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The families of networks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "arch", rename_all = "kebab-case")]
pub enum Arch {
    /// Our convolutional network in the space-to-depth latent.
    Compact {
        /// Its shape.
        network: CompactConfig,
    },
    /// SPAN as the network of a chain, in the same latent.
    Span {
        /// Its shape.
        network: SpanConfig,
    },
    /// The released UNet with Swin windows in the VQ latent.
    SwinVq {
        /// Its shape.
        unet: UNetConfig,
        /// The autoencoder's shape.
        autoencoder: VqConfig,
    },
}

/// Shape of the compact network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompactConfig {
    /// Channels per level.
    pub channels: Vec<usize>,
    /// Residual blocks per level going down.
    pub enc_blocks: Vec<usize>,
    /// Residual blocks per level going up.
    pub dec_blocks: Vec<usize>,
    /// Width of the time embedding.
    pub emb: usize,
    /// Channels of the network that draws the prior mean y0; 0: y0 is the bicubic picture.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub prior: usize,
}

impl CompactConfig {
    /// Multiply-adds of the convolutions of a step, and of y0, per low-resolution pixel.
    pub fn macs(&self) -> [f64; 2] {
        let conv = |c_in: usize, c_out: usize, taps: usize| c_in as f64 * c_out as f64 * taps as f64;
        let Self { channels: ch, enc_blocks, dec_blocks, prior, .. } = self;
        let inputs = 51 + if *prior > 0 { 48 } else { 0 };
        let ends = ch.first().map_or(0.0, |&c| conv(inputs, c, 9) + conv(c, 96, 9));
        let pixels = |level: usize| 0.25f64.powi(level as i32);
        let blocks = ch.iter().zip(enc_blocks).zip(dec_blocks).enumerate();
        let blocks = blocks.map(|(l, ((&c, &enc), &dec))| 2.0 * conv(c, c, 9) * (enc as f64 + dec as f64) * pixels(l));
        // Down to a quarter of the pixels, and up again by 2x2 taps.
        let between = ch.windows(2).enumerate();
        let between = between.map(|(l, c)| (conv(c[0], c[1], 9) / 4.0 + conv(c[1], c[0], 4)) * pixels(l));
        let step = ends + blocks.sum::<f64>() + between.sum::<f64>();
        let y0 = match *prior {
            0 => 0.0,
            c => {
                conv(3, 3, 1)
                    + conv(3, c, 9)
                    + 19.0 * conv(c, c, 9)
                    + conv(4 * c, c, 1)
                    + conv(c, 48, 9)
                    + conv(48, 48, 1)
            }
        };
        [step, y0]
    }
}

/// Shape of SPAN in a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanConfig {
    /// Channels of every layer.
    pub channels: usize,
    /// Width of the time embedding.
    pub emb: usize,
}

/// Shape of the released UNet; field names as in its own configuration files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UNetConfig {
    /// Nominal latent side; decides structure only.
    pub image_size: usize,
    /// Latent channels in.
    pub in_channels: usize,
    /// Base width.
    pub model_channels: usize,
    /// Latent channels out.
    pub out_channels: usize,
    /// Nominal sides that carry Swin layers.
    pub attention_resolutions: Vec<usize>,
    /// Width factor per level.
    pub channel_mult: Vec<usize>,
    /// Residual blocks per level.
    pub num_res_blocks: Vec<usize>,
    /// Channels per attention head.
    pub num_head_channels: usize,
    /// Blocks per Swin layer.
    pub swin_depth: usize,
    /// Width inside a Swin layer.
    pub swin_embed_dim: usize,
    /// Window side.
    pub window_size: usize,
    /// Width factor of the MLP.
    pub mlp_ratio: usize,
    /// Nominal side of the conditioning picture; larger than `image_size` adds a feature extractor.
    pub lq_size: usize,
    /// A mask channel follows the conditioning picture (inpainting).
    #[serde(default)]
    pub cond_mask: bool,
    /// Mask of shifted windows.
    #[serde(default)]
    pub mask: MaskKind,
}

/// Shape of the VQ autoencoder; field names as in its own configuration files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VqConfig {
    /// Channels of a code.
    pub embed_dim: usize,
    /// Number of codes.
    pub n_embed: usize,
    /// Encoder and decoder.
    pub ddconfig: VqNetConfig,
}

/// Encoder and decoder of the VQ autoencoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VqNetConfig {
    /// Latent channels before the codebook's projection.
    pub z_channels: usize,
    /// Picture channels in.
    pub in_channels: usize,
    /// Picture channels out.
    pub out_ch: usize,
    /// Base width.
    pub ch: usize,
    /// Width factor per level.
    pub ch_mult: Vec<usize>,
    /// Residual blocks per level (one number, or one per level).
    pub num_res_blocks: Blocks,
}

/// One number for all levels, or one per level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Blocks {
    /// The same everywhere.
    Same(usize),
    /// By level.
    Each(Vec<usize>),
}

impl Blocks {
    /// Residual blocks at `level`.
    pub fn at(&self, level: usize) -> usize {
        match self {
            Blocks::Same(n) => *n,
            Blocks::Each(all) => all.get(level).copied().unwrap_or(0),
        }
    }
}

fn one() -> f64 {
    1.0
}

fn is_zero(value: &usize) -> bool {
    *value == 0
}

/// The one field that every engine reads in every `model.json`.
#[derive(Deserialize)]
struct Demand {
    engine: String,
}

impl ModelConfig {
    /// Work of y0 as a share of that of a step; 0 where no network draws it.
    pub fn share_of_y0(&self) -> f64 {
        match &self.arch {
            Arch::Compact { network } => {
                let [step, y0] = network.macs();
                if step > 0.0 { y0 / step } else { 0.0 }
            }
            Arch::Span { .. } | Arch::SwinVq { .. } => 0.0,
        }
    }

    /// Reads `model.json`.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if it is not valid, made for a newer engine, or names files outside its folder.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let refused = |reason: String| Error::BadWeights(format!("model.json: {reason}"));
        // First: nobody knows what else a later format changes.
        let Demand { engine } = serde_json::from_slice(json).map_err(|e| refused(e.to_string()))?;
        let this = env!("CARGO_PKG_VERSION");
        match (version(&engine), version(this)) {
            (None, _) => return Err(refused(format!("engine {engine:?} is not a version such as 1.0.0"))),
            (needed, own) if needed > own => {
                return Err(refused(format!("the model needs engine {engine} or newer, and this is {this}")));
            }
            _ => {}
        }
        let config: Self = serde_json::from_slice(json).map_err(|e| refused(e.to_string()))?;
        config.check().map_err(refused)?;
        Ok(config)
    }

    /// What the types do not say.
    fn check(&self) -> Result<(), String> {
        if !is_plain(&self.name) {
            return Err(format!("{:?} is not a plain name", self.name));
        }
        if self.scale != 4 {
            return Err(format!("scale {} is not supported", self.scale));
        }
        if !(0.0..=2.0).contains(&self.temperature) {
            return Err("the temperature must lie between 0 and 2".into());
        }
        let mut total = 0u64;
        for (i, shard) in self.shards.iter().enumerate() {
            shard.check()?;
            total = total.saturating_add(shard.bytes);
            if self.shards[..i].iter().any(|other| other.name == shard.name) {
                return Err(format!("{} is named twice", shard.name));
            }
        }
        if total != self.bytes {
            return Err(format!("bytes is {} where the shards have {total}", self.bytes));
        }
        Ok(())
    }
}

impl Shard {
    fn check(&self) -> Result<(), String> {
        let Self { name, bytes, sha256 } = self;
        if !is_plain(name) {
            return Err(format!("{name:?} is not a plain file name"));
        }
        if sha256.len() != 64 || !sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(format!("the sha256 of {name} must have 64 lower-case hexadecimal digits"));
        }
        let end = format!("-{}.safetensors", sha256.get(..8).unwrap_or_default());
        if !name.ends_with(&end) {
            return Err(format!("the name of {name} must end in {end}, as its content does"));
        }
        if *bytes > crate::weights::shard::LIMIT {
            return Err(format!("{name} is larger than a shard may be, {} bytes", crate::weights::shard::LIMIT));
        }
        Ok(())
    }
}

/// No path, nothing hidden, nothing that a URL or a file system takes as a sign.
pub(crate) fn is_plain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    !name.is_empty() && name.len() <= 128 && !name.starts_with('.') && name.bytes().all(plain)
}

/// `MAJOR.MINOR.PATCH` as numbers, in the order of age.
fn version(text: &str) -> Option<[u32; 3]> {
    let mut numbers = text.split('.').map(|number| number.parse().ok());
    let version = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(version)
}
