//! The reverse chain (paper Algorithm of §3.1, Eq. 7) over a latent canvas.
//!
//! One canvas holds x_t for the whole picture. In every step all tiles predict their part of x0 from the same x_t,
//! the parts are joined, and only then the canvas moves on to x_{t-1}: no tile is ever ahead of its neighbours,
//! and their order cannot matter.

use crate::diffusion::{posterior, prior};
use crate::model::{Denoiser, Latent, Reach};
use crate::noise;
use crate::schedule::Schedule;
use crate::tiles::{Plan, Tile};
use crate::upscaler::{Event, Watch};
use crate::{Error, Result, gpu};
use burn::tensor::{Device, Tensor, TensorData};
use std::ops::Range;

/// A picture-shaped array on the host, `[height, width, channels]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Canvas {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Values per position.
    pub channels: usize,
    /// Row-major values.
    pub data: Vec<f32>,
}

impl Canvas {
    /// All zero.
    pub fn zeros(height: usize, width: usize, channels: usize) -> Self {
        Self { height, width, channels, data: vec![0.0; height * width * channels] }
    }

    /// A part of the canvas.
    pub fn part(&self, rows: Range<usize>, cols: Range<usize>) -> Canvas {
        let (h, w, c) = (rows.len(), cols.len(), self.channels);
        let mut data = Vec::with_capacity(h * w * c);
        for y in rows {
            let begin = (y * self.width + cols.start) * c;
            data.extend_from_slice(&self.data[begin..begin + w * c]);
        }
        Canvas { height: h, width: w, channels: c, data }
    }

    /// A part of the canvas as a tensor `[1, rows, cols, channels]`.
    pub fn crop(&self, rows: Range<usize>, cols: Range<usize>, device: &Device) -> Tensor<4> {
        let Canvas { height, width, channels, data } = self.part(rows, cols);
        Tensor::from_data(TensorData::new(data, [1, height, width, channels]), device)
    }

    /// Continued to the right and below, by reflection, to sides that are multiples of `multiple`. Where the canvas
    /// is too small for one reflection it is reflected again; a side of one position is repeated.
    pub fn reflected(&self, multiple: usize) -> Canvas {
        let (height, width) = (self.height.next_multiple_of(multiple), self.width.next_multiple_of(multiple));
        let mut data = Vec::with_capacity(height * width * self.channels);
        for y in 0..height {
            for x in 0..width {
                let source = reflect(y, self.height) * self.width + reflect(x, self.width);
                data.extend_from_slice(&self.data[source * self.channels..][..self.channels]);
            }
        }
        Canvas { height, width, channels: self.channels, data }
    }

    /// Adds a tile's values, times its weights, to the canvas. `values` `[tile rows, tile cols, channels]`, all that
    /// the tile computed; `scale` canvas positions per position of the tile's spans.
    pub fn add(&mut self, tile: Tile<'_>, values: &[f32], scale: usize) {
        self.add_at(tile, values, scale, 0);
    }

    /// As [`Self::add`], where the canvas' first row is row `top` of the tile's plan.
    pub fn add_at(&mut self, tile: Tile<'_>, values: &[f32], scale: usize, top: usize) {
        let (c, cols) = (self.channels, tile.x.len() * scale);
        for y in tile.y.keep.start * scale..tile.y.keep.end * scale {
            let weight_y = tile.y.weights[y / scale];
            let row = tile.y.begin * scale + y - top * scale;
            let target = (row * self.width + tile.x.begin * scale) * c;
            for x in tile.x.keep.start * scale..tile.x.keep.end * scale {
                let weight = weight_y * tile.x.weights[x / scale];
                let source = &values[(y * cols + x) * c..][..c];
                let target = &mut self.data[target + x * c..][..c];
                for (t, s) in target.iter_mut().zip(source) {
                    *t += weight * s;
                }
            }
        }
    }
}

impl Canvas {
    /// Adds rows of zeros below, up to `height`.
    pub fn grow(&mut self, height: usize) {
        self.height = height.max(self.height);
        self.data.resize(self.height * self.width * self.channels, 0.0);
    }

    /// Removes the first `rows` rows and returns them.
    pub fn take(&mut self, rows: usize) -> Vec<f32> {
        let rest = self.data.split_off(rows * self.width * self.channels);
        self.height -= rows;
        std::mem::replace(&mut self.data, rest)
    }
}

/// Position `i` in a line of `length` that is mirrored at both ends without repeating them.
fn reflect(i: usize, length: usize) -> usize {
    if length == 1 {
        return 0;
    }
    let period = 2 * (length - 1);
    let i = i % period;
    i.min(period - i)
}

/// Reads a tensor back without blocking.
///
/// # Errors
/// [`Error::Gpu`] if the device failed, now or in the work before.
pub async fn read(tensor: Tensor<4>) -> Result<Vec<f32>> {
    let data =
        tensor.into_data_async().await.map_err(|e| Error::Gpu(format!("reading a result back failed ({e:?})")))?;
    if let Some(error) = gpu::take_error() {
        return Err(Error::Gpu(error));
    }
    data.try_into_vec::<f32>().map_err(|e| Error::Gpu(format!("a result could not be read ({e:?})")))
}

/// Where a chain's noise comes from: writes the standard normals of draw `draw` (0 for x_T, then one per step)
/// for the latent row `y`, `[width, channels]`.
pub type NoiseField<'a> = &'a dyn Fn(&mut [f32], u32, usize);

/// Which levels a chain visits.
#[derive(Debug, Clone, PartialEq)]
pub struct Levels {
    /// The schedule.
    pub schedule: Schedule,
    /// Indices into it, increasing.
    pub visited: Vec<usize>,
}

