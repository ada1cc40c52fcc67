//! A picture in, the same picture four times as wide and high out.

use crate::chain::bands::{Cut, Team};
use crate::chain::canvas::Canvas;
use crate::chain::decode::{Growing, decode};
use crate::chain::latent_canvas::{LatentCanvas, Precision};
use crate::chain::levels::Levels;
use crate::chain::run_context::Watch;
use crate::chain::sampler::{Chain, Noise};
use crate::chain::snapshot::Origin;
use crate::chain::team::PartSize;
use crate::compute::{Compute, Stream};
use crate::image::alpha::fill_transparent;
use crate::image::neutral::Neutral;
use crate::image::{Picture, Pixels, Rows, Sample};
use crate::limits::{TEMPERATURE_MAX, TEMPERATURE_MIN, TILE_MAX, TILE_MIN};
use crate::model::config::ModelConfig;
use crate::model::{Model, Reach, UPSCALE};
use crate::paper::schedule::Schedule;
use crate::weights::{SafetensorsSource, TensorSource, Weights};
use crate::{Error, Result, alloc};
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

/// What a run may be asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// Steps of the chain; `None`: as many as the model was trained for. 0: y0 is the result, where a network draws it.
    pub steps: Option<usize>,
    /// Selects the noise field.
    pub seed: u64,
    /// Factor on all noise, 0 to 2; 1 is the paper. Below 1 the result is smoother. `None`: what the model recommends.
    pub temperature: Option<f64>,
    /// In low-resolution pixels: rows of a band, for the networks that take bands, or else the side of a tile, with its overlap.
    /// `None`: chosen by the model's cost.
    pub tile: Option<usize>,
    /// Most positions that one evaluation of the network should compute, where `tile` is `None`: on a slow device a run can be
    /// cancelled, and shows progress, only between two of them.
    pub max_positions: Option<usize>,
}

/// A model on a device, ready to run.
pub struct Upscaler {
    model: Rc<Model>,
    schedule: Schedule,
    compute: Compute,
    /// The network on its way through a part of another engine's picture.
    helping: RefCell<Option<Stream<'static>>>,
}

impl Upscaler {
    /// Builds the model's networks on the device. `files` are the weight files in the order of the configuration.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if a tensor is missing or shaped otherwise.
    pub fn load(config: ModelConfig, files: Vec<Vec<u8>>, compute: &Compute) -> Result<Self> {
        Self::build(config, SafetensorsSource::new(files)?, compute)
    }

