//! Which noise levels a chain visits.

use crate::model::Denoiser;
use crate::paper::schedule::Schedule;
use crate::{Error, Result};

/// Which levels a chain visits.
#[derive(Debug, Clone, PartialEq)]
pub struct Levels {
    /// The schedule.
    pub schedule: Schedule,
    /// Indices into it, increasing.
    pub visited: Vec<usize>,
}

impl Levels {
    /// The chain of `steps` steps for a network: its own schedule of that length if the network takes any level,
    /// else evenly spaced trained levels. None at all for 0 steps: the result is y0, where a network draws it.
    ///
    /// # Errors
    /// [`Error::BadOption`] if there is no such chain.
    pub fn new(denoiser: &dyn Denoiser, trained: &Schedule, steps: Option<usize>) -> Result<Self> {
        let steps = steps.unwrap_or(trained.steps());
        if steps == 0 {
            if !denoiser.sees_y0() {
                let reason =
                    "Without a step the result is the picture that the chain starts from, and this model draws none.";
                return Err(Error::BadOption(reason.into()));
            }
            return Ok(Self { visited: Vec::new(), schedule: trained.clone() });
        }
        if denoiser.accepts_any_noise_level() {
            if steps > 100 {
                return Err(Error::BadOption("This model runs at most 100 steps.".into()));
            }
            let mut config = trained.config;
            config.steps = steps;
            let schedule = Schedule::new(config)?;
            return Ok(Self { visited: (0..steps).collect(), schedule });
        }
        Ok(Self { visited: trained.respace(steps)?, schedule: trained.clone() })
    }
}
