//! The VQ autoencoder: picture to latent, latent to the nearest codes, codes to picture.

use super::config::VqConfig;
use super::vq_net::{Decoder, Encoder};
use crate::layer::ConvShape;
use crate::ops::tap::Tap;
use crate::ops::{Conv2d, Map, Weight, nearest_code};
use crate::weights::Weights;
use crate::{Error, Result};

/// Encoder, codebook and decoder. The released f4 and f8 layouts differ in their configuration only.
pub struct VqAutoencoder {
    encoder: Encoder,
    quant_conv: Conv2d,
    codebook: Weight<2>,
    post_quant_conv: Conv2d,
    decoder: Decoder,
    post_quant_tap: Tap,
}

impl VqAutoencoder {
    /// Reads the networks under the names of the released state dict.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if the configuration is inconsistent or a tensor is missing or shaped otherwise.
    pub fn load(config: &VqConfig, weights: &Weights) -> Result<Self> {
        check(config)?;
        let (codes, z) = (config.embed_dim, config.ddconfig.z_channels);
        let post_quant = weights.at("post_quant_conv");
        Ok(Self {
            encoder: Encoder::load(&weights.at("encoder"), &config.ddconfig)?,
            quant_conv: Conv2d::load(&weights.at("quant_conv"), ConvShape::same(z, codes, 1))?,
            codebook: weights.at("quantize").at("embedding").tensor("weight", [config.n_embed, codes])?,
            post_quant_conv: Conv2d::load(&post_quant, ConvShape::same(codes, z, 1))?,
            decoder: Decoder::load(&weights.at("decoder"), &config.ddconfig)?,
            post_quant_tap: post_quant.tap(),
        })
    }

    /// Picture `[n, h, w, in_channels]` in [-1, 1] to latent `[n, h / f, w / f, embed_dim]`, not quantised; `f` is
    /// 2 to the number of levels less one, and divides `h` and `w`.
    pub fn encode(&self, x: &Map) -> Map {
        self.quant_conv.forward(&self.encoder.forward(x))
    }

    /// The nearest code of every pixel, `[n, h, w, embed_dim]`, and its index as a float, `[n, h, w, 1]`.
    ///
    /// Under autodiff the gradient passes straight through, as if this returned `z`.
    pub fn quantise(&self, z: &Map) -> (Map, Map) {
        match z {
            Map::Host(z) if z.is_autodiff() => {
                let codebook = self.codebook.host().inner().into();
                let (code, index) = nearest_code(&z.clone().inner().into(), &codebook);
                let z = z.clone() + (code.host() - z.clone().inner());
                (z.into(), index)
            }
            z => nearest_code(z, &self.codebook),
        }
    }

    /// Codes `[n, h, w, embed_dim]` to picture `[n, f h, f w, out_ch]`, not clamped. Does not quantise.
    pub fn decode(&self, codes: &Map) -> Map {
        self.decoder.forward(&self.post_quant_tap.pass(self.post_quant_conv.forward(codes)))
    }
}

/// Refuses a configuration that no network can be built from.
pub(crate) fn check(config: &VqConfig) -> Result<()> {
    let net = &config.ddconfig;
    let levels = net.ch_mult.len();
    let sizes = [config.embed_dim, net.z_channels, net.in_channels, net.out_ch, net.ch];
    let reason = if !sizes.iter().chain(&net.ch_mult).all(|v| (1..=4096).contains(v)) || config.n_embed == 0 {
        "a number is out of range"
    } else if levels == 0 || levels > 12 {
        "ch_mult must name 1 to 12 levels"
    } else if !(0..levels).all(|level| (1..=64).contains(&net.num_res_blocks.at(level))) {
        "num_res_blocks must name 1 to 64 blocks for every level"
    } else {
        return Ok(());
    };
    Err(Error::BadWeights(format!("the autoencoder's configuration: {reason}")))
}