    /// As [`Self::load`], from weights wherever they come from.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn build(config: ModelConfig, weights: impl TensorSource + 'static, compute: &Compute) -> Result<Self> {
        let weights = Weights::new(weights, compute);
        let schedule = Schedule::new(config.schedule).map_err(|e| Error::BadWeights(format!("model.json: {e}")))?;
        let model = Rc::new(Model::load(config, &weights)?);
        Ok(Self { model, schedule, compute: compute.clone(), helping: RefCell::default() })
    }

    /// What `model.json` says.
    pub fn config(&self) -> &ModelConfig {
        &self.model.config
    }

    /// Side of the largest square picture that the network takes at once, with `max_positions` and the rest of [`Options`] as by default.
    pub fn largest_tile(&self, max_positions: Option<usize>) -> usize {
        let denoiser = &self.model.denoiser;
        Cut::largest(denoiser.reach(), denoiser.multiple(), max_positions)
    }

    /// Upscales. Alpha, if any, is upscaled by bicubic interpolation.
    ///
    /// Host memory: a latent canvas of `4 * channels` bytes per low-resolution pixel, half as much for y0 where the network sees
    /// it, and what is held of the result, all of it here; everything else grows with the picture's width alone.
    ///
    /// # Errors
    /// [`Error::BadOption`], [`Error::OutOfMemory`], [`Error::Gpu`], or whatever `watch` returns. The upscaler stays usable.
    pub async fn upscale(&self, picture: &Picture, options: &Options, watch: &mut impl Watch) -> Result<Pixels> {
        self.upscale_as(picture, options, watch).await
    }

    /// As [`Self::upscale`], with samples of 8 or 16 bits: `u8` or `u16`.
    ///
    /// # Errors
    /// As [`Self::upscale`].
    pub async fn upscale_as<T: Sample>(
        &self,
        picture: &Picture,
        options: &Options,
        watch: &mut impl Watch,
    ) -> Result<Pixels<T>> {
        let (width, height) = (picture.width * UPSCALE, picture.height * UPSCALE);
        let mut pixels = Pixels { width, height, channels: picture.channels(), data: Vec::new() };
        self.upscale_rows(picture.copied()?, options, watch, &mut pixels).await?;
        Ok(pixels)
    }

    /// As [`Self::upscale`], to `rows`, which are given the result's as they become final, with [`Picture::channels`].
    ///
    /// # Errors
    /// As [`Self::upscale`], or what `rows` return.
    pub async fn upscale_rows<T: Sample>(
        &self,
        picture: Picture,
        options: &Options,
        watch: &mut impl Watch,
        rows: &mut impl Rows<T>,
    ) -> Result<()> {
        let size = [picture.height, picture.width];
        let Sampled { lr, alpha, z0, neutral, decoder, tiles } =
            self.sample(picture, options, rows.bytes(), size_of::<T>(), watch).await?;
        let result = Growing::new((size, lr.width), &neutral, alpha.as_deref(), tiles, rows);
        decode(&*self.model.latent, &self.compute, &z0, &lr, &decoder, result, watch).await
    }

    /// The chain over a picture. `held`: bytes of the result that the caller will hold; `sample`: bytes of one of its samples.
    async fn sample(
        &self,
        mut picture: Picture,
        options: &Options,
        held: usize,
        sample: usize,
        watch: &mut impl Watch,
    ) -> Result<Sampled> {
        check(&picture, options)?;
        let (latent, denoiser) = (&*self.model.latent, &*self.model.denoiser);
        let levels = Levels::new(denoiser, &self.schedule, options.steps)?;
        let neutral = Neutral::of(&picture, UPSCALE)?;
        // Invisible colours must not leak into visible ones.
        fill_transparent(&mut picture)?;
        let (size, alpha) = ([picture.height, picture.width], picture.alpha.take());
        let lr = pad(picture, denoiser.multiple())?;
        let (h, w) = (lr.height, lr.width);
        let noise = Noise::Seeded(options.seed);
        let temperature = options.temperature.unwrap_or(self.model.config.temperature);
        let earlier = watch.earlier();
        let key = (earlier.is_some() || watch.snapshots().is_some()).then(|| {
            let tile = options.tile.filter(|_| matches!(denoiser.reach(), Reach::Global { .. }));
            let (config, steps, seed) = (&self.model.config, levels.visited.len(), options.seed);
            Origin { config, steps, seed, temperature, tile, lr: &lr }.key()
        });
        let chain = Chain {
            latent,
            denoiser,
            levels,
            noise,
            temperature,
            compute: &self.compute,
            size,
            neutral: Some(&neutral),
            precision: Precision::of_state(h * w),
            key,
        };
        let alone = Team { engines: 1, max_positions: options.max_positions };
        let cut = |reach, multiple, team| Cut::new([h, w], reach, multiple, options.tile, team, &self.compute);
        let encode = cut(latent.encode_reach(), latent.multiple(), alone);
        let team = Team { engines: 1 + watch.helpers().count(), ..alone };
        let network = cut(denoiser.reach(), denoiser.multiple(), team);
        let decoder = cut(latent.decode_reach(), 1, Team::default());
        let inside = match &self.compute {
            Compute::Cpu(_) => network.network_bytes([h, w], denoiser.channels(), latent.channels()),
            Compute::Gpu(_) | Compute::Count(_) => 0,
        };
        alloc::check(need(&lr, &chain, inside, (held, sample), [&network, &decoder]))?;
        let restored = match earlier {
            Some(snapshot) => chain.restore(snapshot, &lr).await?,
            None => None,
        };
        let z0 = match restored {
            Some(state) => chain.resume(state, &lr, &encode, &network, watch).await?,
            None => chain.run(&lr, &encode, &network, watch).await?,
        };
        let tiles = network.areas(size);
        Ok(Sampled { lr, alpha, z0, neutral, decoder, tiles })
    }

    /// A band of a part, for an engine that has this one as a helper: arguments as [`crate::chain::team::Helpers::start`] is given
    /// them; returns the rows of x0 that are final by that, `[rows, width, channels]`.
    ///
    /// # Errors
    /// [`Error::Internal`] if the inputs do not fit the network or no part has been begun, [`Error::Gpu`] if the device fails.
    pub async fn predict(&self, part: PartSize, first: bool, inputs: &[&[f32]]) -> Result<Vec<f32>> {
        let PartSize { height, width, band } = part;
        if first {
            let (latent, denoiser) = (&*self.model.latent, &*self.model.denoiser);
            let sizes = denoiser.sizes([1, height, width], latent, &self.schedule);
            let model = self.model.clone();
            let stream = self.compute.stream(&sizes, band, move |maps| model.denoiser.predict(maps))?;
            *self.helping.borrow_mut() = Some(stream);
        }
        let work = match &mut *self.helping.borrow_mut() {
            Some(stream) if stream.fits(inputs) => {
                stream.next(|_| inputs.iter().map(|input| input.to_vec()).collect()).map(|(_, work)| work)
            }
            _ => return Err(Error::Internal("a part of another model".into())),
        };
        match work {
            Some(work) => work.finish().await,
            None => Ok(Vec::new()),
        }
    }
}

