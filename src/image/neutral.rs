//! What a result keeps of a picture's neutral colours: grey stays grey, and areas of pure black or white stay so. The network
//! paints either with a little colour, or a few levels off.

use super::Picture;
use crate::{Result, alloc};

/// The noise of JPEG, in units of 255 levels; a little more than two, for rounding.
const NOISE: f32 = 2.1 / 255.0;

/// ITU-R BT.601.
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// Whether all that is seen of a picture is grey; then its result is.
pub fn is_grey(picture: &Picture) -> bool {
    let spread = |pixel: &[f32]| pixel.iter().fold(0.0, |most, v| f32::max(most, (v - pixel[1]).abs()));
    picture.rgb.chunks_exact(3).enumerate().all(|(i, pixel)| spread(pixel) <= NOISE || !is_seen(picture, i))
}

fn is_seen(picture: &Picture, pixel: usize) -> bool {
    picture.alpha.as_ref().is_none_or(|alpha| alpha[pixel] > 0.0)
}

/// What is neutral in a picture.
pub struct Neutral {
    /// All that is seen.
    grey: bool,
    width: usize,
    /// For each pixel of the picture: whether it and its neighbours are all black or all white, and which.
    areas: Vec<Option<bool>>,
    scale: usize,
}

impl Neutral {
    /// Finds the neutral areas of a picture whose result is `scale` times as large.
    ///
    /// # Errors
    /// [`crate::Error::OutOfMemory`].
    pub fn of(picture: &Picture, scale: usize) -> Result<Self> {
        let (width, height) = (picture.width, picture.height);
        let pixels = || picture.rgb.chunks_exact(3);
        let end = |(i, pixel): (usize, &[f32])| match pixel {
            _ if !is_seen(picture, i) => None,
            _ if pixel.iter().all(|&v| v <= NOISE) => Some(false),
            _ if pixel.iter().all(|&v| v >= 1.0 - NOISE) => Some(true),
            _ => None,
        };
        let ends = alloc::try_collect(width * height, pixels().enumerate().map(end))?;
        let around = |at: usize, count: usize| at.saturating_sub(1)..(at + 2).min(count);
        let area = |i: usize| {
            let (x, y) = (i % width, i / width);
            let mut near = around(y, height).flat_map(|y| around(x, width).map(move |x| y * width + x));
            ends[i].filter(|_| near.all(|other| ends[other] == ends[i]))
        };
        Ok(Self {
            grey: is_grey(picture),
            width,
            areas: alloc::try_collect(width * height, (0..width * height).map(area))?,
            scale,
        })
    }

    /// A pixel of the result, at `x` and `y`, RGB in [0, 1].
    pub fn kept(&self, rgb: [f32; 3], x: usize, y: usize) -> [f32; 3] {
        match self.areas[y / self.scale * self.width + x / self.scale] {
            Some(white) => [f32::from(white); 3],
            None if self.grey => [rgb.iter().zip(LUMA).map(|(v, weight)| v * weight).sum(); 3],
            None => rgb,
        }
    }
}
