//! The prior mean y0 of a picture, before its chain begins.

use crate::Result;
use crate::chain::bands::Cut;
use crate::chain::canvas::Canvas;
use crate::chain::preview::Area;
use crate::chain::run_context::Watch;
use crate::chain::sampler::Chain;
use crate::chain::tile_pipeline::{Stages, TilePipeline};
use crate::chain::tiles::Tile;

impl Chain<'_> {
    /// The prior mean y0, where there is one: `keep` is given its rows from the top down, and the number of the first. It is
    /// shown at once where that costs little, unless it is the result.
    pub(super) async fn encode(
        &self,
        lr: &Canvas,
        cut: &Cut,
        watch: &mut impl Watch,
        mut keep: impl FnMut(usize, &mut [f32]),
    ) -> Result<()> {
        if !self.latent.has_encoder() {
            return Ok(());
        }
        let mut previews = self.previews(lr, watch);
        let channels = self.latent.channels();
        let shown = watch.previews() && self.latent.is_decoded_cheaply() && !self.levels.visited.is_empty();
        let plan = match cut {
            Cut::Tiles(plan) => plan,
            Cut::Bands(bands) => {
                let size = [1, lr.height, lr.width, 3];
                let mut stream = self.compute.stream(&[size], bands.rows, |maps| self.latent.encode(&maps[0]))?;
                while !stream.is_over() {
                    watch.pause().await?;
                    let Some((rows, work)) = stream.next(|rows| vec![lr.part(rows, 0..lr.width).data]) else {
                        continue;
                    };
                    let mut y0 = Canvas { height: rows.len(), width: lr.width, channels, data: work.finish().await? };
                    if shown {
                        let area = previews.rows(rows.clone());
                        let z = y0.part_below(rows.start, area.decoded[0].clone(), 0..lr.width);
                        previews.show(area, &z, watch).await?;
                        previews.arrive(watch).await?;
                    }
                    keep(rows.start, &mut y0.data);
                }
                return Ok(());
            }
        };
        let mut y0 = Canvas::band(plan.tallest(), lr.width, channels)?;
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
                    let area = Area::from(tiles[index]);
                    let [rows, cols] = area.decoded.clone();
                    let z = pipeline.canvas.part_below(pipeline.top, rows, cols);
                    previews.show(area, &z, watch).await?;
                    previews.arrive(watch).await?;
                }
            }
            pipeline.retire_rows(plan, &mut keep);
        }
        Ok(())
    }
}
