//! Other engines with the same model, which compute tiles at the same time.

use std::future::Future;
use std::pin::Pin;

/// A tile's prediction on its way; `None` if the engine has failed.
pub type Answer = Pin<Box<dyn Future<Output = Option<Vec<f32>>>>>;

/// A team of engines.
pub trait Helpers {
    /// How many there are, busy or not.
    fn count(&self) -> usize;
    /// Gives the inputs of [`crate::model::Denoiser::predict_x0`] for a tile of `rows` x `cols` to one that is free.
    /// `None`: none is, now.
    fn start(&self, rows: usize, cols: usize, inputs: &[&[f32]]) -> Option<Answer>;
}

/// No others.
pub struct NoHelpers;

impl Helpers for NoHelpers {
    fn count(&self) -> usize {
        0
    }

    fn start(&self, _: usize, _: usize, _: &[&[f32]]) -> Option<Answer> {
        None
    }
}
