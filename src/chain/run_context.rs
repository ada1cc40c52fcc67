//! What a run reports, and what it asks of its surroundings.

use super::snapshot::{Snapshot, State};
use super::team::{Helpers, NoHelpers};
use crate::Result;
use crate::image::Pixels;

/// What a run reports.
#[derive(Debug)]
pub enum Event<'a> {
    /// Some of a step has been computed.
    Step {
        /// From 1.
        step: usize,
        /// Of the chain.
        steps: usize,
        /// How many tiles of the step are done,
        done: usize,
        /// of so many.
        of: usize,
    },
    /// What a part of the picture looks like so far, where that is decoded at little cost.
    Preview {
        /// Left edge in result pixels.
        x: usize,
        /// Top edge in result pixels.
        y: usize,
        /// Its pixels; alpha is not yet applied.
        pixels: &'a Pixels,
    },
    /// A tile of the result is final. As many come as a step has, row by row.
    Tile {
        /// Left edge in result pixels.
        x: usize,
        /// Top edge in result pixels.
        y: usize,
        /// Its pixels; alpha is not yet applied.
        pixels: &'a Pixels,
    },
}

/// Whoever asked for the run.
pub trait Watch {
    /// Called as the run goes on.
    fn event(&mut self, event: Event<'_>);
    /// Awaited between network evaluations: the place to let other work happen, and to cancel by returning
    /// [`crate::Error::Aborted`].
    fn pause(&mut self) -> impl Future<Output = Result<()>>;
    /// Milliseconds on a clock of its own, by which previews and snapshots are rationed.
    fn now(&self) -> f64 {
        0.0
    }
    /// Whether [`Event::Preview`] is of any use.
    fn previews(&self) -> bool {
        false
    }
    /// Least milliseconds between two of [`Self::snapshot`]; `None`: there are none.
    fn snapshots(&self) -> Option<f64> {
        None
    }
    /// The state between two of the chain's `steps`, for [`Self::earlier`] of a later run. The chain waits until it has been
    /// copied.
    fn snapshot(&mut self, _: Snapshot<&[u8]>, _steps: usize) -> impl Future<Output = ()> {
        async {}
    }
    /// The snapshot that an earlier run has left, if there is one, to go on from; of another chain it is left aside. Asked once.
    fn earlier(&mut self) -> Option<Snapshot<Box<dyn State>>> {
        None
    }
    /// Engines that take a part of the picture.
    fn helpers(&self) -> &dyn Helpers {
        &NoHelpers
    }
}

/// A [`Watch`] that does neither.
pub struct Unwatched;

impl Watch for Unwatched {
    fn event(&mut self, _: Event<'_>) {}
    async fn pause(&mut self) -> Result<()> {
        Ok(())
    }
}
