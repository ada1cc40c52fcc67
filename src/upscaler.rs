//! A picture in, the same picture four times as wide and high out.

use crate::chain::canvas::Canvas;
use crate::chain::levels::Levels;
use crate::chain::run_context::{Event, Watch};
use crate::chain::sampler::{Chain, Noise};
use crate::chain::snapshot::Origin;
use crate::chain::tile_pipeline::decoder;
use crate::chain::tiles::{Plan, Team, Tile, largest_tile, plan, shared_plan};
use crate::compute::Compute;
use crate::image::alpha::fill_transparent;
use crate::image::encode::to_u8;
use crate::image::neutral::Neutral;
use crate::image::resize::bicubic_rows;
use crate::image::{Picture, Pixels, Sample};
use crate::limits::{TEMPERATURE_LEAST, TEMPERATURE_MOST, TILE_LEAST, TILE_MOST};
use crate::model::config::ModelConfig;
use crate::model::{Model, Reach, UPSCALE};
use crate::paper::schedule::Schedule;
use crate::weights::{SafetensorsSource, TensorSource, Weights};
use crate::{Error, Result, alloc};
use half::f16;

/// What a run may be asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// Steps of the chain; `None`: as many as the model was trained for. 0: y0 is the result, where a network draws it.
    pub steps: Option<usize>,
    /// Selects the noise field.
    pub seed: u64,
    /// Factor on all noise, 0 to 2; 1 is the paper. Below 1 the result is smoother. `None`: what the model recommends.
    pub temperature: Option<f64>,
    /// Side of a tile in low-resolution pixels, without its halo or with its overlap; `None`: chosen by the model's cost.
    pub tile: Option<usize>,
    /// Most positions that one evaluation of the network should compute, halo included, where `tile` is `None`: on a slow
    /// device a run can be cancelled, and shows progress, only between two of them.
    pub most: Option<usize>,
}

