//! Predictions of x0 as pictures, while the chain runs.

use crate::Result;
use crate::chain::canvas::Canvas;
use crate::chain::run_context::{Event, Watch};
use crate::chain::tiles::Tile;
use crate::compute::{Compute, Stage, Work};
use crate::image::Pixels;
use crate::image::encode::to_u8;
use crate::image::neutral::Neutral;
use crate::model::{Latent, Reach, UPSCALE};
use std::ops::Range;

/// Largest share of a run's time that its previews take.
const SHARE: f64 = 0.03;
/// Milliseconds that the first one is expected to take.
const FIRST: f64 = 15.0;

/// A part of the picture that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Its rows and columns.
    pub shown: [Range<usize>; 2],
    /// Those that are decoded for it: the same and more.
    pub decoded: [Range<usize>; 2],
}

impl From<Tile<'_>> for Area {
    fn from(tile: Tile<'_>) -> Self {
        Self { shown: [tile.y.kept(), tile.x.kept()], decoded: [tile.y.range(), tile.x.range()] }
    }
}

/// Shows what is predicted, as often as that costs little, and each part as often as every other.
pub struct Previews<'a> {
    latent: &'a dyn Latent,
    compute: &'a Compute,
    lr: &'a Canvas,
    /// Rows and columns of the picture, without its padding.
    size: [usize; 2],
    neutral: Option<&'a Neutral>,
    /// What decodes parts of a size, made for the first of them.
    decoders: Vec<([usize; 2], Stage<'a>)>,
    /// First positions of the parts that were shown since all of them were, and how much they are together.
    shown: Vec<[usize; 2]>,
    covered: usize,
    begun: f64,
    /// Milliseconds: of all previews, and of the last one.
    spent: f64,
    last: f64,
    on_its_way: Option<(Area, Work<'static>, f64)>,
}

impl<'a> Previews<'a> {
    /// For parts of `lr`; the picture is its first rows and columns, `size`, with these neutral colours. `now` in milliseconds.
    pub fn new(
        latent: &'a dyn Latent,
        compute: &'a Compute,
        lr: &'a Canvas,
        (size, neutral): ([usize; 2], Option<&'a Neutral>),
        now: f64,
    ) -> Self {
        let (decoders, shown, covered) = (Vec::new(), Vec::new(), 0);
        let (begun, spent, last) = (now, 0.0, FIRST);
        Self { latent, compute, lr, size, neutral, decoders, shown, covered, begun, spent, last, on_its_way: None }
    }

    /// Rows as a part: decoded are as many more above and below as the decoder sees.
    pub fn rows(&self, rows: Range<usize>) -> Area {
        let halo = match self.latent.decode_reach() {
            Reach::Finite(halo) => halo,
            Reach::Global { overlap } => overlap,
        };
        let (above, below) = (rows.start.saturating_sub(halo), (rows.end + halo).min(self.lr.height));
        Area { shown: [rows, 0..self.lr.width], decoded: [above..below, 0..self.lr.width] }
    }

    /// Whether to show what has been predicted of this part.
    pub fn wanted(&self, area: &Area, watch: &impl Watch) -> bool {
        let shows = watch.previews()
            && self.latent.is_decoded_cheaply()
            && !self.shown.contains(&first(area))
            && self.on_its_way.is_none();
        shows && self.spent + self.last <= SHARE * (watch.now() - self.begun)
    }

    /// Begins to show `x0` of the rows and columns that are decoded; only what is shown of it counts. A GPU has other work in its
    /// queue, so there it is shown by [`Self::arrive`].
    ///
    /// # Errors
    /// [`Error::Gpu`](crate::Error::Gpu) if the device failed.
    pub async fn show(&mut self, area: Area, x0: &Canvas, watch: &mut impl Watch) -> Result<()> {
        let before = watch.now();
        let [rows, cols] = area.decoded.clone();
        let size = [rows.len(), cols.len()];
        let found = self.decoders.iter().position(|(known, _)| *known == size);
        let at = match found {
            Some(at) => at,
            None => {
                let (latent, sizes) = (self.latent, [self.latent.channels(), 3].map(|c| [1, size[0], size[1], c]));
                let decoder = self.compute.prepare(&sizes, move |maps| latent.decode(&maps[0], &maps[1]))?;
                self.decoders.push((size, decoder));
                self.decoders.len() - 1
            }
        };
        let lr = self.lr.part(rows, cols);
        let work = self.decoders[at].1.start(&[&x0.data, &lr.data]);
        let queued = matches!(work, Work::Queued(_));
        self.covered += area.shown[0].len() * area.shown[1].len();
        self.shown.push(first(&area));
        if self.covered >= self.lr.height * self.lr.width {
            self.covered = 0;
            self.shown.clear();
        }
        self.on_its_way = Some((area, work, watch.now() - before));
        if queued { Ok(()) } else { self.arrive(watch).await }
    }

    /// Shows what is on its way, if there is anything.
    ///
    /// # Errors
    /// As [`Self::show`].
    pub async fn arrive(&mut self, watch: &mut impl Watch) -> Result<()> {
        let Some((area, work, begun)) = self.on_its_way.take() else { return Ok(()) };
        let before = watch.now();
        let values = work.finish().await?;
        self.tell(&area, &values, watch);
        self.last = begun + watch.now() - before;
        self.spent += self.last;
        Ok(())
    }

    /// `values`: all that was decoded; told is what is shown of the picture.
    fn tell(&self, Area { shown: [y, x], decoded: [rows, cols] }: &Area, values: &[f32], watch: &mut impl Watch) {
        let height = y.end.min(self.size[0]).saturating_sub(y.start) * UPSCALE;
        let width = x.end.min(self.size[1]).saturating_sub(x.start) * UPSCALE;
        if height == 0 || width == 0 {
            return;
        }
        let (line, skipped) = (cols.len() * UPSCALE * 3, (x.start - cols.start) * UPSCALE * 3);
        let lines = values.chunks_exact(line).skip((y.start - rows.start) * UPSCALE).take(height);
        let (left, top) = (x.start * UPSCALE, y.start * UPSCALE);
        let pixels = lines.zip(top..).flat_map(|(row, y)| {
            let pixels = row[skipped..][..width * 3].chunks_exact(3).zip(left..);
            pixels.map(move |(pixel, x)| ([pixel[0], pixel[1], pixel[2]].map(|v| v * 0.5 + 0.5), x, y))
        });
        let kept = |(rgb, x, y)| self.neutral.map_or(rgb, |neutral| neutral.kept(rgb, x, y));
        let data = pixels.flat_map(kept).map(to_u8).collect();
        watch.event(Event::Preview { x: left, y: top, pixels: &Pixels { width, height, channels: 3, data } });
    }
}

/// The first position of a part.
fn first(area: &Area) -> [usize; 2] {
    [area.shown[0].start, area.shown[1].start]
}
