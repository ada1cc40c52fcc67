//! A picture in, the same picture four times as wide and high out.

use crate::chain::bands::{Cut, Team};
use crate::chain::canvas::Canvas;
use crate::chain::levels::Levels;
use crate::chain::run_context::{Event, Watch};
use crate::chain::sampler::{Chain, Noise};
use crate::chain::snapshot::Origin;
use crate::chain::team::PartSize;
use crate::chain::tile_pipeline::decoder;
use crate::chain::tiles::Tile;
use crate::compute::{Compute, Stream};
use crate::image::alpha::fill_transparent;
use crate::image::neutral::Neutral;
use crate::image::resize::bicubic_rows;
use crate::image::{Picture, Pixels, Sample};
use crate::limits::{TEMPERATURE_LEAST, TEMPERATURE_MOST, TILE_LEAST, TILE_MOST};
use crate::model::config::ModelConfig;
use crate::model::{Model, Reach, UPSCALE};
use crate::ops::Map;
use crate::paper::schedule::Schedule;
use crate::weights::{SafetensorsSource, TensorSource, Weights};
use crate::{Error, Result, alloc};
use half::f16;
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
    /// it, and the result; everything else grows with the picture's width alone.
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
        let (size, neutral) = ([picture.height, picture.width], Neutral::of(picture, UPSCALE)?);
        let chain = Chain {
            latent,
            denoiser,
            levels,
            noise,
            temperature,
            compute: &self.compute,
            size,
            neutral: Some(&neutral),
            key,
        };
        let alone = Team { engines: 1, max_positions: options.max_positions };
        let cut = |reach, multiple, team| Cut::new([h, w], reach, multiple, options.tile, team, &self.compute);
        let encode = cut(latent.encode_reach(), latent.multiple(), alone);
        let team = Team { engines: 1 + watch.helpers().count(), ..alone };
        let network = cut(denoiser.reach(), denoiser.multiple(), team);
        let decode = cut(latent.decode_reach(), 1, Team::default());
        let inside = match &self.compute {
            Compute::Cpu(_) => network.network_bytes([h, w], denoiser.channels(), latent.channels()),
            Compute::Gpu(_) => 0,
        };
        alloc::check(need::<T>(&lr, latent.channels(), chain.keeps_y0(), inside, &network, &decode))?;
        let restored = match earlier {
            Some(snapshot) => chain.restore(snapshot, &lr).await?,
            None => None,
        };
        let z0 = match restored {
            Some(state) => chain.resume(state, &lr, &encode, &network, watch).await?,
            None => chain.run(&lr, &encode, &network, watch).await?,
        };
        let tiles = network.areas([picture.height, picture.width]);
        let result = self.decode(z0, &lr, &decode, Growing::new(picture, lr.width, &neutral, tiles)?, watch).await?;
        match &picture.alpha {
            Some(alpha) => with_alpha(result, alpha),
            None => Ok(result),
        }
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

    /// z_0 to the pixels of `result`, from the top down.
    async fn decode<T: Sample>(
        &self,
        z0: Canvas,
        lr: &Canvas,
        decode: &Cut,
        mut result: Growing<'_, T>,
        watch: &mut impl Watch,
    ) -> Result<Pixels<T>> {
        let latent = &*self.model.latent;
        let plan = match decode {
            Cut::Tiles(plan) => plan,
            Cut::Bands(bands) => {
                let sizes = [latent.channels(), 3].map(|channels| [1, z0.height, z0.width, channels]);
                let network = |maps: &[Map]| latent.decode(&maps[0], &maps[1]);
                let mut stream = self.compute.stream(&sizes, bands.rows, network)?;
                while !stream.is_over() {
                    watch.pause().await?;
                    let of = |rows| [&z0, lr].map(|canvas| canvas.part(Range::clone(&rows), 0..z0.width).data).into();
                    if let Some((_, work)) = stream.next(of) {
                        result.grow(&work.finish().await?, watch)?;
                    }
                }
                return Ok(result.pixels);
            }
        };
        // Rows of the result that no later tile touches leave the band at once, so it never holds more than a tile row.
        let mut band = Canvas::band(plan.tallest() * UPSCALE, z0.width * UPSCALE, 3)?;
        let mut band_begin = 0;
        let stages = decoder(latent, &self.compute, plan)?;
        // While a row of tiles is turned into bytes, the first tile of the next is computed.
        let start = |tile: Tile<'_>| {
            let (rows, cols) = (tile.y.range(), tile.x.range());
            let (z, part) = (z0.part(rows.clone(), cols.clone()), lr.part(rows, cols));
            stages.of(tile).map(|stage| stage.start(&[&z.data, &part.data]))
        };
        let tiles: Vec<Tile<'_>> = plan.tiles().collect();
        let mut next = tiles.iter();
        let mut begun = next.next().map(|&tile| start(tile)).transpose()?;
        for (index, y) in plan.rows.iter().enumerate() {
            let kept = y.kept();
            band.grow((kept.end - band_begin) * UPSCALE)?;
            for x in &plan.cols {
                watch.pause().await?;
                let work = std::mem::replace(&mut begun, next.next().map(|&tile| start(tile)).transpose()?);
                if let Some(work) = work {
                    band.add_at(Tile { y, x }, &work.finish().await?, UPSCALE, band_begin);
                }
            }
            let done = plan.rows.get(index + 1).map_or(z0.height, |next| next.kept().start);
            band.shift((done - band_begin) * UPSCALE, |rows| result.grow(rows, watch))?;
            band_begin = done;
        }
        Ok(result.pixels)
    }
}

