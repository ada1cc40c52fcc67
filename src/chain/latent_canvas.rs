//! What a chain holds of a whole picture in the latent space: its state x_t, z_0 at its end, and y0.

use crate::chain::canvas::Canvas;
use crate::limits::LATENT_F32_PIXELS;
use crate::{Result, alloc};
use half::f16;
use half::slice::HalfFloatSliceExt;
use std::ops::Range;

/// How the numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// As they are.
    F32,
    /// Rounded, in half the memory.
    F16,
}

impl Precision {
    /// Of the state over a picture of so many positions: f32, unless it is so large that memory may be short. In f16 a picture
    /// differs by less than 1 of 255.
    pub fn of_state(positions: usize) -> Self {
        if positions <= LATENT_F32_PIXELS { Self::F32 } else { Self::F16 }
    }

    /// Bytes of a number.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => size_of::<f32>(),
            Self::F16 => size_of::<f16>(),
        }
    }
}

/// `[height, width, channels]`.
#[derive(Debug, Clone, PartialEq)]
pub struct LatentCanvas {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Numbers per position.
    pub channels: usize,
    values: Values,
}

#[derive(Debug, Clone, PartialEq)]
enum Values {
    F32(Vec<f32>),
    F16(Vec<f16>),
}

impl LatentCanvas {
    /// All zero.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    pub fn zeros([height, width, channels]: [usize; 3], precision: Precision) -> Result<Self> {
        let count = height * width * channels;
        let values = match precision {
            Precision::F32 => Values::F32(alloc::filled(0.0, count)?),
            Precision::F16 => Values::F16(alloc::filled(f16::ZERO, count)?),
        };
        Ok(Self { height, width, channels, values })
    }

    /// Numbers of a row.
    pub fn line(&self) -> usize {
        self.width * self.channels
    }

    /// These rows.
    pub fn rows(&self, rows: Range<usize>) -> Vec<f32> {
        let mut read = Vec::with_capacity(rows.len() * self.line());
        self.read(rows.start * self.line()..rows.end * self.line(), &mut read);
        read
    }

    /// These rows and columns.
    pub fn part(&self, rows: Range<usize>, cols: Range<usize>) -> Canvas {
        let (height, width, channels) = (rows.len(), cols.len(), self.channels);
        let mut data = Vec::with_capacity(height * width * channels);
        for y in rows {
            let begin = y * self.line() + cols.start * channels;
            self.read(begin..begin + width * channels, &mut data);
        }
        Canvas { height, width, channels, data }
    }

    /// Puts whole rows in the place of those from row `top` on, and gives them back as they are stored.
    pub fn set(&mut self, top: usize, rows: &mut [f32]) {
        let begin = top * self.line();
        match &mut self.values {
            Values::F32(values) => values[begin..][..rows.len()].copy_from_slice(rows),
            Values::F16(values) => {
                let values = &mut values[begin..][..rows.len()];
                values.convert_from_f32_slice(rows);
                values.convert_to_f32_slice(rows);
            }
        }
    }

    /// Changes row `y`.
    pub fn change(&mut self, y: usize, change: impl FnOnce(&mut [f32])) {
        let (begin, line) = (y * self.line(), self.line());
        match &mut self.values {
            Values::F32(values) => change(&mut values[begin..][..line]),
            Values::F16(values) => {
                let values = &mut values[begin..][..line];
                let mut row = values.to_f32_vec();
                change(&mut row);
                values.convert_from_f32_slice(&row);
            }
        }
    }

    /// The numbers as they are stored.
    pub fn bytes(&self) -> &[u8] {
        match &self.values {
            Values::F32(values) => bytemuck::cast_slice(values),
            Values::F16(values) => bytemuck::cast_slice(values),
        }
    }

    /// [`Self::bytes`], to be filled.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.values {
            Values::F32(values) => bytemuck::cast_slice_mut(values),
            Values::F16(values) => bytemuck::cast_slice_mut(values),
        }
    }

    /// Whether all of them are numbers.
    pub fn is_finite(&self) -> bool {
        match &self.values {
            Values::F32(values) => values.iter().all(|v| v.is_finite()),
            Values::F16(values) => values.iter().all(|v| v.is_finite()),
        }
    }

    fn read(&self, range: Range<usize>, to: &mut Vec<f32>) {
        match &self.values {
            Values::F32(values) => to.extend_from_slice(&values[range]),
            Values::F16(values) => {
                let begun = to.len();
                to.resize(begun + range.len(), 0.0);
                values[range].convert_to_f32_slice(&mut to[begun..]);
            }
        }
    }
}