impl Levels {
    /// The chain of `steps` steps for a network: its own schedule of that length if the network takes any level,
    /// else evenly spaced trained levels.
    ///
    /// # Errors
    /// [`Error::BadOption`] if there is no such chain.
    pub fn new(denoiser: &dyn Denoiser, trained: &Schedule, steps: Option<usize>) -> Result<Self> {
        let steps = steps.unwrap_or(trained.steps());
        if denoiser.any_level() {
            if !(1..=100).contains(&steps) {
                return Err(Error::BadOption("This model runs 1 to 100 steps.".into()));
            }
            let mut config = trained.config;
            config.steps = steps;
            let schedule = Schedule::new(config)?;
            return Ok(Self { visited: (0..steps).collect(), schedule });
        }
        Ok(Self { visited: trained.respace(steps)?, schedule: trained.clone() })
    }
}

/// One run of the chain.
pub struct Chain<'a> {
    /// The latent space.
    pub latent: &'a dyn Latent,
    /// The network.
    pub denoiser: &'a dyn Denoiser,
    /// The levels it visits.
    pub levels: Levels,
    /// Its noise.
    pub noise: NoiseField<'a>,
    /// Factor on all noise.
    pub temperature: f64,
    /// Where it runs.
    pub device: &'a Device,
}

impl Chain<'_> {
    /// From the low-resolution canvas `lr` (RGB in [-1, 1], sides multiples of [`Denoiser::multiple`]) to z_0.
    /// `encode` tiles the encoder, `plan` the network.
    ///
    /// # Errors
    /// [`Error::Gpu`], or what `watch` returns.
    pub async fn run(&self, lr: &Canvas, encode: &Plan, plan: &Plan, watch: &mut impl Watch) -> Result<Canvas> {
        let Levels { schedule, visited } = &self.levels;
        let mut x = self.encode(lr, encode, watch).await?;
        self.add_noise(&mut x, 0, prior(schedule).std);
        let (steps, tiles) = (visited.len(), plan.count());
        for (step, (i, &t)) in visited.iter().enumerate().rev().enumerate() {
            let mut x0 = Canvas::zeros(x.height, x.width, x.channels);
            for (index, tile) in plan.tiles().enumerate() {
                watch.pause().await?;
                let (rows, cols) = (tile.y.range(), tile.x.range());
                let x_t = x.crop(rows.clone(), cols.clone(), self.device);
                let y = lr.crop(rows, cols, self.device);
                let predicted = read(self.denoiser.predict_x0(x_t, y, schedule, t)).await?;
                x0.add(tile, &predicted, 1);
                watch.event(Event::Step { step: step + 1, steps, tile: index + 1, tiles });
            }
            let previous = i.checked_sub(1).map(|i| visited[i]);
            let q = posterior(schedule, t, previous);
            let (a, b) = (q.a as f32, q.b as f32);
            if previous.is_none() {
                return Ok(x0);
            }
            for (x, x0) in x.data.iter_mut().zip(&x0.data) {
                *x = a * *x + b * x0;
            }
            self.add_noise(&mut x, step as u32 + 1, q.std);
        }
        Err(Error::BadOption("A chain needs at least one step.".into()))
    }

    /// The prior mean y0 of the whole canvas.
    async fn encode(&self, lr: &Canvas, plan: &Plan, watch: &mut impl Watch) -> Result<Canvas> {
        let mut y0 = Canvas::zeros(lr.height, lr.width, self.latent.channels());
        for tile in plan.tiles() {
            watch.pause().await?;
            let part = lr.crop(tile.y.range(), tile.x.range(), self.device);
            let Some(mean) = self.latent.encode(part) else { break };
            y0.add(tile, &read(mean).await?, 1);
        }
        Ok(y0)
    }

    fn add_noise(&self, x: &mut Canvas, draw: u32, std: f64) {
        let std = (std * self.temperature) as f32;
        let mut row = vec![0.0; x.width * x.channels];
        for (y, line) in x.data.chunks_exact_mut(row.len()).enumerate() {
            (self.noise)(&mut row, draw, y);
            for (x, n) in line.iter_mut().zip(&row) {
                *x += std * n;
            }
        }
    }
}

/// The noise field of a seed (see [`noise`]).
pub fn seeded(seed: u64, channels: usize) -> impl Fn(&mut [f32], u32, usize) {
    move |row, draw, y| noise::fill_row(row, seed, draw, y as u32, 0, channels)
}

/// The plan for a computation of the given reach over a canvas: `tile` positions a side, or a default that keeps
/// its memory small beside its halo's cost.
pub fn plan(height: usize, width: usize, reach: Reach, multiple: usize, tile: Option<usize>) -> Plan {
    match reach {
        Reach::Finite(halo) => {
            let side = tile.unwrap_or(if height.max(width) <= FINITE_WHOLE { FINITE_WHOLE } else { FINITE_TILE });
            // The CPU computes pairs of pixels: on the coarsest grid, too, a tile starts at an even position.
            let pair = 2 * multiple;
            Plan::exact(height, width, side.next_multiple_of(pair), halo.next_multiple_of(pair), multiple)
        }
        Reach::Global { overlap } => {
            let tile = tile.unwrap_or(GLOBAL_TILE).next_multiple_of(multiple).max(multiple);
            Plan::blended(height, width, tile, overlap, multiple.min(8))
        }
    }
}

/// A canvas up to this side is one tile of a network of finite reach.
const FINITE_WHOLE: usize = 320;
/// Side of a tile's core beyond that: with its halo of about 64 on both sides, 384.
const FINITE_TILE: usize = 256;
/// Side of a tile of a network that sees all of it; what the released networks were trained on.
const GLOBAL_TILE: usize = 64;