/// The result, which grows by rows from the top down.
struct Growing<'a, T> {
    pixels: Pixels<T>,
    /// Rows that have come, those of the padding included.
    rows: usize,
    /// Numbers of a row that comes.
    line: usize,
    neutral: &'a Neutral,
    /// Rows and columns of the input: what is yet to be shown, from the bottom up.
    tiles: Vec<[Range<usize>; 2]>,
}

impl<'a, T: Sample> Growing<'a, T> {
    /// Of `picture`, which was padded to `width` columns and is shown in `tiles`.
    fn new(picture: &Picture, width: usize, neutral: &'a Neutral, mut tiles: Vec<[Range<usize>; 2]>) -> Result<Self> {
        let [width, height, line] = [picture.width, picture.height, 3 * width].map(|length| length * UPSCALE);
        let pixels = Pixels { width, height, channels: 3, data: alloc::with_capacity(width * height * 3)? };
        tiles.reverse();
        Ok(Self { pixels, rows: 0, line, neutral, tiles })
    }

    /// Takes decoded rows, and shows the tiles that are complete.
    fn grow(&mut self, rows: &[f32], watch: &mut impl Watch) -> Result<()> {
        let (top, width) = (self.rows, self.pixels.width);
        self.rows += rows.len() / self.line;
        let height = self.pixels.height.saturating_sub(top).min(rows.len() / self.line);
        let lines = rows.chunks_exact(self.line).take(height).zip(top..);
        let pixels = lines.flat_map(|(row, y)| row[..width * 3].chunks_exact(3).zip(0..).map(move |p| (p, y)));
        let neutral = self.neutral;
        let unit = pixels.flat_map(|((p, x), y)| neutral.kept([p[0], p[1], p[2]].map(|v| v * 0.5 + 0.5), x, y));
        self.pixels.data.extend(unit.map(T::of));
        while let Some([rows, cols]) = self.tiles.pop_if(|[rows, _]| rows.end * UPSCALE <= self.rows) {
            let (x, y) = (cols.start * UPSCALE, rows.start * UPSCALE);
            watch.event(Event::Tile { x, y, pixels: &self.part(rows, cols)? });
        }
        Ok(())
    }

    /// What has come of these rows and columns of the input, in eight bits.
    fn part(&self, rows: Range<usize>, cols: Range<usize>) -> Result<Pixels> {
        let [height, width, left] = [rows.len(), cols.len(), cols.start].map(|length| length * UPSCALE);
        let lines = self.pixels.data.chunks_exact(self.pixels.width * 3).skip(rows.start * UPSCALE).take(height);
        let values = lines.flat_map(|line| line[left * 3..][..width * 3].iter().map(|&value| value.eight()));
        Ok(Pixels { width, height, channels: 3, data: alloc::try_collect(width * height * 3, values)? })
    }
}

/// Bytes that a run takes at its worst: the latent canvas, and first y0's code, where it is `kept` for the steps, what is
/// `inside` the network, and predicted rows, then decoded rows and the result.
fn need<T>(lr: &Canvas, channels: usize, kept: bool, inside: usize, network: &Cut, decode: &Cut) -> usize {
    let positions = lr.height * lr.width;
    let y0 = if kept { positions * channels * size_of::<f16>() } else { 0 };
    let row = |cut: &Cut| cut.tallest().min(lr.height) * lr.width;
    let predicted = y0 + inside + row(network) * channels * size_of::<f32>();
    let decoded = (row(decode) * size_of::<f32>() + positions * size_of::<T>()) * UPSCALE * UPSCALE * 3;
    positions * channels * size_of::<f32>() + predicted.max(decoded)
}

/// RGB pixels with the low-resolution alpha `[height, width]`, enlarged.
fn with_alpha<T: Sample>(rgb: Pixels<T>, alpha: &[f32]) -> Result<Pixels<T>> {
    let mut data = alloc::with_capacity(rgb.width * rgb.height * 4)?;
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
