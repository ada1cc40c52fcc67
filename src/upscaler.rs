//! A picture in, a picture four times as wide and high out.

use crate::image::{Picture, Pixels};
use crate::model::config::ModelConfig;
use crate::{Error, Result};
use burn::tensor::Device;

/// What a run may be asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Steps of the chain; `None`: as many as the model was trained for.
    pub steps: Option<usize>,
    /// Selects the noise field.
    pub seed: u64,
    /// Factor on all noise, 0 to 2; 1 is the paper. Below 1 the result is smoother.
    pub temperature: f64,
    /// Side of a tile in low-resolution pixels, without its halo or overlap; `None`: chosen by the model's cost.
    pub tile: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self { steps: None, seed: 0, temperature: 1.0, tile: None }
    }
}

/// What a run reports.
#[derive(Debug)]
pub enum Event<'a> {
    /// A network evaluation has ended: `tile` of `tiles` (from 1) in `step` of `steps` (from 1).
    Step {
        /// From 1.
        step: usize,
        /// Of the chain.
        steps: usize,
        /// From 1.
        tile: usize,
        /// In the plan.
        tiles: usize,
    },
    /// A part of the result is final.
    Tile {
        /// Left edge in result pixels.
        x: usize,
        /// Top edge in result pixels.
        y: usize,
        /// Its pixels; alpha is not yet applied.
        pixels: &'a Pixels,
        /// From 1.
        tile: usize,
        /// In the plan.
        tiles: usize,
    },
}

/// Whoever asked for the run.
pub trait Watch {
    /// Called as the run goes on.
    fn event(&mut self, event: Event<'_>);
    /// Awaited between network evaluations: the place to let other work happen, and to cancel by returning
    /// [`Error::Aborted`].
    fn pause(&mut self) -> impl Future<Output = Result<()>>;
}

/// A [`Watch`] that does neither.
pub struct Unwatched;

impl Watch for Unwatched {
    fn event(&mut self, _: Event<'_>) {}
    async fn pause(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A model on a device, ready to run.
pub struct Upscaler {
    model: crate::model::Model,
    device: Device,
}

impl Upscaler {
    /// Builds the model's networks on the device. `files` are the weight files in the order of the configuration.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if a tensor is missing or shaped otherwise.
    pub fn load(config: ModelConfig, files: Vec<Vec<u8>>, device: &Device) -> Result<Self> {
        let _ = (config, files, device);
        Err(Error::Internal("not yet".into()))
    }

    /// What `model.json` says.
    pub fn config(&self) -> &ModelConfig {
        &self.model.config
    }

    /// Upscales. Alpha, if any, is upscaled by bicubic interpolation.
    ///
    /// # Errors
    /// [`Error::BadOption`], [`Error::Gpu`], or whatever `watch` returns. The upscaler stays usable.
    pub async fn upscale(&self, picture: &Picture, options: &Options, watch: &mut impl Watch) -> Result<Pixels> {
        let _ = (picture, options, &self.device);
        watch.pause().await?;
        Err(Error::Internal("not yet".into()))
    }
}
