//! The layers of the models that are shipped, as their `model.json` files describe them.

use crate::compute::Compute;
use crate::layer::ConvShape;
use crate::model::compact::CompactUNet;
use crate::model::config::{Arch, ModelConfig};
use crate::model::span_denoiser::SpanDenoiser;
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

/// The convolutions of the networks, and the channels of their norms, in no order.
fn layers() -> Result<(Vec<ConvShape>, Vec<usize>)> {
    // Of no meaning.
    let weights = Weights::new(Zeros, Compute::cpu());
    let (mut shapes, mut norms) = (Vec::new(), Vec::new());
    for config in models()? {
        match &config.arch {
            Arch::Compact { network } => {
                let network = CompactUNet::load(network, &weights)?;
                shapes.extend(network.convolutions().map(|layer| layer.shape));
                norms.extend(network.norms().map(|norm| norm.gamma.dims()[0]));
            }
            Arch::Span { network } => {
                let network = SpanDenoiser::load(network, &weights)?;
                shapes.extend(network.convolutions().map(|layer| layer.shape));
            }
            Arch::SwinVq { .. } => return Err(Error::Internal(format!("{} is a converted network", config.name))),
        }
    }
    Ok((shapes, norms))
}

/// Every convolution once; linear layers are 1x1 convolutions.
///
/// # Errors
/// As [`models`].
pub fn convolutions() -> Result<Vec<ConvShape>> {
    let mut shapes = Vec::new();
    for shape in layers()?.0 {
        if !shapes.contains(&shape) {
            shapes.push(shape);
        }
    }
    Ok(shapes)
}

/// Every number of channels that a norm is computed over, once, in increasing order.
///
/// # Errors
/// As [`models`].
pub fn norm_channels() -> Result<Vec<usize>> {
    let mut channels = layers()?.1;
    channels.sort_unstable();
    channels.dedup();
    Ok(channels)
}
