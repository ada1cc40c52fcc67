//! The prior mean's code, which the network is given in every step.

use crate::chain::canvas::Canvas;
use crate::chain::tiles::Tile;
use crate::{Result, alloc};
use half::f16;

/// y0 of a whole canvas, `[height, width, channels]`, as f16: half the memory, and the same rounding for every tile that reads
/// it. Filled from the top down.
pub struct PriorCode {
    width: usize,
    channels: usize,
    data: Vec<f16>,
}

impl PriorCode {
    /// Room for the code of a canvas.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    pub fn room(height: usize, width: usize, channels: usize) -> Result<Self> {
        Ok(Self { width, channels, data: alloc::room(height * width * channels)? })
    }

    /// Rounds the next rows, here and where they are.
    pub fn take(&mut self, rows: &mut [f32]) {
        self.data.extend(rows.iter_mut().map(|v| {
            let rounded = f16::from_f32(*v);
            *v = rounded.to_f32();
            rounded
        }));
    }

    /// What a tile reads of it.
    pub fn part(&self, tile: Tile<'_>) -> Canvas {
        let (rows, cols, channels) = (tile.y.range(), tile.x.range(), self.channels);
        let mut data = Vec::with_capacity(tile.count() * channels);
        for y in rows {
            let begin = (y * self.width + cols.start) * channels;
            data.extend(self.data[begin..begin + cols.len() * channels].iter().map(|v| v.to_f32()));
        }
        Canvas { height: tile.y.len(), width: tile.x.len(), channels, data }
    }
}
