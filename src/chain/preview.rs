//! Predictions of x0 as pictures, while the chain runs.

use crate::Result;
use crate::chain::canvas::Canvas;
use crate::chain::run_context::{Event, Watch};
use crate::chain::tile_pipeline::{Stages, decoder};
use crate::chain::tiles::{Plan, Tile};
use crate::compute::{Compute, Work};
use crate::image::Pixels;
use crate::image::encode::to_u8;
use crate::model::Latent;
use crate::model::UPSCALE;

/// Largest share of a run's time that its previews take.
const SHARE: f64 = 0.03;
/// Milliseconds that the first one is expected to take.
const FIRST: f64 = 15.0;

/// Shows what tiles predict, as often as that costs little, and each as often as every other.
pub struct Previews<'a> {
    latent: &'a dyn Latent,
    compute: &'a Compute,
    plan: &'a Plan,
    lr: &'a Canvas,
    /// Rows and columns of the picture, without its padding.
    size: [usize; 2],
    /// Made for the first of them.
    decoder: Option<Stages<'a>>,
    /// Tiles that were shown since all of them were.
    shown: Vec<bool>,
    begun: f64,
    /// Milliseconds: of all previews, and of the last one.
    spent: f64,
    last: f64,
    on_its_way: Option<(Tile<'a>, Work<'static>, f64)>,
}

impl<'a> Previews<'a> {
    /// For the tiles of `plan` over `lr`; the picture is its first rows and columns, `size`. `now` in milliseconds.
    pub fn new(
        latent: &'a dyn Latent,
        compute: &'a Compute,
        plan: &'a Plan,
        lr: &'a Canvas,
        size: [usize; 2],
        now: f64,
    ) -> Self {
        let shown = vec![false; plan.count()];
        let (begun, spent, last) = (now, 0.0, FIRST);
        Self { latent, compute, plan, lr, size, decoder: None, shown, begun, spent, last, on_its_way: None }
    }

    /// Whether to show what the tile of this index has predicted.
    pub fn wanted(&self, index: usize, watch: &impl Watch) -> bool {
        let shows =
            watch.previews() && self.latent.is_decoded_cheaply() && !self.shown[index] && self.on_its_way.is_none();
        shows && self.spent + self.last <= SHARE * (watch.now() - self.begun)
    }

    /// Begins to show what `tile`, of this index, has predicted: `x0` of all its rows and columns, of which those count that it
    /// keeps. A GPU has other work in its queue, so there it is shown by [`Self::arrive`].
    ///
    /// # Errors
    /// [`Error::Gpu`](crate::Error::Gpu) if the device failed.
    pub async fn show(&mut self, index: usize, tile: Tile<'a>, x0: &Canvas, watch: &mut impl Watch) -> Result<()> {
        let before = watch.now();
        let decoder = match self.decoder.take() {
            Some(decoder) => decoder,
            None => decoder(self.latent, self.compute, self.plan)?,
        };
        let (rows, cols) = (tile.y.range(), tile.x.range());
        let lr = self.lr.part(rows, cols);
        let work = decoder.of(tile)?.start(&[&x0.data, &lr.data]);
        self.decoder = Some(decoder);
        let queued = matches!(work, Work::Queued(_));
        self.on_its_way = Some((tile, work, watch.now() - before));
        self.shown[index] = true;
        if self.shown.iter().all(|&shown| shown) {
            self.shown.fill(false);
        }
        if queued { Ok(()) } else { self.arrive(watch).await }
    }

    /// Shows what is on its way, if there is anything.
    ///
    /// # Errors
    /// As [`Self::show`].
    pub async fn arrive(&mut self, watch: &mut impl Watch) -> Result<()> {
        let Some((tile, work, begun)) = self.on_its_way.take() else { return Ok(()) };
        let before = watch.now();
        let values = work.finish().await?;
        self.tell(tile, &values, watch);
        self.last = begun + watch.now() - before;
        self.spent += self.last;
        Ok(())
    }

    /// `values`: all that the tile decodes to; told is what it keeps of the picture.
    fn tell(&self, tile: Tile<'a>, values: &[f32], watch: &mut impl Watch) {
        let (y, x) = (tile.y.kept(), tile.x.kept());
        let height = y.end.min(self.size[0]).saturating_sub(y.start) * UPSCALE;
        let width = x.end.min(self.size[1]).saturating_sub(x.start) * UPSCALE;
        if height == 0 || width == 0 {
            return;
        }
        let (line, skipped) = (tile.x.len() * UPSCALE * 3, tile.x.keep.start * UPSCALE * 3);
        let rows = values.chunks_exact(line).skip(tile.y.keep.start * UPSCALE).take(height);
        let data = rows.flat_map(|row| &row[skipped..][..width * 3]).map(|v| to_u8(v * 0.5 + 0.5)).collect();
        let pixels = Pixels { width, height, channels: 3, data };
        watch.event(Event::Preview { x: x.start * UPSCALE, y: y.start * UPSCALE, pixels: &pixels });
    }
}
