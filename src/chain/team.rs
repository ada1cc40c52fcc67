//! Other engines with the same model, each of which computes a part of the picture at the same time.

use std::future::Future;
use std::pin::Pin;

/// Rows of a prediction on their way; `None` if the engine has failed.
pub type Answer = Pin<Box<dyn Future<Output = Option<Vec<f32>>>>>;

/// A part of a picture, and how it passes through an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartSize {
    /// Rows of the part.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Most rows in a band.
    pub band: usize,
}

impl PartSize {
    /// All rows at once.
    pub fn whole(height: usize, width: usize) -> Self {
        Self { height, width, band: height }
    }
}

/// A team of engines.
pub trait Helpers {
    /// How many there are, ready or not.
    fn count(&self) -> usize;
    /// Whether the helper of this index can take a band now.
    fn is_free(&self, index: usize) -> bool;
    /// Gives the helper of this index the inputs of [`crate::model::Denoiser::predict_x0`] for the next band of its part, the
    /// `first` or a later one, and asks for the rows of x0 that are final by that. `None`: it cannot take it.
    fn start(&self, index: usize, part: PartSize, first: bool, inputs: &[&[f32]]) -> Option<Answer>;
}

/// No others.
pub struct NoHelpers;

impl Helpers for NoHelpers {
    fn count(&self) -> usize {
        0
    }

    fn is_free(&self, _: usize) -> bool {
        false
    }

    fn start(&self, _: usize, _: PartSize, _: bool, _: &[&[f32]]) -> Option<Answer> {
        None
    }
}
