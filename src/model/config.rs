//! `model.json`: what a model folder holds and how its networks are built.

use crate::ops::MaskKind;
use crate::schedule::ScheduleConfig;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ModelConfig {
    /// Short name, also the key of its cache entries.
    pub name: String,
    /// Version of the weights.
    pub version: String,
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
    /// Weight files, in this folder.
    pub files: Vec<WeightFile>,
    /// Licence of the weights.
    pub licence: Licence,
}

/// One weight file of a model folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightFile {
    /// File name, no path.
    pub name: String,
    /// Size in bytes.
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
    pub url: Option<String>,
}

/// The two families of networks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "arch", rename_all = "kebab-case")]
pub enum Arch {
    /// Our convolutional network in the space-to-depth latent.
    Compact {
        /// Its shape.
        network: CompactConfig,
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

impl ModelConfig {
    /// Reads `model.json`.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if it is not valid or names files outside its folder.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let config: Self = serde_json::from_slice(json).map_err(|e| Error::BadWeights(format!("model.json: {e}")))?;
        if config.scale != 4 {
            return Err(Error::BadWeights(format!("model.json: scale {} is not supported", config.scale)));
        }
        if !(0.0..=2.0).contains(&config.temperature) {
            return Err(Error::BadWeights("model.json: the temperature must lie between 0 and 2".into()));
        }
        for file in &config.files {
            let plain =
                !file.name.is_empty() && file.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
            if !plain || file.name.starts_with('.') {
                return Err(Error::BadWeights(format!("model.json: {:?} is not a plain file name", file.name)));
            }
        }
        Ok(config)
    }
}
