//! Networks, and what the sampler needs to know of them.

pub mod compact;
pub mod config;
pub(crate) mod feature_extractor;
pub(crate) mod noise_level;
pub(crate) mod resblock;
pub mod space_to_depth;
pub mod span;
pub mod span_denoiser;
pub(crate) mod swin;
pub mod swin_vq;
pub mod time_embed;
pub mod unet;
pub mod vq;
mod vq_net;

use crate::Result;
use crate::ops::Map;
use crate::paper::schedule::Schedule;
use crate::weights::Weights;

/// Enlargement of every model, and of the autoencoder: a latent has the low-resolution picture's size.
pub use crate::limits::SCALE as UPSCALE;

/// How far a computation sees beyond a pixel, in latent pixels; decides how tiles are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Never further than this: a tile with such a halo computes exactly what the whole picture would.
    Finite(usize),
    /// The whole tile (GroupNorm, attention): tiles overlap by this much and are blended.
    Global {
        /// Overlap of neighbouring tiles.
        overlap: usize,
    },
}

/// Where the chain lives: pictures to latents and back. A latent has the low-resolution picture's size.
/// Colours are RGB in [-1, 1].
pub trait Latent {
    /// Channels of the latent.
    fn channels(&self) -> usize;
    /// The chain's prior mean y0 for a low-resolution picture: `[n, h, w, 3]` to `[n, h, w, channels]`. Position, height and
    /// width of a tile are multiples of [`Self::multiple`].
    fn encode(&self, lr: &Map) -> Map;
    /// Whether there is anything to encode; if not, y0 is zero everywhere.
    fn has_encoder(&self) -> bool;
    /// A latent `[n, h, w, channels]` and its low-resolution picture `[n, h, w, 3]` to a picture
    /// `[n, 4h, 4w, 3]`, not clamped.
    fn decode(&self, z: &Map, lr: &Map) -> Map;
    /// Whether [`Self::decode`] costs next to nothing beside a step of the chain, and looks at one position of `z` only.
    fn is_decoded_cheaply(&self) -> bool {
        false
    }
    /// What [`Self::encode`]'s tiles are multiples of, in latent pixels.
    fn multiple(&self) -> usize {
        1
    }
    /// Reach of [`Self::encode`].
    fn encode_reach(&self) -> Reach;
    /// Reach of [`Self::decode`].
    fn decode_reach(&self) -> Reach;
}

/// The network f(x_t, y0, t) that predicts x0 (paper Eq. 8).
pub trait Denoiser {
    /// What the network needs to know of index `t` of the schedule: lists of numbers, as many and as long for every `t`.
    fn level(&self, schedule: &Schedule, t: usize) -> Vec<Vec<f32>>;
    /// `x_t` `[n, h, w, channels]`, the low-resolution picture `lr` `[n, h, w, 3]`, the prior mean `y0` shaped as `x_t` where
    /// [`Self::sees_y0`] says so, and [`Self::level`] as maps `[1, 1, 1, length]`; returns the predicted x0, shaped as `x_t`.
    /// Height and width are multiples of [`Self::multiple`].
    fn predict_x0(&self, x_t: &Map, lr: &Map, y0: Option<&Map>, level: &[Map]) -> Map;
    /// Whether it is given y0, which a network draws then: y0 is a result by itself, of a chain without steps.
    fn sees_y0(&self) -> bool {
        false
    }
    /// Height and width of a tile, and the tile's position, are multiples of this many latent pixels.
    fn multiple(&self) -> usize;
    /// Reach of [`Self::predict_x0`].
    fn reach(&self) -> Reach;
    /// Channels of its maps at the canvas' own size, by which its memory is told; 0 where nothing is known of it.
    fn channels(&self) -> usize {
        0
    }
    /// Whether it takes any noise level, so that a chain of T' steps has its own schedule; else a shorter chain
    /// visits some of the trained levels.
    fn accepts_any_noise_level(&self) -> bool {
        false
    }
}

impl dyn Denoiser + '_ {
    /// Sizes of all that [`Denoiser::predict_x0`] is given, for `n` tiles of `h` x `w` of a latent.
    pub fn sizes(&self, [n, h, w]: [usize; 3], latent: &dyn Latent, schedule: &Schedule) -> Vec<[usize; 4]> {
        let mut sizes = vec![[n, h, w, latent.channels()], [n, h, w, 3]];
        sizes.extend(self.sees_y0().then(|| [n, h, w, latent.channels()]));
        sizes.extend(self.level(schedule, 0).iter().map(|values| [1, 1, 1, values.len()]));
        sizes
    }

    /// [`Denoiser::predict_x0`] of maps of these sizes, in their order.
    pub fn predict(&self, maps: &[Map]) -> Map {
        let (y0, level) = if self.sees_y0() { (Some(&maps[2]), &maps[3..]) } else { (None, &maps[2..]) };
        self.predict_x0(&maps[0], &maps[1], y0, level)
    }
}

/// A complete model.
pub struct Model {
    /// What `model.json` says.
    pub config: config::ModelConfig,
    /// The latent space.
    pub latent: Box<dyn Latent>,
    /// The network.
    pub denoiser: Box<dyn Denoiser>,
}

impl Model {
    /// Builds the networks that the configuration describes.
    ///
    /// # Errors
    /// [`crate::Error::BadWeights`] if a tensor is missing or shaped otherwise.
    pub fn load(config: config::ModelConfig, weights: &Weights) -> Result<Self> {
        let (latent, denoiser): (Box<dyn Latent>, Box<dyn Denoiser>) = match &config.arch {
            config::Arch::Compact { network } => (
                Box::new(space_to_depth::SpaceToDepth::load(network.prior, weights)?),
                Box::new(compact::CompactUNet::load(network, weights)?),
            ),
            config::Arch::Span { network } => (
                Box::new(space_to_depth::SpaceToDepth::load(0, weights)?),
                Box::new(span_denoiser::SpanDenoiser::load(network, weights)?),
            ),
            config::Arch::SwinVq { unet, autoencoder } => {
                swin_vq::load(unet, autoencoder, &weights.at("unet"), &weights.at("autoencoder"))?
            }
        };
        Ok(Self { config, latent, denoiser })
    }
}
