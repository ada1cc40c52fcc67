//! From z_0 to the result, from the top down.

use crate::chain::bands::Cut;
use crate::chain::canvas::Canvas;
use crate::chain::latent_canvas::LatentCanvas;
use crate::chain::run_context::{Event, Watch};
use crate::chain::tile_pipeline::decoder;
use crate::chain::tiles::Tile;
use crate::compute::Compute;
use crate::image::neutral::Neutral;
use crate::image::resize::bicubic_rows;
use crate::image::{Pixels, Rows, Sample};
use crate::model::{Latent, UPSCALE};
use crate::ops::Map;
use crate::{Result, alloc};
use std::ops::Range;

/// Decodes z_0 with the picture `lr` beside it, cut by `cut`.
///
/// # Errors
/// [`Error::Gpu`](crate::Error::Gpu), or what `watch` or the result's rows return.
pub async fn decode<T: Sample>(
    latent: &dyn Latent,
    compute: &Compute,
    z0: &LatentCanvas,
    lr: &Canvas,
    cut: &Cut,
    mut result: Growing<'_, T, impl Rows<T>>,
    watch: &mut impl Watch,
) -> Result<()> {
    let plan = match cut {
        Cut::Tiles(plan) => plan,
        Cut::Bands(bands) => {
            let sizes = [latent.channels(), 3].map(|channels| [1, z0.height, z0.width, channels]);
            let network = |maps: &[Map]| latent.decode(&maps[0], &maps[1]);
            let mut stream = compute.stream(&sizes, bands.rows, network)?;
            while !stream.is_over() {
                watch.pause().await?;
                let of = |rows: Range<usize>| vec![z0.rows(rows.clone()), lr.part(rows, 0..lr.width).data];
                if let Some((_, work)) = stream.next(of) {
                    result.grow(&work.finish().await?, watch).await?;
                }
            }
            return Ok(());
        }
    };
    // Rows of the result that no later tile touches leave the band at once, so it never holds more than a tile row.
    let mut band = Canvas::band(plan.tallest() * UPSCALE, z0.width * UPSCALE, 3)?;
    let mut band_begin = 0;
    let stages = decoder(latent, compute, plan)?;
    // While a row of tiles is turned into bytes, the first tile of the next is computed.
    let start = |tile: Tile<'_>| {
        let (rows, cols) = (tile.y.range(), tile.x.range());
        let (z, part) = (z0.part(rows.clone(), cols.clone()), lr.part(rows, cols));
        stages.of(tile).map(|stage| stage.start(&[&z.data, &part.data]))
    };
    let tiles: Vec<Tile<'_>> = plan.tiles().collect();
    let mut next = tiles.iter();
    let mut begun = next.next().map(|&tile| start(tile)).transpose()?;
    for (index, y) in plan.rows.iter().enumerate() {
        let kept = y.kept();
        band.grow((kept.end - band_begin) * UPSCALE)?;
        for x in &plan.cols {
            watch.pause().await?;
            let work = std::mem::replace(&mut begun, next.next().map(|&tile| start(tile)).transpose()?);
            if let Some(work) = work {
                band.add_at(Tile { y, x }, &work.finish().await?, UPSCALE, band_begin);
            }
        }
        let done = plan.rows.get(index + 1).map_or(z0.height, |next| next.kept().start);
        let rows = (done - band_begin) * UPSCALE;
        result.grow(&band.data[..rows * band.width * band.channels], watch).await?;
        band.shift(rows, |_| ());
        band_begin = done;
    }
    Ok(())
}

/// The result, which grows by rows from the top down. Rows that have been shown are given away.
pub struct Growing<'a, T, R> {
    /// Rows and columns of the result.
    size: [usize; 2],
    neutral: &'a Neutral,
    /// Of the input, if the result has any.
    alpha: Option<&'a [f32]>,
    /// Numbers of a row that comes: the padding's too.
    line: usize,
    /// Rows of the result that have come, padding included.
    come: usize,
    /// RGB of rows that have not been given away, from row `first` on.
    held: Vec<T>,
    first: usize,
    /// Rows and columns of the input: what is yet to be shown, from the bottom up.
    tiles: Vec<[Range<usize>; 2]>,
    rows: &'a mut R,
}

