//! The reverse chain (paper Algorithm of §3.1, Eq. 7) over a latent canvas.
//!
//! One canvas holds x_t for the whole picture. In every step the network predicts x0 from it, band by band or tile by tile, and
//! what no band or tile will read any more moves on to x_{t-1} in place: none is ever ahead of its neighbours, and their order
//! cannot matter.

use crate::chain::band_pass::{BandPass, Final, Given};
use crate::chain::bands::Cut;
use crate::chain::canvas::Canvas;
use crate::chain::latent_canvas::{LatentCanvas, Precision};
use crate::chain::levels::Levels;
use crate::chain::preview::{Area, Previews};
use crate::chain::run_context::{Event, Watch};
use crate::chain::snapshot::{Pace, Snapshot, State};
use crate::chain::team::{Answer, NoHelpers, PartSize};
use crate::chain::tile_pipeline::{Stages, TilePipeline};
use crate::chain::tiles::{Plan, Tile};
use crate::compute::{Compute, Stage, Stream, Work};
use crate::gpu::resident_chain::GpuChain;
use crate::image::neutral::Neutral;
use crate::model::{Denoiser, Latent};
use crate::paper::noise;
use crate::paper::process::{Gaussian, posterior, prior};
use crate::{Error, Result};

/// Where a chain's noise comes from.
#[derive(Clone, Copy)]
pub enum Noise<'a> {
    /// The field of a seed (see [`noise`]).
    Seeded(u64),
    /// Writes the standard normals of draw `draw` (0 for x_T, then one per step) for the latent row `y`,
    /// `[width, channels]`; arguments `(row, draw, y)`.
    Field(&'a dyn Fn(&mut [f32], u32, usize)),
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
    pub noise: Noise<'a>,
    /// Factor on all noise.
    pub temperature: f64,
    /// Where it runs.
    pub compute: &'a Compute,
    /// Rows and columns of the picture within the canvas, which previews show.
    pub size: [usize; 2],
    /// What its previews keep of the picture's neutral colours, as its result does.
    pub neutral: Option<&'a Neutral>,
    /// How its state is stored.
    pub precision: Precision,
    /// Names it in snapshots; there are none without.
    pub key: Option<String>,
}

/// A step of the chain: the index it predicts from, and the move to x_{t-1} if there is one.
struct Step {
    t: usize,
    next: Option<Gaussian>,
}

