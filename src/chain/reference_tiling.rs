//! Tiling as the released code does it, for parity with its pictures: every tile is padded, sampled with noise of
//! its own and decoded by itself; where tiles overlap, clamped pixels are averaged with equal weights. Shows seams.

use crate::Result;
use crate::chain::bands::Cut;
use crate::chain::canvas::Canvas;
use crate::chain::latent_canvas::Precision;
use crate::chain::levels::Levels;
use crate::chain::run_context::Watch;
use crate::chain::sampler::{Chain, Noise};
use crate::chain::tiles::Plan;
use crate::compute::Compute;
use crate::model::UPSCALE;
use crate::model::{Denoiser, Latent};

/// Noise by tile: writes draw `draw` of tile `tile` for the padded tile's latent row `y`; arguments
/// `(tile, row, draw, y)`.
pub type TileNoise<'a> = &'a dyn Fn(usize, &mut [f32], u32, usize);

/// A model and how the released sampler runs it.
pub struct ReferenceTiling<'a> {
    /// The latent space.
    pub latent: &'a dyn Latent,
    /// The network.
    pub denoiser: &'a dyn Denoiser,
    /// The levels it visits.
    pub levels: Levels,
    /// Tile side in low-resolution pixels.
    pub chop: usize,
    /// Distance of neighbouring tiles.
    pub stride: usize,
    /// Its noise.
    pub noise: TileNoise<'a>,
    /// Where it runs.
    pub compute: &'a Compute,
}

impl ReferenceTiling<'_> {
    /// `lr` `[h, w, 3]` in [-1, 1], any size; returns `[4h, 4w, 3]` in [0, 1].
    ///
    /// # Errors
    /// As [`Chain::run`].
    pub async fn run(&self, lr: &Canvas, watch: &mut impl Watch) -> Result<Canvas> {
        let mut result = Canvas::zeros(lr.height * UPSCALE, lr.width * UPSCALE, 3);
        let plan = Plan::released(lr.height, lr.width, self.chop, self.stride);
        for (index, tile) in plan.tiles().enumerate() {
            let (rows, cols) = (tile.y.range(), tile.x.range());
            let padded = lr.part(rows.clone(), cols.clone()).reflected(self.denoiser.multiple())?;
            let (h, w) = (padded.height, padded.width);
            let noise = |row: &mut [f32], draw, y| (self.noise)(index, row, draw, y);
            let chain = Chain {
                latent: self.latent,
                denoiser: self.denoiser,
                levels: self.levels.clone(),
                noise: Noise::Field(&noise),
                temperature: 1.0,
                compute: self.compute,
                size: [0, 0],
                neutral: None,
                precision: Precision::F32,
                key: None,
            };
            let whole = Cut::whole(h);
            let z0 = chain.run(&padded, &whole, &whole, watch).await?;
            let sizes = [[1, h, w, z0.channels], [1, h, w, 3]];
            let decode = self.compute.prepare(&sizes, |maps| self.latent.decode(&maps[0], &maps[1]))?;
            let data = decode.start(&[&z0.rows(0..h), &padded.data]).finish().await?;
            let decoded = Canvas { height: h * UPSCALE, width: w * UPSCALE, channels: 3, data };
            let mut pixels = decoded.part(0..rows.len() * UPSCALE, 0..cols.len() * UPSCALE);
            pixels.data.iter_mut().for_each(|v| *v = v.clamp(-1.0, 1.0) * 0.5 + 0.5);
            result.add(tile, &pixels.data, UPSCALE);
        }
        Ok(result)
    }
}