impl<'a, T: Sample, R: Rows<T>> Growing<'a, T, R> {
    /// Of a picture of `size`, rows and columns, which was padded to `width` columns, and is shown in `tiles`.
    pub fn new(
        (size, width): ([usize; 2], usize),
        neutral: &'a Neutral,
        alpha: Option<&'a [f32]>,
        mut tiles: Vec<[Range<usize>; 2]>,
        rows: &'a mut R,
    ) -> Self {
        tiles.reverse();
        let size = size.map(|length| length * UPSCALE);
        Self { size, neutral, alpha, line: 3 * width * UPSCALE, come: 0, held: Vec::new(), first: 0, tiles, rows }
    }

    /// Takes decoded rows, shows the tiles that are complete, and gives away what no other tile shows.
    async fn grow(&mut self, rows: &[f32], watch: &mut impl Watch) -> Result<()> {
        let (top, [height, width]) = (self.come, self.size);
        self.come += rows.len() / self.line;
        let new = height.saturating_sub(top).min(rows.len() / self.line);
        let lines = rows.chunks_exact(self.line).take(new).zip(top..);
        let pixels = lines.flat_map(|(row, y)| row[..width * 3].chunks_exact(3).zip(0..).map(move |p| (p, y)));
        let neutral = self.neutral;
        let unit = pixels.flat_map(|((p, x), y)| neutral.kept([p[0], p[1], p[2]].map(|v| v * 0.5 + 0.5), x, y));
        alloc::reserve(&mut self.held, new * width * 3)?;
        self.held.extend(unit.map(T::of));
        while let Some([rows, cols]) = self.tiles.pop_if(|[rows, _]| rows.end * UPSCALE <= self.come) {
            let (x, y) = (cols.start * UPSCALE, rows.start * UPSCALE);
            watch.event(Event::Tile { x, y, pixels: &self.part(rows, cols)? });
        }
        let end = self.come.min(height);
        let shown = self.tiles.iter().map(|[rows, _]| rows.start * UPSCALE).min().unwrap_or(end).clamp(self.first, end);
        let (first, given) = (self.first, (shown - self.first) * width * 3);
        match self.alpha {
            Some(alpha) => self.rows.take(&with_alpha(&self.held[..given], first..shown, alpha, self.size)?).await?,
            None => self.rows.take(&self.held[..given]).await?,
        }
        self.held.drain(..given);
        self.first = shown;
        Ok(())
    }

    /// What has come of these rows and columns of the input, in eight bits.
    fn part(&self, rows: Range<usize>, cols: Range<usize>) -> Result<Pixels> {
        let [height, width, left] = [rows.len(), cols.len(), cols.start].map(|length| length * UPSCALE);
        let lines = self.held.chunks_exact(self.size[1] * 3).skip(rows.start * UPSCALE - self.first).take(height);
        let values = lines.flat_map(|line| line[left * 3..][..width * 3].iter().map(|&value| value.eight()));
        Ok(Pixels { width, height, channels: 3, data: alloc::try_collect(width * height * 3, values)? })
    }
}

/// These rows of a result of a size, RGB, with the input's alpha, enlarged.
fn with_alpha<T: Sample>(rgb: &[T], rows: Range<usize>, alpha: &[f32], [height, width]: [usize; 2]) -> Result<Vec<T>> {
    let mut data = alloc::with_capacity(rows.len() * width * 4)?;
    let mut lines = rgb.chunks_exact(width * 3);
    bicubic_rows(alpha, width / UPSCALE, height / UPSCALE, 1, UPSCALE, rows, |_, row| {
        let colours = lines.next().unwrap_or_default().chunks_exact(3);
        data.extend(colours.zip(row).flat_map(|(c, &a)| [c[0], c[1], c[2], T::of(a)]));
    });
    Ok(data)
}
