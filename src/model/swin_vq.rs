//! The released model: the UNet with Swin windows in the latent of the VQ autoencoder.

use super::config::{UNetConfig, VqConfig};
use super::unet::UNet;
use super::vq::VqAutoencoder;
use super::{Denoiser, Latent, Reach, UPSCALE};
use crate::ops::{Map, bicubic};
use crate::paper::schedule::Schedule;
use crate::weights::Weights;
use crate::{Error, Result};

/// GroupNorm and attention see a whole tile, so no overlap makes tiles exact; this is the released code's own
/// (tiles of 64 pixels, 48 apart).
const REACH: Reach = Reach::Global { overlap: 16 };

/// Builds both networks for x4 super-resolution.
///
/// # Errors
/// [`Error::BadWeights`] if a configuration is inconsistent or made for another task, or if a tensor is
/// missing or shaped otherwise.
pub fn load(
    unet: &UNetConfig,
    autoencoder: &VqConfig,
    unet_weights: &Weights,
    autoencoder_weights: &Weights,
) -> Result<(Box<dyn Latent>, Box<dyn Denoiser>)> {
    let channels = autoencoder.embed_dim;
    let net = &autoencoder.ddconfig;
    let fits = unet.in_channels == channels && unet.out_channels == channels;
    let enlarges = 1 << (net.ch_mult.len().clamp(1, 8) - 1) == UPSCALE && (net.in_channels, net.out_ch) == (3, 3);
    if !fits || !enlarges || unet.lq_size != unet.image_size || unet.cond_mask {
        return Err(Error::BadWeights("these networks are not made for x4 super-resolution".into()));
    }
    let latent = VqLatent { autoencoder: VqAutoencoder::load(autoencoder, autoencoder_weights)?, channels };
    let denoiser = SwinDenoiser { unet: UNet::load(unet, unet_weights)?, channels };
    Ok((Box::new(latent), Box::new(denoiser)))
}

/// The autoencoder's latent: encode the bicubically enlarged picture, decode the nearest codes.
struct VqLatent {
    autoencoder: VqAutoencoder,
    channels: usize,
}

impl Latent for VqLatent {
    fn channels(&self) -> usize {
        self.channels
    }

    fn encode(&self, lr: &Map) -> Map {
        self.autoencoder.encode(&bicubic(lr, None))
    }

    fn has_encoder(&self) -> bool {
        true
    }

    fn decode(&self, z: &Map, _lr: &Map) -> Map {
        self.autoencoder.decode(&self.autoencoder.quantise(z).0)
    }

    fn encode_reach(&self) -> Reach {
        REACH
    }

    fn decode_reach(&self) -> Reach {
        REACH
    }
}

/// The UNet, fed with the chain's state brought to unit variance.
struct SwinDenoiser {
    unet: UNet,
    channels: usize,
}

impl Denoiser for SwinDenoiser {
    /// The sinusoids of the step index, and one over the state's deviation for every channel.
    fn level(&self, schedule: &Schedule, t: usize) -> Vec<Vec<f32>> {
        vec![self.unet.time(t), vec![(1.0 / schedule.input_std(t)) as f32; self.channels]]
    }

    fn predict_x0(&self, x_t: &Map, lr: &Map, _y0: Option<&Map>, level: &[Map]) -> Map {
        self.unet.forward_at(x_t.scale(&level[1], None), &level[0], lr.clone(), None)
    }

    fn multiple(&self) -> usize {
        self.unet.multiple()
    }

    fn reach(&self) -> Reach {
        REACH
    }
}