impl Chain<'_> {
    /// From the low-resolution canvas `lr` (RGB in [-1, 1], sides multiples of [`Denoiser::multiple`]) to z_0.
    /// `encode` cuts it for the encoder, `cut` for the network. Without steps z_0 is y0.
    ///
    /// # Errors
    /// [`Error::Gpu`], or what `watch` returns.
    pub async fn run(&self, lr: &Canvas, encode: &Cut, cut: &Cut, watch: &mut impl Watch) -> Result<LatentCanvas> {
        let mut x = self.room(lr, self.precision)?;
        let mut y0 = self.room_for_y0(lr)?;
        self.encode(lr, encode, watch, |top, rows| {
            y0.iter_mut().for_each(|y0| y0.set(top, rows));
            x.set(top, rows);
        })
        .await?;
        if self.levels.visited.is_empty() {
            return Ok(x);
        }
        match (self.compute, self.noise) {
            (Compute::Gpu(_), Noise::Seeded(seed)) if cut.is_whole(lr.height) => {
                self.run_on_gpu(lr, x, seed, watch).await
            }
            _ => {
                let std = prior(&self.levels.schedule).std;
                let mut normals = vec![0.0; x.line()];
                (0..x.height).for_each(|y| x.change(y, |row| self.add_noise(row, &mut normals, y, 0, std)));
                self.run_on_host(0, x, y0, lr, cut, watch).await
            }
        }
    }

    /// The rest of the chain from its state `x` after `done` steps, to the z_0 that [`Self::run`] gives; arguments as there. y0
    /// is computed again where the network sees it.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn resume(
        &self,
        (done, x): (usize, LatentCanvas),
        lr: &Canvas,
        encode: &Cut,
        cut: &Cut,
        watch: &mut impl Watch,
    ) -> Result<LatentCanvas> {
        let mut y0 = self.room_for_y0(lr)?;
        if let Some(y0) = &mut y0 {
            self.encode(lr, encode, watch, |top, rows| y0.set(top, rows)).await?;
        }
        self.run_on_host(done, x, y0, lr, cut, watch).await
    }

    pub(super) fn previews<'b>(&'b self, lr: &'b Canvas, watch: &impl Watch) -> Previews<'b> {
        Previews::new(self.latent, self.compute, lr, (self.size, self.neutral), watch.now())
    }

    /// Whether y0's code is kept for the steps.
    pub fn keeps_y0(&self) -> bool {
        self.denoiser.sees_y0() && !self.levels.visited.is_empty()
    }

    fn room(&self, lr: &Canvas, precision: Precision) -> Result<LatentCanvas> {
        LatentCanvas::zeros([lr.height, lr.width, self.latent.channels()], precision)
    }

    /// In f16: half the memory, and the same rounding for every tile that reads it.
    fn room_for_y0(&self, lr: &Canvas) -> Result<Option<LatentCanvas>> {
        self.keeps_y0().then(|| self.room(lr, Precision::F16)).transpose()
    }

    /// The steps that a snapshot of this chain over `lr` had done, and the state after them; `None` if it is another chain's, or
    /// damaged.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub async fn restore(
        &self,
        Snapshot { key, done, x: state }: Snapshot<Box<dyn State>>,
        lr: &Canvas,
    ) -> Result<Option<(usize, LatentCanvas)>> {
        let own = self.key.as_ref() == Some(&key) && (1..self.steps().len()).contains(&done);
        if !own || !state.holds(lr.height * lr.width * self.latent.channels() * self.precision.bytes()) {
            return Ok(None);
        }
        let mut x = self.room(lr, self.precision)?;
        let whole = state.read(x.bytes_mut()).await && x.is_finite();
        Ok(whole.then_some((done, x)))
    }

    /// The steps, from x_T down.
    fn steps(&self) -> impl ExactSizeIterator<Item = Step> {
        let Levels { schedule, visited } = &self.levels;
        visited.iter().enumerate().rev().map(|(i, &t)| {
            let previous = i.checked_sub(1).map(|i| visited[i]);
            Step { t, next: previous.map(|previous| posterior(schedule, t, Some(previous))) }
        })
    }

    /// The network for `n` tiles of `rows` x `cols` at once.
    fn network(&self, n: usize, rows: usize, cols: usize) -> Result<Stage<'_>> {
        let sizes = self.denoiser.sizes([n, rows, cols], self.latent, &self.levels.schedule);
        self.compute.prepare(&sizes, |maps| self.denoiser.predict(maps))
    }

    /// How many tiles of so many positions are computed at once.
    fn batch(&self, positions: usize, plan: &Plan) -> usize {
        self.compute.batch(positions).min(plan.count()).max(1)
    }

    /// The network for a picture, or a part of one, of `height` x `width`, of which it takes `band` rows at a time.
    fn stream(&self, height: usize, width: usize, band: usize) -> Result<Stream<'_>> {
        let sizes = self.denoiser.sizes([1, height, width], self.latent, &self.levels.schedule);
        self.compute.stream(&sizes, band, |maps| self.denoiser.predict(maps))
    }

    /// The steps after the first `done`, over a canvas on the host.
    async fn run_on_host<W: Watch>(
        &self,
        done: usize,
        mut x: LatentCanvas,
        y0: Option<LatentCanvas>,
        lr: &Canvas,
        cut: &Cut,
        watch: &mut W,
    ) -> Result<LatentCanvas> {
        let mut pace = watch.snapshots().map(|interval| Pace::new(interval, done, watch.now()));
        let mut previews = self.previews(lr, watch);
        let (steps, line, width) = (self.steps().len(), x.line(), x.width);
        let tiles: Vec<Tile<'_>> = if let Cut::Tiles(plan) = cut { plan.tiles().collect() } else { Vec::new() };
        let mut predictor = match cut {
            Cut::Bands(bands) => {
                Predictor::Bands(BandPass::new(bands, move |height| self.stream(height, width, bands.rows)))
            }
            Cut::Tiles(plan) => {
                let stages = Stages::new(plan, |rows, cols| self.network(self.batch(rows * cols, plan), rows, cols))?;
                let x0 = Canvas::band(plan.tallest(), width, x.channels)?;
                Predictor::Tiles(Tiles { plan, all: &tiles, stages, x0 })
            }
        };
        for (step, Step { t, next }) in self.steps().enumerate().skip(done) {
            let level = self.denoiser.level(&self.levels.schedule, t);
            let given = Given { lr, y0: y0.as_ref(), level };
            match &mut predictor {
                Predictor::Bands(pass) => {
                    let take = async |x: &mut LatentCanvas, new: Final, watch: &mut W| {
                        let Final { top, x0, done, of } = new;
                        watch.event(Event::Step { step: step + 1, steps, done, of });
                        previews.arrive(watch).await?;
                        let area = previews.rows(top..top + x0.len() / line);
                        let mut x0 = Canvas { height: x0.len() / line, width, channels: x.channels, data: x0 };
                        // What the last step predicts is the result, which is decoded anyway.
                        if next.is_some() && previews.wanted(&area, watch) {
                            let z = x0.part_below(top, area.decoded[0].clone(), 0..width);
                            previews.show(area, &z, watch).await?;
                        }
                        self.advance(x, &mut x0.data, top, step, next);
                        Ok(())
                    };
                    pass.run(&mut x, &given, watch, take).await?;
                }
                Predictor::Tiles(tiles) => {
                    self.step_by_tiles(tiles, (step, next), &mut x, &given, &mut previews, watch).await?;
                }
            }
            if next.is_none() {
                return Ok(x);
            }
            let (done, bytes) = (step + 1, x.bytes().len());
            if let (Some(key), Some(pace)) = (&self.key, &mut pace)
                && pace.is_due(done, steps, bytes, watch.now())
            {
                let begun = watch.now();
                watch.snapshot(Snapshot { key: key.clone(), done, x: x.bytes() }, steps).await;
                pace.taken(begun, watch.now());
            }
        }
        Err(no_steps())
    }

    /// One step in tiles: x0 is joined from them, and rows that no further tile reads move on.
    async fn step_by_tiles<'t>(
        &self,
        Tiles { plan, all, stages, x0 }: &mut Tiles<'t>,
        (step, next): (usize, Option<Gaussian>),
        x: &mut LatentCanvas,
        Given { lr, y0, level }: &Given<'_>,
        previews: &mut Previews<'_>,
        watch: &mut impl Watch,
    ) -> Result<()> {
        let (steps, tiles) = (self.steps().len(), plan.count());
        let batch = |tile: &Tile<'_>| self.batch(tile.count(), plan);
        let same = |a: &Tile<'_>, b: &Tile<'_>| (a.y.len(), a.x.len()) == (b.y.len(), b.x.len());
        let mut pipeline = TilePipeline::new(x0, 1);
        let groups = all.chunk_by(same).flat_map(|run| run.chunks(batch(&run[0])));
        for group in groups.map(Some).chain([None]) {
            match group {
                Some(group) => {
                    watch.pause().await?;
                    let n = batch(&group[0]);
                    let of =
                        |canvas: &LatentCanvas| gather(group, n, |tile| canvas.part(tile.y.range(), tile.x.range()));
                    let (x_t, y0) = (of(x), y0.map(of));
                    let y = gather(group, n, |tile| lr.part(tile.y.range(), tile.x.range()));
                    let mut inputs: Vec<&[f32]> = vec![&x_t, &y];
                    inputs.extend(y0.iter().chain(level).map(Vec::as_slice));
                    let stage = stages.of(group[0])?;
                    let help = if tiles > 1 && n == 1 { watch.helpers() } else { &NoHelpers };
                    let part = PartSize::whole(group[0].y.len(), group[0].x.len());
                    let free = (0..help.count()).find(|&index| help.is_free(index));
                    let work = match free.and_then(|index| help.start(index, part, true, &inputs)) {
                        None => stage.start(&inputs),
                        Some(answer) => elsewhere(answer, stage, inputs.iter().map(|input| input.to_vec()).collect()),
                    };
                    pipeline.add(group, work, help.count()).await?;
                }
                None => pipeline.drain().await?,
            }
            previews.arrive(watch).await?;
            for index in pipeline.arrived() {
                watch.event(Event::Step { step: step + 1, steps, done: index + 1, of: tiles });
                let area = Area::from(all[index]);
                // What the last step predicts is the result, which is decoded anyway.
                if next.is_some() && previews.wanted(&area, watch) {
                    let [rows, cols] = area.decoded.clone();
                    let z = pipeline.canvas.part_below(pipeline.top, rows, cols);
                    previews.show(area, &z, watch).await?;
                }
            }
            pipeline.retire_rows(plan, |top, x0| self.advance(x, x0, top, step, next));
        }
        Ok(())
    }

    /// Moves rows of x_t, from row `top` on, to x_{t-1}; without a `next` level to z_0.
    fn advance(&self, x: &mut LatentCanvas, x0: &mut [f32], top: usize, step: usize, next: Option<Gaussian>) {
        let Some(q) = next else { return x.set(top, x0) };
        let (a, b) = (q.a as f32, q.b as f32);
        let mut normals = vec![0.0; x.line()];
        for (y, x0) in (top..).zip(x0.chunks_exact(x.line())) {
            x.change(y, |x| {
                x.iter_mut().zip(x0).for_each(|(x, x0)| *x = a * *x + b * x0);
                self.add_noise(x, &mut normals, y, step as u32 + 1, q.std);
            });
        }
    }

    /// The chain of a canvas that the network takes at once, on the GPU: nothing is read back before z_0, unless it is to be
    /// seen. It takes seconds, so it has no snapshots.
    async fn run_on_gpu(
        &self,
        lr: &Canvas,
        mut z: LatentCanvas,
        seed: u64,
        watch: &mut impl Watch,
    ) -> Result<LatentCanvas> {
        let stage = self.network(1, lr.height, lr.width)?;
        let (Compute::Gpu(gpu), Some(program)) = (self.compute, stage.program()) else {
            return Err(Error::Internal("a program was expected".into()));
        };
        let size = [1, z.height, z.width, z.channels];
        let y0 = z.rows(0..z.height);
        let chain = GpuChain::new(gpu, program.clone(), size, &y0, seed)?;
        let start = prior(&self.levels.schedule).std;
        let mut q = Gaussian { a: 1.0, b: 0.0, std: start };
        // What stays the same is written once.
        let (mut pixels, mut prior_mean) = (Some(&lr.data[..]), Some(&y0[..]));
        let steps = self.steps().len();
        let mut previews = self.previews(lr, watch);
        for (step, Step { t, next }) in self.steps().enumerate() {
            watch.pause().await?;
            let level = self.denoiser.level(&self.levels.schedule, t);
            let mut others = vec![pixels.take()];
            others.extend(self.denoiser.sees_y0().then(|| prior_mean.take()));
            others.extend(level.iter().map(|v| Some(v.as_slice())));
            chain.advance(q, q.std * self.temperature, step as u32, &others).await?;
            watch.event(Event::Step { step: step + 1, steps, done: 1, of: 1 });
            let area = previews.rows(0..lr.height);
            if next.is_some() && previews.wanted(&area, watch) {
                let x0 = Canvas { height: z.height, width: z.width, channels: z.channels, data: chain.x0().await? };
                previews.show(area, &x0, watch).await?;
                previews.arrive(watch).await?;
            }
            match next {
                Some(next) => q = next,
                None => {
                    z.set(0, &mut chain.x0().await?);
                    return Ok(z);
                }
            }
        }
        Err(no_steps())
    }

    /// To row `y` of the canvas; `normals` is as long, and holds nothing.
    fn add_noise(&self, row: &mut [f32], normals: &mut [f32], y: usize, draw: u32, std: f64) {
        let std = (std * self.temperature) as f32;
        match self.noise {
            Noise::Seeded(seed) => noise::fill_row(normals, seed, draw, y as u32, 0, self.latent.channels()),
            Noise::Field(field) => field(normals, draw, y),
        }
        row.iter_mut().zip(&*normals).for_each(|(x, n)| *x += std * n);
    }
}

