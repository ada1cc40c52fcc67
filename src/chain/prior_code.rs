//! The prior mean's code, which the network is given in every step.

use crate::chain::canvas::Canvas;
use crate::chain::tiles::Tile;
use crate::{Result, alloc};
use half::f16;
use std::ops::Range;

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
        Ok(Self { width, channels, data: alloc::with_capacity(height * width * channels)? })
    }

    /// Rounds the next rows, here and where they are.
    pub fn take(&mut self, rows: &mut [f32]) {
        self.data.extend(rows.iter_mut().map(|v| {
            let rounded = f16::from_f32(*v);
            *v = rounded.to_f32();
            rounded
        }));
    }

    /// These rows of it.
    pub fn rows(&self, rows: Range<usize>) -> Vec<f32> {
        let line = self.width * self.channels;
        self.data[rows.start * line..rows.end * line].iter().map(|v| v.to_f32()).collect()
    }

    /// What a tile reads of it.
    pub fn part(&self, tile: Tile<'_>) -> Canvas {
        let rows = Canvas {
            height: tile.y.len(),
            width: self.width,
            channels: self.channels,
            data: self.rows(tile.y.range()),
        };
        rows.part(0..tile.y.len(), tile.x.range())
    }
}
