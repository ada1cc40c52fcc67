//! Which network a checkpoint holds, and whether it is whole.

use super::keys::Key;
use crate::checkpoint::Checkpoint;
use crate::ops::relative_position_index;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// The two networks of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// The UNet that predicts x0.
    UNet,
    /// The VQ autoencoder.
    Autoencoder,
}

impl Network {
    /// By the tensors that only one of them has.
    ///
    /// # Errors
    /// [`Error::BadCheckpoint`] if it is neither.
    pub fn of(checkpoint: &Checkpoint) -> Result<Self> {
        if checkpoint.get("time_embed.0.weight").is_some() {
            return Ok(Network::UNet);
        }
        if checkpoint.get("quantize.embedding.weight").is_some() {
            return Ok(Network::Autoencoder);
        }
        let first = checkpoint.tensors().next().map_or("", |(name, _)| name);
        Err(bad(format!("it holds neither a ResShift UNet nor a VQ autoencoder, but {}", shown(first))))
    }

    /// In a sentence.
    pub fn describe(self) -> &'static str {
        match self {
            Network::UNet => "UNet",
            Network::Autoencoder => "autoencoder",
        }
    }

    /// What the names of its modules begin with.
    fn modules(self) -> &'static [&'static str] {
        match self {
            Network::UNet => {
                &["time_embed.", "feature_extractor.", "input_blocks.", "middle_block.", "output_blocks.", "out."]
            }
            Network::Autoencoder => &["encoder.", "decoder.", "quant_conv.", "post_quant_conv.", "quantize."],
        }
    }

    /// Whether the checkpoint has these tensors, in these shapes, and no others of this network. What training kept
    /// beside the network (losses, discriminators) and buffers do not count.
    ///
    /// # Errors
    /// [`Error::BadCheckpoint`], naming the first difference.
    pub fn check(self, checkpoint: &Checkpoint, keys: &[Key]) -> Result<()> {
        let keys: BTreeMap<&str, &[usize]> = keys.iter().map(|(name, shape)| (name.as_str(), &shape[..])).collect();
        let missing: Vec<&str> = keys.keys().filter(|name| checkpoint.get(name).is_none()).copied().collect();
        if let [first, ..] = missing[..] {
            let count = missing.len();
            return Err(bad(format!(
                "it lacks {count} of the {}'s {} tensors, such as {first}",
                self.describe(),
                keys.len()
            )));
        }
        for (name, tensor) in checkpoint.tensors() {
            match keys.get(name) {
                Some(&shape) if shape != tensor.shape => {
                    return Err(bad(format!("{name} has shape {:?} where {shape:?} is expected", tensor.shape)));
                }
                None if self.modules().iter().any(|module| name.starts_with(module)) && !is_buffer(name) => {
                    return Err(bad(format!("the {} that was asked for has no {}", self.describe(), shown(name))));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

const INDEX: &str = "relative_position_index";

/// Constants that the released code keeps among the parameters.
fn is_buffer(name: &str) -> bool {
    name.ends_with(INDEX) || name.ends_with("attn_mask")
}

/// Compares every stored `relative_position_index` with the formula: the released code would use the stored one.
///
/// # Errors
/// [`Error::BadCheckpoint`] if one differs.
pub fn check_position_index(checkpoint: &Checkpoint) -> Result<()> {
    for (name, tensor) in checkpoint.tensors().filter(|(name, _)| name.ends_with(INDEX)) {
        let table = format!("{}relative_position_bias_table", name.trim_end_matches(INDEX));
        let rows = checkpoint.get(&table).and_then(|table| table.shape.first()).copied().unwrap_or(0);
        // A table of (2 w - 1)^2 rows, bounded by the shapes that were checked before.
        let window = (1..=64).find(|w| (2 * w - 1usize).pow(2) == rows).unwrap_or(0);
        let tokens = window * window;
        let right = tensor.shape == [tokens, tokens]
            && (checkpoint.read_integers(name)?.iter()).eq(relative_position_index(window)
                .iter()
                .map(|&i| i as i64)
                .collect::<Vec<_>>()
                .iter());
        if !right {
            return Err(bad(format!("{} is not what this network was trained with", shown(name))));
        }
    }
    Ok(())
}

pub fn bad(reason: impl Into<String>) -> Error {
    Error::BadCheckpoint(reason.into())
}

/// A name out of a file, fit for a sentence.
fn shown(name: &str) -> String {
    name.escape_default().take(100).collect()
}
