//! The reverse chain (paper Algorithm of §3.1, Eq. 7) over a latent canvas.
//!
//! One canvas holds x_t for the whole picture. In every step all tiles predict their part of x0 from the same x_t,
//! the parts are joined, and only then the canvas moves on to x_{t-1}: no tile is ever ahead of its neighbours,
//! and their order cannot matter.

use crate::chain::canvas::Canvas;
use crate::chain::levels::Levels;
use crate::chain::preview::Previews;
use crate::chain::prior_code::PriorCode;
use crate::chain::run_context::{Event, Watch};
use crate::chain::snapshot::{Pace, Snapshot, State};
use crate::chain::team::{Answer, NoHelpers};
use crate::chain::tile_pipeline::{Stages, TilePipeline};
use crate::chain::tiles::{Plan, Tile};
use crate::compute::{Compute, Stage, Work};
use crate::gpu::resident_chain::GpuChain;
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
    /// `encode` tiles the encoder, `plan` the network. Without steps z_0 is y0.
    ///
    /// # Errors
    /// [`Error::Gpu`], or what `watch` returns.
    pub async fn run(&self, lr: &Canvas, encode: &Plan, plan: &Plan, watch: &mut impl Watch) -> Result<Canvas> {
        let mut x = Canvas::try_zeros(lr.height, lr.width, self.latent.channels())?;
        let (line, mut y0) = (x.width * x.channels, self.room_for_y0(lr)?);
        self.encode(lr, encode, watch, |top, rows| {
            let x = &mut x.data[top * line..][..rows.len()];
            x.copy_from_slice(rows);
            y0.iter_mut().for_each(|y0| y0.take(x));
        })
        .await?;
        if self.levels.visited.is_empty() {
            return Ok(x);
        }
        match (self.compute, self.noise) {
            (Compute::Gpu(_), Noise::Seeded(seed)) if plan.count() == 1 => {
                self.run_on_gpu(lr, x, seed, plan, watch).await
            }
            _ => {
                self.add_noise(&mut x.data, line, 0, 0, prior(&self.levels.schedule).std);
                self.run_on_host(0, x, y0, lr, plan, watch).await
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
        (done, x): (usize, Canvas),
        lr: &Canvas,
        encode: &Plan,
        plan: &Plan,
        watch: &mut impl Watch,
    ) -> Result<Canvas> {
        let mut y0 = self.room_for_y0(lr)?;
        if let Some(y0) = &mut y0 {
            self.encode(lr, encode, watch, |_, rows| y0.take(rows)).await?;
        }
        self.run_on_host(done, x, y0, lr, plan, watch).await
    }

    /// Whether y0's code is kept for the steps.
    pub fn keeps_y0(&self) -> bool {
        self.denoiser.sees_y0() && !self.levels.visited.is_empty()
    }

    fn room_for_y0(&self, lr: &Canvas) -> Result<Option<PriorCode>> {
        self.keeps_y0().then(|| PriorCode::room(lr.height, lr.width, self.latent.channels())).transpose()
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
    ) -> Result<Option<(usize, Canvas)>> {
        let channels = self.latent.channels();
        let own = self.key.as_ref() == Some(&key) && (1..self.steps().len()).contains(&done);
        if !own || !state.holds(lr.height * lr.width * channels) {
            return Ok(None);
        }
        let mut x = Canvas::try_zeros(lr.height, lr.width, channels)?;
        let whole = state.read(&mut x.data).await && x.data.iter().all(|v| v.is_finite());
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

    /// The steps after the first `done`, over a canvas on the host.
    async fn run_on_host(
        &self,
        done: usize,
        mut x: Canvas,
        y0: Option<PriorCode>,
        lr: &Canvas,
        plan: &Plan,
        watch: &mut impl Watch,
    ) -> Result<Canvas> {
        let mut pace = watch.snapshots().map(|interval| Pace::new(interval, done, watch.now()));
        let mut previews = Previews::new(self.latent, self.compute, plan, lr, self.size, watch.now());
        let line = x.width * x.channels;
        let (steps, tiles) = (self.steps().len(), plan.count());
        let batch = |rows: usize, cols: usize| self.compute.batch(rows * cols).min(tiles);
        let stages = Stages::new(plan, |rows, cols| self.network(batch(rows, cols), rows, cols))?;
        let all: Vec<Tile<'_>> = plan.tiles().collect();
        let same = |a: &Tile<'_>, b: &Tile<'_>| (a.y.len(), a.x.len()) == (b.y.len(), b.x.len());
        // Rows whose x0 is not yet all there, or whose x_t some tile has yet to read; the others move on within x.
        let mut x0 = Canvas::band(plan.tallest(), x.width, x.channels)?;
        for (step, Step { t, next }) in self.steps().enumerate().skip(done) {
            let level = self.denoiser.level(&self.levels.schedule, t);
            let mut pipeline = TilePipeline::new(&mut x0, 1);
            let groups = all.chunk_by(same).flat_map(|run| run.chunks(batch(run[0].y.len(), run[0].x.len()).max(1)));
            for group in groups.map(Some).chain([None]) {
                match group {
                    Some(group) => {
                        watch.pause().await?;
                        let tile = group[0];
                        let n = batch(tile.y.len(), tile.x.len());
                        let of = |canvas: &Canvas| gather(group, n, |tile| canvas.part(tile.y.range(), tile.x.range()));
                        let (x_t, y) = (of(&x), of(lr));
                        let y0 = y0.as_ref().map(|y0| gather(group, n, |tile| y0.part(tile)));
                        let mut inputs: Vec<&[f32]> = vec![&x_t, &y];
                        inputs.extend(y0.iter().chain(&level).map(Vec::as_slice));
                        let stage = stages.of(tile)?;
                        let help = if tiles > 1 && n == 1 { watch.helpers() } else { &NoHelpers };
                        let work = match help.start(tile.y.len(), tile.x.len(), &inputs) {
                            None => stage.start(&inputs),
                            Some(answer) => {
                                elsewhere(answer, stage, inputs.iter().map(|input| input.to_vec()).collect())
                            }
                        };
                        pipeline.add(group, work, help.count()).await?;
                    }
                    None => pipeline.drain().await?,
                }
                previews.arrive(watch).await?;
                for index in pipeline.arrived() {
                    watch.event(Event::Step { step: step + 1, steps, tile: index + 1, tiles });
                    // What the last step predicts is the result, which is decoded anyway.
                    if next.is_some() && previews.wanted(index, watch) {
                        let z = pipeline.canvas.part_below(pipeline.top, all[index].y.range(), all[index].x.range());
                        previews.show(index, all[index], &z, watch).await?;
                    }
                }
                pipeline
                    .retire_rows(plan, |top, x0| self.advance(&mut x.data[top * line..], x0, line, top, step, next));
            }
            if next.is_none() {
                return Ok(x);
            }
            let (done, values) = (step + 1, x.data.len());
            if let (Some(key), Some(pace)) = (&self.key, &mut pace)
                && pace.is_due(done, steps, values, watch.now())
            {
                let begun = watch.now();
                watch.snapshot(Snapshot { key: key.clone(), done, x: &x.data }, steps).await;
                pace.taken(begun, watch.now());
            }
        }
        Err(no_steps())
    }

    /// Moves rows of x_t, from row `top` on, to x_{t-1}; without a `next` level to z_0.
    fn advance(&self, x: &mut [f32], x0: &[f32], line: usize, top: usize, step: usize, next: Option<Gaussian>) {
        let x = &mut x[..x0.len()];
        let Some(q) = next else { return x.copy_from_slice(x0) };
        let (a, b) = (q.a as f32, q.b as f32);
        for (x, x0) in x.iter_mut().zip(x0) {
            *x = a * *x + b * x0;
        }
        self.add_noise(x, line, top, step as u32 + 1, q.std);
    }

    /// The chain of a canvas that is one tile, on the GPU: nothing is read back before z_0, unless it is to be seen. It takes
    /// seconds, so it has no snapshots.
    async fn run_on_gpu(
        &self,
        lr: &Canvas,
        y0: Canvas,
        seed: u64,
        plan: &Plan,
        watch: &mut impl Watch,
    ) -> Result<Canvas> {
        let stage = self.network(1, lr.height, lr.width)?;
        let (Compute::Gpu(gpu), Some(program)) = (self.compute, stage.program()) else {
            return Err(Error::Internal("a program was expected".into()));
        };
        let size = [1, y0.height, y0.width, y0.channels];
        let chain = GpuChain::new(gpu, program.clone(), size, &y0.data, seed);
        let start = prior(&self.levels.schedule).std;
        let mut q = Gaussian { a: 1.0, b: 0.0, std: start };
        // What stays the same is written once.
        let (mut pixels, mut prior_mean) = (Some(&lr.data[..]), Some(&y0.data[..]));
        let steps = self.steps().len();
        let mut previews = Previews::new(self.latent, self.compute, plan, lr, self.size, watch.now());
        for (step, Step { t, next }) in self.steps().enumerate() {
            watch.pause().await?;
            let level = self.denoiser.level(&self.levels.schedule, t);
            let mut others = vec![pixels.take()];
            others.extend(self.denoiser.sees_y0().then(|| prior_mean.take()));
            others.extend(level.iter().map(|v| Some(v.as_slice())));
            chain.advance(q, q.std * self.temperature, step as u32, &others).await?;
            watch.event(Event::Step { step: step + 1, steps, tile: 1, tiles: 1 });
            if let (Some(_), Some(tile), true) = (next, plan.tiles().next(), previews.wanted(0, watch)) {
                let x0 = Canvas { data: chain.x0().await?, ..y0 };
                previews.show(0, tile, &x0.part(tile.y.range(), tile.x.range()), watch).await?;
                previews.arrive(watch).await?;
            }
            match next {
                Some(next) => q = next,
                None => return Ok(Canvas { data: chain.x0().await?, ..y0 }),
            }
        }
        Err(no_steps())
    }

    /// The prior mean y0, where there is one: `keep` is given its rows from the top down, and the number of the first. It is
    /// shown at once where that costs little, unless it is the result.
    async fn encode(
        &self,
        lr: &Canvas,
        plan: &Plan,
        watch: &mut impl Watch,
        mut keep: impl FnMut(usize, &mut [f32]),
    ) -> Result<()> {
        if !self.latent.has_encoder() {
            return Ok(());
        }
        let mut previews = Previews::new(self.latent, self.compute, plan, lr, self.size, watch.now());
        let shown = watch.previews() && self.latent.is_decoded_cheaply() && !self.levels.visited.is_empty();
        let mut y0 = Canvas::band(plan.tallest(), lr.width, self.latent.channels())?;
        let stages = Stages::new(plan, |rows, cols| {
            self.compute.prepare(&[[1, rows, cols, 3]], |maps| self.latent.encode(&maps[0]))
        })?;
        let tiles: Vec<Tile<'_>> = plan.tiles().collect();
        let mut pipeline = TilePipeline::new(&mut y0, 1);
        for tile in tiles.chunks(1).map(Some).chain([None]) {
            match tile {
                Some(tile) => {
                    watch.pause().await?;
                    let part = lr.part(tile[0].y.range(), tile[0].x.range());
                    pipeline.add(tile, stages.of(tile[0])?.start(&[&part.data]), 0).await?;
                }
                None => pipeline.drain().await?,
            }
            for index in pipeline.arrived() {
                if shown {
                    let (rows, cols) = (tiles[index].y.range(), tiles[index].x.range());
                    let z = pipeline.canvas.part_below(pipeline.top, rows, cols);
                    previews.show(index, tiles[index], &z, watch).await?;
                    previews.arrive(watch).await?;
                }
            }
            pipeline.retire_rows(plan, &mut keep);
        }
        Ok(())
    }

    /// To rows of `line` values, of which the first is row `top` of the canvas.
    fn add_noise(&self, rows: &mut [f32], line: usize, top: usize, draw: u32, std: f64) {
        let std = (std * self.temperature) as f32;
        let mut row = vec![0.0; line];
        for (y, line) in (top..).zip(rows.chunks_exact_mut(line)) {
            match self.noise {
                Noise::Seeded(seed) => noise::fill_row(&mut row, seed, draw, y as u32, 0, self.latent.channels()),
                Noise::Field(field) => field(&mut row, draw, y),
            }
            for (x, n) in line.iter_mut().zip(&row) {
                *x += std * n;
            }
        }
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

/// What `tiles` read, each a `part`, one after the other, `n` in all: the last is repeated where there are fewer.
fn gather<'t>(tiles: &[Tile<'t>], n: usize, part: impl Fn(Tile<'t>) -> Canvas) -> Vec<f32> {
    (0..n).flat_map(|i| part(tiles[i.min(tiles.len() - 1)]).data).collect()
}

fn no_steps() -> Error {
    Error::BadOption("A chain needs at least one step.".into())
}
