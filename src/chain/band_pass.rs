//! One evaluation of a network over a picture, by bands: alone, or with other engines, each at a part of its own.
//!
//! The state x_t moves on in place as soon as rows of x0 are final. What is still to be read of it then is copied before: the
//! rows along the seams of the parts, and those above the last final row of a part that another engine may fail to finish.

use crate::Result;
use crate::chain::bands::{Bands, Part};
use crate::chain::canvas::Canvas;
use crate::chain::latent_canvas::LatentCanvas;
use crate::chain::run_context::Watch;
use crate::chain::team::{Answer, PartSize};
use crate::compute::{Stream, Work};
use std::ops::Range;

/// What the network is given besides x_t.
pub(super) struct Given<'a> {
    pub(super) lr: &'a Canvas,
    pub(super) y0: Option<&'a LatentCanvas>,
    pub(super) level: Vec<Vec<f32>>,
}

/// Rows of x0 that are final, and what is done of the step with them.
pub(super) struct Final {
    /// The first row's number.
    pub(super) top: usize,
    pub(super) x0: Vec<f32>,
    /// Bands, of as many as `of` in all.
    pub(super) done: usize,
    pub(super) of: usize,
}

/// A network for bands.
pub(super) struct BandPass<'a> {
    bands: &'a Bands,
    /// The network for so many rows.
    make: Box<dyn Fn(usize) -> Result<Stream<'a>> + 'a>,
    /// The network as this engine has used it last.
    own: Option<Stream<'a>>,
}

/// A part on its way.
struct Passing<'p> {
    part: &'p Part,
    by: Engine,
    /// The first row that its engine was given, the one after the last, and the first that has not come back yet.
    begun: usize,
    given: usize,
    returned: usize,
    /// The first row that is not final.
    done: usize,
    /// x_t as it was before the step: of rows above `done`, and of those below the part.
    above: Rows,
    below: Rows,
}

/// Who computes a part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Engine {
    /// Nobody yet, or no longer.
    None,
    /// This one.
    Own,
    /// One of the others.
    Other,
}

/// Rows of a canvas from row `first` on.
struct Rows {
    first: usize,
    data: Vec<f32>,
}

impl<'a> BandPass<'a> {
    /// `make` is given rows.
    pub(super) fn new(bands: &'a Bands, make: impl Fn(usize) -> Result<Stream<'a>> + 'a) -> Self {
        Self { bands, make: Box::new(make), own: None }
    }

    /// Predicts x0 from `x`. `take` is given its rows as they become final, and may change those of `x`.
    ///
    /// # Errors
    /// What `watch`, the network or `take` return.
    pub(super) async fn run<W: Watch>(
        &mut self,
        x: &mut LatentCanvas,
        given: &Given<'_>,
        watch: &mut W,
        mut take: impl AsyncFnMut(&mut LatentCanvas, Final, &mut W) -> Result<()>,
    ) -> Result<()> {
        let mut parts: Vec<Passing<'_>> = self.bands.parts.iter().map(|part| Passing::new(part, x)).collect();
        while parts.iter().any(Passing::is_unfinished) {
            watch.pause().await?;
            // The others first: they compute while this one does.
            let answers = self.ask_others(&mut parts, x, given, watch);
            let begun = parts.iter().position(|p| p.by == Engine::Own && p.is_unfinished());
            let next = || parts.iter().position(|p| p.by == Engine::None && p.is_unfinished());
            if let Some(index) = begun.or_else(next)
                && let Some((rows, work)) = self.own_band(&mut parts[index], x, given)?
            {
                let x0 = work.finish().await?;
                if let Some(x0) = self.arrived(&mut parts, index, rows.end, x0, x) {
                    take(x, x0, watch).await?;
                }
            }
            for (index, answer) in answers {
                let line = x.line();
                match answer.await {
                    Some(x0) if x0.len().is_multiple_of(line) => {
                        let end = parts[index].returned + x0.len() / line;
                        if let Some(x0) = self.arrived(&mut parts, index, end, x0, x) {
                            take(x, x0, watch).await?;
                        }
                    }
                    _ => parts[index].by = Engine::None,
                }
            }
        }
        Ok(())
    }

