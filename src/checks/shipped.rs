//! The layers of the models that are shipped, as their `model.json` files describe them.

use crate::compute::Compute;
use crate::layer::ConvShape;
use crate::model::compact::CompactUNet;
use crate::model::config::{Arch, ModelConfig};
use crate::weights::{Weights, Zeros};
use crate::{Error, Result};

const MODELS: [&str; 2] =
    [include_str!("../../models/compact/model.json"), include_str!("../../models/nano/model.json")];

/// What the `model.json` files say, the default model's first.
///
/// # Errors
/// [`Error::BadWeights`] if one of them is not valid.
pub fn models() -> Result<Vec<ModelConfig>> {
    MODELS.iter().map(|json| ModelConfig::parse(json.as_bytes())).collect()
}

/// The networks, with weights of no meaning.
fn networks() -> Result<Vec<CompactUNet>> {
    let weights = Weights::new(Zeros, Compute::cpu());
    let network = |config: ModelConfig| match &config.arch {
        Arch::Compact { network } => CompactUNet::load(network, &weights),
        Arch::SwinVq { .. } => Err(Error::Internal(format!("{} is not a compact network", config.name))),
    };
    models()?.into_iter().map(network).collect()
}

/// Every convolution once; linear layers are 1x1 convolutions.
///
/// # Errors
/// As [`models`].
pub fn convolutions() -> Result<Vec<ConvShape>> {
    let mut shapes = Vec::new();
    for network in networks()? {
        for layer in network.convolutions() {
            if !shapes.contains(&layer.shape) {
                shapes.push(layer.shape);
            }
        }
    }
    Ok(shapes)
}

/// Every number of channels that a norm is computed over, once, in increasing order.
///
/// # Errors
/// As [`models`].
pub fn norm_channels() -> Result<Vec<usize>> {
    let mut channels: Vec<usize> = networks()?
        .iter()
        .flat_map(|network| network.norms().map(|norm| norm.gamma.dims()[0]).collect::<Vec<_>>())
        .collect();
    channels.sort_unstable();
    channels.dedup();
    Ok(channels)
}
