//! SPAN as the network of a chain: it sees the latent and the noise level beside the picture.

use super::config::SpanConfig;
use super::noise_level::{Embedding, factors};
use super::space_to_depth::{CHANNELS, Encoder};
use super::span::{BLOCKS, Span};
use super::{Denoiser, Reach};
use crate::Result;
use crate::layer::ConvShape;
use crate::ops::{Conv2d, Map, wiener};
use crate::paper::schedule::Schedule;
use crate::weights::Weights;

/// The network. The picture that it draws stands for the prior mean in its prediction; the prior mean of the chain is bicubic.
pub struct SpanDenoiser {
    span: Span,
    encoder: Encoder,
    /// Per-channel standard deviation, in the basis, of what the bicubic picture lacks.
    s: Vec<f32>,
    time: Embedding,
    /// From the latent to features.
    conv_z: Conv2d,
    /// From the noise level's embedding to factors: of what comes of the latent, and of every block's inner features.
    e: Vec<Conv2d>,
    /// To gate and correction.
    out: Conv2d,
}

impl SpanDenoiser {
    /// Reads `net.*`, `basis.V` and `basis.s`.
    ///
    /// # Errors
    /// [`Error::BadWeights`](crate::Error::BadWeights) if a tensor is missing or does not fit the configuration.
    pub fn load(config: &SpanConfig, weights: &Weights) -> Result<Self> {
        let SpanConfig { channels, emb } = *config;
        let net = weights.at("net");
        let factor = |i: usize| Conv2d::load_linear(&net.at("e").at(i.to_string()), emb, channels);
        Ok(Self {
            span: Span::load(channels, &net)?,
            encoder: Encoder::load(weights)?,
            s: weights.at("basis").read("s", &[CHANNELS])?,
            time: Embedding::load(&net.at("te"), emb)?,
            conv_z: Conv2d::load(&net.at("conv_z"), ConvShape::same(CHANNELS, channels, 3))?,
            e: (0..=BLOCKS).map(factor).collect::<Result<_>>()?,
            out: Conv2d::load(&net.at("out"), ConvShape::same(channels, 2 * CHANNELS, 3))?,
        })
    }

    /// Every convolution, linear layers included, in no order.
    pub(crate) fn convolutions(&self) -> impl Iterator<Item = &Conv2d> {
        self.span.layers().chain(self.time.layers()).chain(&self.e).chain([&self.conv_z, &self.out])
    }
}

impl Denoiser for SpanDenoiser {
    /// The frequencies and factors of `noise_level.rs`.
    fn level(&self, schedule: &Schedule, t: usize) -> Vec<Vec<f32>> {
        factors(&self.s, schedule, t)
    }

    /// `z0 = C + w sigmoid(g + 1) (z_t - C) + s kappa q / sqrt(v) F`, with C the code of the picture that the network draws.
    fn predict_x0(&self, x_t: &Map, lr: &Map, _: Option<&Map>, level: &[Map]) -> Map {
        let emb = self.time.forward(&level[0]);
        let scales: Vec<Map> = self.e.iter().map(|layer| layer.forward(&emb)).collect();
        let of_z = self.conv_z.forward(&x_t.scale(&level[1], None)).scale(&scales[0], None);
        let features = self.span.features(lr, Some(&of_z), &scales[1..]);
        let code = self.encoder.code(&self.span.picture(&features), lr);
        wiener(x_t, &self.out.forward(&features), &level[2], &level[3], Some(&code))
    }

    /// The CPU computes pairs of pixels (see [`crate::cpu`]), and a tile gives the same bits as the whole where its pairs are the
    /// same.
    fn multiple(&self) -> usize {
        2
    }

    fn reach(&self) -> Reach {
        Reach::Finite(self.span.halo())
    }

    fn channels(&self) -> usize {
        self.conv_z.shape.c_out
    }

    fn accepts_any_noise_level(&self) -> bool {
        true
    }
}
