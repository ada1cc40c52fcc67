//! How the layers of [`crate::ops`] are read from named weights.

use super::Weights;
use crate::layer::ConvShape;
use crate::ops::{Conv2d, GroupNorm, RmsNorm};
use crate::{Error, Result};

impl Conv2d {
    /// Reads `weight` `[c_out, c_in, k, k]` and `bias` `[c_out]`.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if one of them is missing or has another shape.
    pub fn load(weights: &Weights, shape: ConvShape) -> Result<Self> {
        let k = shape.kernel;
        let weight = weights.tensor("weight", [shape.c_out, shape.c_in, k, k])?;
        Ok(Self::packed(weight, weights.tensor("bias", [shape.c_out])?, shape, weights.is_half("weight")))
    }

    /// Reads a linear layer, `weight` `[c_out, c_in]`, as a 1x1 convolution.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if one of them is missing or has another shape.
    pub fn load_linear(weights: &Weights, c_in: usize, c_out: usize) -> Result<Self> {
        let shape = ConvShape::same(c_in, c_out, 1);
        let weight = weights.tensor("weight", [c_out, c_in])?.reshape([c_out, c_in, 1, 1]);
        Ok(Self::packed(weight, weights.tensor("bias", [c_out])?, shape, weights.is_half("weight")))
    }
}

impl GroupNorm {
    /// Reads `weight` and `bias`, both `[channels]`; 32 groups.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if they are missing, or if `channels` is not a positive multiple of 32.
    pub fn load(weights: &Weights, channels: usize, eps: f32) -> Result<Self> {
        if channels == 0 || !channels.is_multiple_of(32) {
            return Err(Error::BadWeights(format!("{channels} channels do not form 32 groups")));
        }
        Ok(Self {
            gamma: weights.tensor("weight", [channels])?,
            beta: weights.tensor("bias", [channels])?,
            groups: 32,
            eps,
        })
    }
}

impl RmsNorm {
    /// Reads `g` and `b`, both stored `[1, channels, 1, 1]`.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if they are missing, or if `channels` is not a multiple of 4.
    pub fn load(weights: &Weights, channels: usize) -> Result<Self> {
        if channels == 0 || !channels.is_multiple_of(4) {
            return Err(Error::BadWeights(format!("{channels} channels are not a multiple of 4")));
        }
        let read = |name| Ok(weights.tensor(name, [1, channels, 1, 1])?.reshape([channels]));
        Ok(Self { gamma: read("g")?, beta: read("b")? })
    }
}