    /// Gives every other engine the next band of its part.
    fn ask_others(
        &self,
        parts: &mut [Passing<'_>],
        x: &LatentCanvas,
        given: &Given<'_>,
        watch: &impl Watch,
    ) -> Vec<(usize, Answer)> {
        let mut answers = Vec::new();
        for (index, passing) in parts.iter_mut().enumerate().skip(1) {
            // A part that was begun and lost stays with this engine.
            let new = passing.by == Engine::None && passing.given == passing.begun;
            if !passing.is_unfinished() || !(new || passing.by == Engine::Other) {
                continue;
            }
            if !watch.helpers().is_free(index - 1) {
                passing.by = Engine::None;
                continue;
            }
            let reads = passing.next_band(self.bands.rows);
            let inputs = passing.inputs(reads.clone(), x, given);
            let part = PartSize { height: passing.part.reads.len(), width: x.width, band: self.bands.rows };
            match watch.helpers().start(index - 1, part, new, &slices(&inputs)) {
                Some(answer) => {
                    (passing.by, passing.given) = (Engine::Other, reads.end);
                    answers.push((index, answer));
                }
                None => passing.by = Engine::None,
            }
        }
        answers
    }

    /// Computes the next band of a part here. Returns the earliest rows that are due, and their result.
    fn own_band(
        &mut self,
        passing: &mut Passing<'_>,
        x: &LatentCanvas,
        given: &Given<'_>,
    ) -> Result<Option<(Range<usize>, Work<'static>)>> {
        if passing.by != Engine::Own {
            passing.begin(self.bands);
            let height = passing.part.reads.end - passing.begun;
            self.own = Some(match self.own.take().filter(|stream| stream.height() == height) {
                Some(mut stream) => {
                    stream.restart();
                    stream
                }
                None => (self.make)(height)?,
            });
        }
        let Some(stream) = &mut self.own else { return Ok(None) };
        let begun = passing.begun;
        let next = stream.next(|rows| passing.inputs(begun + rows.start..begun + rows.end, x, given));
        passing.given = begun + stream.taken();
        Ok(next.map(|(rows, work)| (begun + rows.start..begun + rows.end, work)))
    }

    /// What is final of rows that end before row `end`, when they have come back.
    fn arrived(
        &self,
        parts: &mut [Passing<'_>],
        index: usize,
        end: usize,
        x0: Vec<f32>,
        x: &LatentCanvas,
    ) -> Option<Final> {
        // What a part reads that is begun again.
        let most = self.bands.halo + self.bands.multiple;
        let line = x.line();
        let passing = &mut parts[index];
        let mut x0 = x0;
        let first = end - x0.len() / line;
        passing.returned = end;
        let (top, end) = (first.max(passing.done), end.min(passing.part.keeps.end));
        if top >= end {
            return None;
        }
        x0.truncate((end - first) * line);
        x0.drain(..(top - first) * line);
        if passing.by == Engine::Other {
            passing.above.roll(x, top..end, most);
        }
        passing.done = end;
        let done = parts.iter().map(Passing::progress).sum::<usize>().div_ceil(2 * self.bands.rows);
        let of = self.bands.count();
        Some(Final { top, x0, done, of })
    }
}

impl<'p> Passing<'p> {
    fn new(part: &'p Part, x: &LatentCanvas) -> Self {
        let Part { keeps, reads } = part;
        let above = Rows::copy(x, reads.start..keeps.start);
        let below = Rows::copy(x, keeps.end..reads.end);
        let (begun, done) = (reads.start, keeps.start);
        Self { part, by: Engine::None, begun, given: begun, returned: begun, done, above, below }
    }

    fn is_unfinished(&self) -> bool {
        self.done < self.part.keeps.end
    }

    /// Rows that its engine was given, and rows that are final.
    fn progress(&self) -> usize {
        let Part { keeps, reads } = self.part;
        match self.is_unfinished() {
            true => self.given - reads.start + self.done - keeps.start,
            false => reads.len() + keeps.len(),
        }
    }

    /// Rows that an engine is given next.
    fn next_band(&self, rows: usize) -> Range<usize> {
        self.given..(self.given + rows).min(self.part.reads.end)
    }

    /// Has this engine begin with it, or with what is left of it.
    fn begin(&mut self, bands: &Bands) {
        if self.done > self.part.keeps.start {
            self.begun = self.done.saturating_sub(bands.halo) / bands.multiple * bands.multiple;
        }
        (self.by, self.given, self.returned) = (Engine::Own, self.begun, self.begun);
    }

    /// What the network is given for these rows.
    fn inputs(&self, rows: Range<usize>, x: &LatentCanvas, given: &Given<'_>) -> Vec<Vec<f32>> {
        let line = x.line();
        let mut x_t = Vec::with_capacity(rows.len() * line);
        for y in rows.clone() {
            match y {
                _ if y < self.done => x_t.extend_from_slice(self.above.row(y, line)),
                _ if y >= self.part.keeps.end => x_t.extend_from_slice(self.below.row(y, line)),
                _ => x_t.extend(x.rows(y..y + 1)),
            }
        }
        let mut inputs = vec![x_t, given.lr.part(rows.clone(), 0..x.width).data];
        inputs.extend(given.y0.map(|y0| y0.rows(rows)));
        inputs.extend(given.level.iter().cloned());
        inputs
    }
}

impl Rows {
    fn copy(x: &LatentCanvas, rows: Range<usize>) -> Self {
        Self { first: rows.start, data: x.rows(rows) }
    }

    fn row(&self, y: usize, line: usize) -> &[f32] {
        &self.data[(y - self.first) * line..][..line]
    }

    /// Adds rows below, and drops those above that are more than `most`.
    fn roll(&mut self, x: &LatentCanvas, rows: Range<usize>, most: usize) {
        let line = x.line();
        self.data.extend(x.rows(rows));
        let dropped = (self.data.len() / line).saturating_sub(most);
        self.data.drain(..dropped * line);
        self.first += dropped;
    }
}

fn slices(inputs: &[Vec<f32>]) -> Vec<&[f32]> {
    inputs.iter().map(Vec::as_slice).collect()
}
