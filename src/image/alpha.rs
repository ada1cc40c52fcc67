//! Transparency: its own enlargement, and colours for what cannot be seen.

use super::Picture;
use super::resize::bicubic;
use crate::{Result, alloc};

/// Alpha `[height, width]` in [0, 1] to `[scale * height, scale * width]`: bicubic, clamped to [0, 1].
///
/// # Panics
/// If `alpha` has another size.
pub fn upscale_alpha(alpha: &[f32], width: usize, height: usize, scale: usize) -> Vec<f32> {
    let mut result = bicubic(alpha, width, height, 1, scale);
    result.iter_mut().for_each(|x| *x = x.clamp(0.0, 1.0));
    result
}

/// Spreads the colours of visible pixels into pixels of alpha 0, whose own colours are arbitrary: often black, or
/// what was there before it was erased. Left alone they are edges that the network sharpens, and that the
/// enlarged alpha then uncovers as a halo.
///
/// Push-pull (Gortler et al., "The Lumigraph", 1996, §3.5): colours are averaged, weighted by alpha, into ever
/// smaller pictures until none has a hole; on the way back each hole is interpolated from the next smaller
/// picture. Pixels of alpha above 0 keep their colours; a wholly transparent picture is left as it is.
///
/// # Errors
/// [`crate::Error::OutOfMemory`].
pub fn fill_transparent(picture: &mut Picture) -> Result<()> {
    let Some(alpha) = &picture.alpha else { return Ok(()) };
    if alpha.iter().all(|&a| a <= 0.0) {
        return Ok(());
    }
    let pixels = picture.rgb.chunks_exact(3).zip(alpha).map(|(c, &a)| Sample { colour: [c[0], c[1], c[2]], weight: a });
    let mut levels =
        vec![Level { width: picture.width, height: picture.height, samples: alloc::try_collect(alpha.len(), pixels)? }];
    while let Some(level) = levels.last()
        && level.samples.iter().any(Sample::is_hole)
    {
        levels.push(level.half()?);
    }
    while let Some(smaller) = levels.pop() {
        if let Some(level) = levels.last_mut() {
            level.fill_from(&smaller);
        } else {
            for (pixel, sample) in picture.rgb.chunks_exact_mut(3).zip(&smaller.samples) {
                pixel.copy_from_slice(&sample.colour);
            }
        }
    }
    Ok(())
}

/// A colour, and how much of it is known.
#[derive(Clone, Copy)]
struct Sample {
    colour: [f32; 3],
    weight: f32,
}

impl Sample {
    fn is_hole(&self) -> bool {
        self.weight <= 0.0
    }

    /// Weighted mean; the weight is the samples' sum.
    fn mean(samples: impl Iterator<Item = (Sample, f32)>) -> Sample {
        let (mut sum, mut weight) = ([0.0; 3], 0.0);
        for (sample, factor) in samples {
            sum.iter_mut().zip(sample.colour).for_each(|(sum, c)| *sum += factor * c);
            weight += factor;
        }
        let colour = if weight > 0.0 { sum.map(|sum| sum / weight) } else { sum };
        Sample { colour, weight }
    }
}

struct Level {
    width: usize,
    height: usize,
    samples: Vec<Sample>,
}

impl Level {
    /// Push: each 2 x 2 block becomes its mean.
    fn half(&self) -> Result<Level> {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let block = |x: usize, y: usize| {
            let rows = 2 * y..(2 * y + 2).min(self.height);
            let pixels = rows.flat_map(move |y| (2 * x..(2 * x + 2).min(self.width)).map(move |x| (x, y)));
            Sample::mean(pixels.map(|(x, y)| self.samples[y * self.width + x]).map(|s| (s, s.weight.max(0.0))))
        };
        let blocks = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| block(x, y));
        Ok(Level { width, height, samples: alloc::try_collect(width * height, blocks)? })
    }

    /// Pull: holes take the bilinear interpolation of the smaller level, which has none.
    fn fill_from(&mut self, smaller: &Level) {
        // A pixel's centre lies a quarter of the smaller level's pixel before or behind that pixel's centre.
        let taps = |at: usize, count: usize| {
            let other = if at.is_multiple_of(2) { (at / 2).saturating_sub(1) } else { (at / 2 + 1).min(count - 1) };
            [(at / 2, 0.75), (other, 0.25)]
        };
        for (at, sample) in self.samples.iter_mut().enumerate().filter(|(_, sample)| sample.is_hole()) {
            let columns = taps(at % self.width, smaller.width);
            let rows = taps(at / self.width, smaller.height);
            let pixels = rows
                .into_iter()
                .flat_map(|(y, v)| columns.map(|(x, u)| (smaller.samples[y * smaller.width + x], u * v)));
            *sample = Sample::mean(pixels);
        }
    }
}
