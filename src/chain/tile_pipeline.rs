//! Tiles on their way through a network and onto a canvas.

use super::canvas::Canvas;
use super::tiles::{Plan, Tile};
use crate::compute::{Compute, Stage, Work};
use crate::model::Latent;
use crate::{Error, Result};
use std::collections::VecDeque;
use std::ops::Range;

/// A network for every size of tile in a plan; as plans are made, that is one.
pub struct Stages<'a>(Vec<([usize; 2], Stage<'a>)>);

impl<'a> Stages<'a> {
    /// `prepare` is given rows and columns.
    ///
    /// # Errors
    /// What `prepare` returns.
    pub fn new(plan: &Plan, mut prepare: impl FnMut(usize, usize) -> Result<Stage<'a>>) -> Result<Self> {
        let mut stages: Vec<([usize; 2], Stage<'a>)> = Vec::new();
        for tile in plan.tiles() {
            let size = [tile.y.len(), tile.x.len()];
            if stages.iter().all(|(known, _)| *known != size) {
                stages.push((size, prepare(size[0], size[1])?));
            }
        }
        Ok(Self(stages))
    }

    /// The network for this tile.
    ///
    /// # Errors
    /// [`Error::Internal`] for a tile of another plan.
    pub fn of(&self, tile: Tile<'_>) -> Result<&Stage<'a>> {
        let size = [tile.y.len(), tile.x.len()];
        let found = self.0.iter().find(|(known, _)| *known == size);
        found.map(|(_, stage)| stage).ok_or_else(|| Error::Internal("a tile of another plan".into()))
    }
}

/// What turns the tiles of `plan`, of a latent canvas and its low-resolution one, into pictures four times as large.
///
/// # Errors
/// [`Error::Gpu`] if a tile is more than the device allows.
pub fn decoder<'a>(latent: &'a dyn Latent, compute: &Compute, plan: &Plan) -> Result<Stages<'a>> {
    Stages::new(plan, |rows, cols| {
        let sizes = [[1, rows, cols, latent.channels()], [1, rows, cols, 3]];
        compute.prepare(&sizes, |maps| latent.decode(&maps[0], &maps[1]))
    })
}

/// Tiles on their way to a canvas: while one is read back, the next is computed.
pub(super) struct TilePipeline<'a, 'c> {
    pub(super) canvas: &'c mut Canvas,
    /// Row of the plan that is the canvas' first.
    pub(super) top: usize,
    scale: usize,
    /// Tiles that are computed together.
    groups: VecDeque<(&'a [Tile<'a>], Work<'a>)>,
    landed: usize,
    reported: usize,
}

impl<'a, 'c> TilePipeline<'a, 'c> {
    pub(super) fn new(canvas: &'c mut Canvas, scale: usize) -> Self {
        Self { canvas, top: 0, scale, groups: VecDeque::new(), landed: 0, reported: 0 }
    }

    /// Adds tiles whose work has been started; waits until no more are under way than are computed at a time. They land
    /// in the order of the plan, so sums of blended tiles are always the same.
    pub(super) async fn add(&mut self, tiles: &'a [Tile<'a>], work: Work<'a>, helpers: usize) -> Result<()> {
        let under_way = match work {
            Work::Done(_) if helpers == 0 => 0,
            Work::Queued(_) => 1,
            Work::Done(_) | Work::Elsewhere(_) => helpers + 1,
        };
        self.groups.push_back((tiles, work));
        while self.groups.len() > under_way {
            self.next().await?;
        }
        Ok(())
    }

    /// Waits for all of them.
    pub(super) async fn drain(&mut self) -> Result<()> {
        while !self.groups.is_empty() {
            self.next().await?;
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<()> {
        if let Some((tiles, work)) = self.groups.pop_front() {
            let values = work.finish().await?;
            for (tile, values) in tiles.iter().zip(values.chunks_exact(tiles[0].count() * self.canvas.channels)) {
                self.canvas.grow((tile.y.kept().end - self.top) * self.scale)?;
                self.canvas.add_at(*tile, values, self.scale, self.top);
            }
            self.landed += tiles.len();
        }
        Ok(())
    }

    /// Takes the rows that no tile to come reads or writes off the canvas: `see` gets the number of the first, and them.
    pub(super) fn retire_rows(&mut self, plan: &Plan, see: impl FnOnce(usize, &mut [f32])) {
        let end = plan.settled(self.landed / plan.cols.len());
        let top = std::mem::replace(&mut self.top, end);
        self.canvas.shift((end - top) * self.scale, |rows| see(top, rows));
    }

    /// The tiles that have arrived since the last call, by their number.
    pub(super) fn arrived(&mut self) -> Range<usize> {
        std::mem::replace(&mut self.reported, self.landed)..self.landed
    }
}