/// What a chain leaves, and what its result is made of.
struct Sampled {
    /// The picture, padded, and its alpha, without padding.
    lr: Canvas,
    alpha: Option<Vec<f32>>,
    z0: LatentCanvas,
    neutral: Neutral,
    /// How the decoder takes z_0.
    decoder: Cut,
    /// Rows and columns of the input in which the result is told of.
    tiles: Vec<[Range<usize>; 2]>,
}

/// Bytes that a run takes at its worst: the latent canvas, and first y0, where it is kept for the steps, what is `inside` the
/// network, and predicted rows, then decoded rows, those that are yet to be shown, of `sample` bytes each, and what is `held` of
/// the result. The cuts are those of the network and of the decoder.
fn need(
    lr: &Canvas,
    chain: &Chain<'_>,
    inside: usize,
    (held, sample): (usize, usize),
    [network, decoder]: [&Cut; 2],
) -> usize {
    let (positions, channels) = (lr.height * lr.width, chain.latent.channels());
    let y0 = if chain.keeps_y0() { positions * channels * Precision::F16.bytes() } else { 0 };
    let row = |cut: &Cut| cut.tallest().min(lr.height) * lr.width;
    let predicted = y0 + inside + row(network) * channels * size_of::<f32>();
    let decoded = (row(decoder) * size_of::<f32>() + row(network) * sample) * UPSCALE * UPSCALE * 3 + held;
    positions * channels * chain.precision.bytes() + predicted.max(decoded)
}

fn check(picture: &Picture, options: &Options) -> Result<()> {
    if picture.width == 0 || picture.height == 0 || picture.rgb.len() != picture.width * picture.height * 3 {
        return Err(Error::BadImage("it has no pixels".into()));
    }
    if options.temperature.is_some_and(|temperature| !(TEMPERATURE_MIN..=TEMPERATURE_MAX).contains(&temperature)) {
        return Err(Error::BadOption(format!("temperature must be from {TEMPERATURE_MIN} to {TEMPERATURE_MAX}.")));
    }
    if options.tile.is_some_and(|tile| !(TILE_MIN..=TILE_MAX).contains(&tile)) {
        return Err(Error::BadOption(format!("tile must be from {TILE_MIN} to {TILE_MAX} pixels.")));
    }
    Ok(())
}

/// The picture in [-1, 1], continued to the right and below by reflection to sides that are multiples of `multiple`.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub fn pad(picture: Picture, multiple: usize) -> Result<Canvas> {
    let Picture { width, height, rgb: mut data, .. } = picture;
    data.iter_mut().for_each(|v| *v = (*v - 0.5) / 0.5);
    Canvas { height, width, channels: 3, data }.reflected(multiple)
}