/// A model on a device, ready to run.
pub struct Upscaler {
    model: Model,
    schedule: Schedule,
    compute: Compute,
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
        Ok(Self { model: Model::load(config, &weights)?, schedule, compute: compute.clone() })
    }

    /// What `model.json` says.
    pub fn config(&self) -> &ModelConfig {
        &self.model.config
    }

    /// Side of the largest square picture that is one tile, where no side is given and `most` as in [`Options`].
    pub fn largest_tile(&self, most: Option<usize>) -> usize {
        let denoiser = &self.model.denoiser;
        largest_tile(denoiser.reach(), denoiser.multiple(), most)
    }

    /// Upscales. Alpha, if any, is upscaled by bicubic interpolation.
    ///
    /// Host memory: a latent canvas of `4 * channels` bytes per low-resolution pixel, half as much for y0 where the network sees
    /// it, one row of tiles, and the result; everything else is bounded by the tile.
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
        check(picture, options)?;
        let (latent, denoiser) = (&*self.model.latent, &*self.model.denoiser);
        let levels = Levels::new(denoiser, &self.schedule, options.steps)?;
        let lr = match &picture.alpha {
            // Invisible colours must not leak into visible ones.
            Some(alpha) => {
                let copy = |values: &[f32]| alloc::try_collect(values.len(), values.iter().copied());
                let mut filled = Picture { rgb: copy(&picture.rgb)?, alpha: Some(copy(alpha)?), ..*picture };
                fill_transparent(&mut filled)?;
                pad(&filled, denoiser.multiple())?
            }
            None => pad(picture, denoiser.multiple())?,
        };
        let (h, w) = (lr.height, lr.width);
        let noise = Noise::Seeded(options.seed);
        let temperature = options.temperature.unwrap_or(self.model.config.temperature);
        let earlier = watch.earlier();
        let key = (earlier.is_some() || watch.snapshots().is_some()).then(|| {
            let tile = options.tile.filter(|_| matches!(denoiser.reach(), Reach::Global { .. }));
            let (config, steps, seed) = (&self.model.config, levels.visited.len(), options.seed);
            Origin { config, steps, seed, temperature, tile, lr: &lr }.key()
        });
        let size = [picture.height, picture.width];
        let chain = Chain { latent, denoiser, levels, noise, temperature, compute: &self.compute, size, key };
        let alone = Team { engines: 1, most: options.most };
        let encode = shared_plan(h, w, latent.encode_reach(), latent.multiple(), options.tile, alone);
        let team = Team { engines: 1 + watch.helpers().count(), ..alone };
        let network = shared_plan(h, w, denoiser.reach(), denoiser.multiple(), options.tile, team);
        let decode = plan(h, w, latent.decode_reach(), 1, options.tile);
        // Better now than after the work.
        let neutral = Neutral::of(picture, UPSCALE)?;
        alloc::check(need::<T>(&lr, latent.channels(), chain.keeps_y0(), &network, &decode))?;
        let restored = match earlier {
            Some(snapshot) => chain.restore(snapshot, &lr).await?,
            None => None,
        };
        let z0 = match restored {
            Some(state) => chain.resume(state, &lr, &encode, &network, watch).await?,
            None => chain.run(&lr, &encode, &network, watch).await?,
        };
        let result = self.decode(z0, &lr, &decode, picture, &neutral, watch).await?;
        match &picture.alpha {
            Some(alpha) => with_alpha(result, alpha),
            None => Ok(result),
        }
    }

    /// The network's prediction for one tile, for an engine that has this one as a helper: `inputs` as
    /// [`crate::chain::team::Helpers::start`] is given them; returns x0, `[rows, cols, channels]`.
    ///
    /// # Errors
    /// [`Error::Internal`] if the inputs do not fit the network, [`Error::Gpu`] if the device fails.
    pub async fn predict(&self, rows: usize, cols: usize, inputs: &[&[f32]]) -> Result<Vec<f32>> {
        let (latent, denoiser) = (&*self.model.latent, &*self.model.denoiser);
        let sizes = denoiser.sizes([1, rows, cols], latent, &self.schedule);
        if !sizes.iter().map(|size| size.iter().product::<usize>()).eq(inputs.iter().map(|input| input.len())) {
            return Err(Error::Internal("a tile of another model".into()));
        }
        self.compute.prepare(&sizes, |maps| denoiser.predict(maps))?.start(inputs).finish().await
    }

    /// z_0 to pixels, one row of tiles at a time.
    async fn decode<T: Sample>(
        &self,
        z0: Canvas,
        lr: &Canvas,
        decode: &Plan,
        picture: &Picture,
        neutral: &Neutral,
        watch: &mut impl Watch,
    ) -> Result<Pixels<T>> {
        let latent = &*self.model.latent;
        let (width, height) = (picture.width * UPSCALE, picture.height * UPSCALE);
        let mut result = Pixels { width, height, channels: 3, data: alloc::room(width * height * 3)? };
        // Rows of the result that no later tile touches leave the band at once, so it never holds more than a tile row.
        let mut band = Canvas::band(decode.tallest() * UPSCALE, z0.width * UPSCALE, 3)?;
        let mut band_begin = 0;
        let stages = decoder(latent, &self.compute, decode)?;
        // While a row of tiles is turned into bytes, the first tile of the next is computed.
        let start = |tile: Tile<'_>| {
            let (rows, cols) = (tile.y.range(), tile.x.range());
            let (z, part) = (z0.part(rows.clone(), cols.clone()), lr.part(rows, cols));
            stages.of(tile).map(|stage| stage.start(&[&z.data, &part.data]))
        };
        let tiles: Vec<Tile<'_>> = decode.tiles().collect();
        let mut next = tiles.iter();
        let mut begun = next.next().map(|&tile| start(tile)).transpose()?;
        for (index, y) in decode.rows.iter().enumerate() {
            let kept = y.kept();
            band.grow((kept.end - band_begin) * UPSCALE)?;
            for x in &decode.cols {
                watch.pause().await?;
                let work = std::mem::replace(&mut begun, next.next().map(|&tile| start(tile)).transpose()?);
                if let Some(work) = work {
                    band.add_at(Tile { y, x }, &work.finish().await?, UPSCALE, band_begin);
                }
            }
            let done = decode.rows.get(index + 1).map_or(z0.height, |next| next.kept().start);
            let top = band_begin * UPSCALE;
            let line = band.width * 3;
            let shown = band.shift((done - band_begin) * UPSCALE, |rows| -> Result<_> {
                let visible = (height.saturating_sub(top)).min(rows.len() / line);
                let unit = || {
                    let lines = rows.chunks_exact(line).take(visible).zip(top..);
                    let pixels =
                        lines.flat_map(|(row, y)| row[..width * 3].chunks_exact(3).zip(0..).map(move |p| (p, y)));
                    pixels.flat_map(|((p, x), y)| neutral.kept([p[0], p[1], p[2]].map(|v| v * 0.5 + 0.5), x, y))
                };
                result.data.extend(unit().map(T::of));
                let data = alloc::try_collect(width * visible * 3, unit().map(to_u8))?;
                Ok(Pixels { width, height: visible, channels: 3, data })
            })?;
            band_begin = done;
            if shown.height > 0 {
                let (tile, tiles) = (index + 1, decode.rows.len());
                watch.event(Event::Tile { x: 0, y: top, pixels: &shown, tile, tiles });
            }
        }
        Ok(result)
    }
}