/// What another engine answers; should it have failed, what `stage` computes here.
fn elsewhere<'a>(answer: Answer, stage: &'a Stage<'_>, inputs: Vec<Vec<f32>>) -> Work<'a> {
    Work::Elsewhere(Box::pin(async move {
        match answer.await {
            Some(values) => Ok(values),
            None => stage.start(&inputs.iter().map(Vec::as_slice).collect::<Vec<_>>()).finish().await,
        }
    }))
}

/// How x0 is predicted.
enum Predictor<'a> {
    Bands(BandPass<'a>),
    Tiles(Tiles<'a>),
}

/// What a step in tiles works with.
struct Tiles<'a> {
    plan: &'a Plan,
    all: &'a [Tile<'a>],
    stages: Stages<'a>,
    /// Rows whose x0 is not yet all there, or whose x_t some tile has yet to read; the others move on within x.
    x0: Canvas,
}

/// What `tiles` read, each a `part`, one after the other, `n` in all: the last is repeated where there are fewer.
fn gather<'t>(tiles: &[Tile<'t>], n: usize, part: impl Fn(Tile<'t>) -> Canvas) -> Vec<f32> {
    (0..n).flat_map(|i| part(tiles[i.min(tiles.len() - 1)]).data).collect()
}

fn no_steps() -> Error {
    Error::BadOption("A chain needs at least one step.".into())
}
