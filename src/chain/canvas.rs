//! Arrays of a picture's shape on the host, whole or a band of rows that moves down.

use crate::chain::tiles::Tile;
use crate::{Result, alloc};
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

    /// As [`Self::zeros`], for canvases as large as a picture.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    pub fn try_zeros(height: usize, width: usize, channels: usize) -> Result<Self> {
        Ok(Self { height, width, channels, data: alloc::filled(0.0, height * width * channels)? })
    }

    /// A canvas without rows, and with room for `rows` of them (see [`Self::grow`]).
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    pub fn band(rows: usize, width: usize, channels: usize) -> Result<Self> {
        Ok(Self { height: 0, width, channels, data: alloc::with_capacity(rows * width * channels)? })
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

    /// As [`Self::part`] of a canvas whose first row is row `top`; what lies outside of it is zero.
    pub fn part_below(&self, top: usize, rows: Range<usize>, cols: Range<usize>) -> Canvas {
        let mut part = Canvas::zeros(rows.len(), cols.len(), self.channels);
        let line = cols.len() * self.channels;
        for (y, target) in rows.zip(part.data.chunks_exact_mut(line)) {
            if let Some(y) = y.checked_sub(top).filter(|&y| y < self.height) {
                target.copy_from_slice(&self.data[(y * self.width + cols.start) * self.channels..][..line]);
            }
        }
        part
    }

    /// Continued to the right and below, by reflection, to sides that are multiples of `multiple`. Where the canvas
    /// is too small for one reflection it is reflected again; a side of one position is repeated.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    pub fn reflected(self, multiple: usize) -> Result<Canvas> {
        let (height, width) = (self.height.next_multiple_of(multiple), self.width.next_multiple_of(multiple));
        if (height, width) == (self.height, self.width) {
            return Ok(self);
        }
        let mut data = alloc::with_capacity(height * width * self.channels)?;
        for y in 0..height {
            for x in 0..width {
                let source = reflect(y, self.height) * self.width + reflect(x, self.width);
                data.extend_from_slice(&self.data[source * self.channels..][..self.channels]);
            }
        }
        Ok(Canvas { height, width, channels: self.channels, data })
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

    /// Adds rows of zeros below, up to `height`.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory) beyond the room that it has.
    pub fn grow(&mut self, height: usize) -> Result<()> {
        self.height = height.max(self.height);
        let values = self.height * self.width * self.channels;
        let more = values - self.data.len();
        alloc::reserve(&mut self.data, more)?;
        self.data.resize(values, 0.0);
        Ok(())
    }

    /// Removes the first `rows` rows, after `see` has seen them.
    pub fn shift<T>(&mut self, rows: usize, see: impl FnOnce(&mut [f32]) -> T) -> T {
        let values = rows * self.width * self.channels;
        let seen = see(&mut self.data[..values]);
        self.data.drain(..values);
        self.height -= rows;
        seen
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