/// Bytes that a run takes at its worst, beside those of a tile: the latent canvas, and first y0's code, where it is `kept` for
/// the steps, and a row of predicted tiles, then a row of decoded tiles and the result.
fn need<T>(lr: &Canvas, channels: usize, kept: bool, network: &Plan, decode: &Plan) -> usize {
    let positions = lr.height * lr.width;
    let y0 = if kept { positions * channels * size_of::<f16>() } else { 0 };
    let predicted = y0 + network.tallest() * lr.width * channels * size_of::<f32>();
    let row = decode.tallest() * lr.width;
    let decoded = (row * size_of::<f32>() + positions * size_of::<T>()) * UPSCALE * UPSCALE * 3;
    positions * channels * size_of::<f32>() + predicted.max(decoded)
}

/// RGB pixels with the low-resolution alpha `[height, width]`, enlarged.
fn with_alpha<T: Sample>(rgb: Pixels<T>, alpha: &[f32]) -> Result<Pixels<T>> {
    let mut data = alloc::room(rgb.width * rgb.height * 4)?;
    bicubic_rows(alpha, rgb.width / UPSCALE, rgb.height / UPSCALE, 1, UPSCALE, |y, row| {
        let colours = rgb.data[y * rgb.width * 3..][..rgb.width * 3].chunks_exact(3);
        data.extend(colours.zip(row).flat_map(|(c, &a)| [c[0], c[1], c[2], T::of(a)]));
    });
    Ok(Pixels { channels: 4, data, ..rgb })
}

fn check(picture: &Picture, options: &Options) -> Result<()> {
    if picture.width == 0 || picture.height == 0 || picture.rgb.len() != picture.width * picture.height * 3 {
        return Err(Error::BadImage("it has no pixels".into()));
    }
    if options.temperature.is_some_and(|temperature| !(TEMPERATURE_LEAST..=TEMPERATURE_MOST).contains(&temperature)) {
        return Err(Error::BadOption(format!("temperature must be from {TEMPERATURE_LEAST} to {TEMPERATURE_MOST}.")));
    }
    if options.tile.is_some_and(|tile| !(TILE_LEAST..=TILE_MOST).contains(&tile)) {
        return Err(Error::BadOption(format!("tile must be from {TILE_LEAST} to {TILE_MOST} pixels.")));
    }
    Ok(())
}

/// The picture in [-1, 1], continued to the right and below by reflection to sides that are multiples of `multiple`.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub fn pad(picture: &Picture, multiple: usize) -> Result<Canvas> {
    let data = alloc::try_collect(picture.rgb.len(), picture.rgb.iter().map(|&v| (v - 0.5) / 0.5))?;
    Canvas { height: picture.height, width: picture.width, channels: 3, data }.reflected(multiple)
}
