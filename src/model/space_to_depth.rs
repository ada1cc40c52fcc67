//! The latent of our models: space-to-depth by 4 of the picture minus its bicubic enlargement, in a fixed orthonormal basis V of
//! the 48 channels, `z = V^T (unshuffle(x) - unshuffle(bicubic(lr)))`. Nothing is lost. The prior mean y0 is the picture of the
//! network `prior`, or where there is none the bicubic picture, whose code is 0.

use super::span::Span;
use super::{Latent, Reach};
use crate::layer::ConvShape;
use crate::ops::{Conv2d, Map, bicubic, bicubic_residual};
use crate::weights::Weights;
use crate::{Error, Result};

/// Latent channels: 3 colours x 4 x 4 positions.
pub(super) const CHANNELS: usize = 48;
/// Pixels that bicubic taps reach.
const TAPS: usize = 2;

/// Reads `basis.V`, `[48, 48]`, whose columns are the basis vectors, row by row.
///
/// # Errors
/// [`Error::BadWeights`] if it is missing or not orthonormal to 1e-4.
fn basis(weights: &Weights) -> Result<Vec<f32>> {
    let v = weights.at("basis").read("V", &[CHANNELS, CHANNELS])?;
    let dot = |i: usize, j: usize| (0..CHANNELS).map(|k| v[k * CHANNELS + i] * v[k * CHANNELS + j]).sum::<f32>();
    let orthonormal = |i: usize, j: usize| (dot(i, j) - if i == j { 1.0 } else { 0.0 }).abs() < 1e-4;
    if !(0..CHANNELS).all(|i| (0..=i).all(|j| orthonormal(i, j))) {
        return Err(Error::BadWeights("basis.V is not orthonormal".into()));
    }
    Ok(v)
}

/// A matrix as a 1x1 convolution.
fn matrix(numbers: Vec<f32>, weights: &Weights) -> Conv2d {
    let weight = weights.compute().weight(numbers, [CHANNELS, CHANNELS, 1, 1]);
    let bias = weights.compute().weight(vec![0.0; CHANNELS], [CHANNELS]);
    Conv2d::new(weight, bias, ConvShape::same(CHANNELS, CHANNELS, 1))
}

/// From pictures to codes.
pub(super) struct Encoder {
    /// `V^T`: unshuffled channels to basis coefficients.
    to_basis: Conv2d,
}

impl Encoder {
    /// Reads `basis.V`.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if it is missing or not orthonormal to 1e-4.
    pub fn load(weights: &Weights) -> Result<Self> {
        let v = basis(weights)?;
        let transposed = (0..CHANNELS * CHANNELS).map(|i| v[i % CHANNELS * CHANNELS + i / CHANNELS]).collect();
        Ok(Self { to_basis: matrix(transposed, weights) })
    }

    /// The code `[n, h, w, 48]` of a picture in space-to-depth order, which enlarges `lr`; the picture is clamped.
    pub fn code(&self, picture: &Map, lr: &Map) -> Map {
        self.to_basis.forward(&bicubic_residual(picture, lr))
    }
}

/// Space-to-depth in an orthonormal basis, over a bicubic base.
pub struct SpaceToDepth {
    /// `V`: basis coefficients to unshuffled channels.
    from_basis: Conv2d,
    /// What draws y0.
    prior: Option<(Span, Encoder)>,
}

impl SpaceToDepth {
    /// Reads `basis.V`, and `prior.*`, a network of `prior` channels, where that is not 0.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if V is missing or not orthonormal to 1e-4, or a tensor of the prior does not fit.
    pub fn load(prior: usize, weights: &Weights) -> Result<Self> {
        let prior = match prior {
            0 => None,
            channels => Some((Span::load(channels, &weights.at("prior"))?, Encoder::load(weights)?)),
        };
        Ok(Self { from_basis: matrix(basis(weights)?, weights), prior })
    }
}

impl Latent for SpaceToDepth {
    fn channels(&self) -> usize {
        CHANNELS
    }

    /// In f32 on every device: it is computed once, and all steps build on it.
    fn encode(&self, lr: &Map) -> Map {
        let Some((span, encoder)) = &self.prior else { return lr.clone() };
        lr.in_f32();
        encoder.code(&span.forward(lr), lr)
    }

    fn has_encoder(&self) -> bool {
        self.prior.is_some()
    }

    fn decode(&self, z: &Map, lr: &Map) -> Map {
        bicubic(lr, Some(&self.from_basis.forward(z)))
    }

    /// One 1x1 convolution, a hundredth of what the network does.
    fn is_decoded_cheaply(&self) -> bool {
        true
    }

    /// The CPU computes pairs of pixels (see [`crate::cpu`]), and a tile gives the same bits as the whole where its pairs are
    /// the same.
    fn multiple(&self) -> usize {
        2
    }

    fn encode_reach(&self) -> Reach {
        Reach::Finite(self.prior.as_ref().map_or(0, |(span, _)| span.halo()).max(TAPS))
    }

    fn decode_reach(&self) -> Reach {
        Reach::Finite(TAPS)
    }
}
