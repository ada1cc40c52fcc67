//! The noise schedule (paper §3.2, Eq. 9 and 10), in f64.
//!
//! `eta_t` grows from nearly 0 (t = 1: the high-resolution picture) to nearly 1 (t = T: the low-resolution
//! picture plus noise of standard deviation kappa). Arrays are indexed `0..T`, index i being the paper's t = i + 1.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Which of the two published definitions of the end points is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Definition {
    /// The released code: `sqrt(eta_1) = min(m / kappa, m)`, `sqrt(eta_T) = 0.99`.
    #[default]
    Code,
    /// The released code before its journal version: as [`Definition::Code`], with `eta_1 <= 0.001` as well.
    CodeV2,
    /// The paper: `eta_1 = min((m / kappa)^2, 0.001)`, `eta_T = 0.999`.
    Paper,
}

/// The parameters of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScheduleConfig {
    /// T, the number of steps, at least 1.
    pub steps: usize,
    /// p of Eq. 10: below 1 the chain spends more steps near the low-resolution end. Positive.
    pub p: f64,
    /// kappa of Eq. 1: the noise's standard deviation at eta = 1. Positive.
    pub kappa: f64,
    /// m: kappa * sqrt(eta_1) is at most this. Positive.
    #[serde(default = "default_min_noise_level")]
    pub min_noise_level: f64,
    /// sqrt(eta_T) of the released code, in (0, 1). Ignored by [`Definition::Paper`].
    #[serde(default = "default_sqrt_eta_end")]
    pub sqrt_eta_end: f64,
    /// Which end points.
    #[serde(default)]
    pub definition: Definition,
}

fn default_min_noise_level() -> f64 {
    0.04
}

fn default_sqrt_eta_end() -> f64 {
    0.99
}

impl ScheduleConfig {
    /// Paper Table 1's family with the released end points.
    pub fn new(steps: usize, p: f64, kappa: f64) -> Self {
        Self { steps, p, kappa, min_noise_level: 0.04, sqrt_eta_end: 0.99, definition: Definition::Code }
    }
}

/// `eta_1 .. eta_T` and what follows from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The parameters it was made from.
    pub config: ScheduleConfig,
    /// `sqrt(eta_t)`, increasing, in (0, 1).
    pub sqrt_eta: Vec<f64>,
}

impl Schedule {
    /// Eq. 9 and 10: `sqrt(eta_t) = sqrt(eta_1) * b^(beta_t)`, `beta_t = ((t - 1) / (T - 1))^p * (T - 1)`,
    /// `b = exp(ln(sqrt(eta_T) / sqrt(eta_1)) / (T - 1))`. With T = 1 only `eta_T` remains.
    ///
    /// # Errors
    /// [`Error::BadOption`] if a parameter is outside its range.
    pub fn new(config: ScheduleConfig) -> Result<Self> {
        let ScheduleConfig { steps, p, kappa, min_noise_level: m, sqrt_eta_end, definition } = config;
        let positive = |x: f64| x.is_finite() && x > 0.0;
        if steps == 0 || steps > 1000 || !positive(p) || !positive(kappa) || !positive(m) {
            return Err(Error::BadOption(
                "The schedule needs 1 to 1000 steps and positive p, kappa and min_noise_level.".into(),
            ));
        }
        let (first, last) = match definition {
            Definition::Code => ((m / kappa).min(m), sqrt_eta_end),
            Definition::CodeV2 => ((m / kappa).min(m).min(0.001f64.sqrt()), sqrt_eta_end),
            Definition::Paper => ((m / kappa).powi(2).min(0.001).sqrt(), 0.999f64.sqrt()),
        };
        if !(first < last && last < 1.0) {
            return Err(Error::BadOption(
                "The schedule's first level must lie below its last, and that below 1.".into(),
            ));
        }
        if steps == 1 {
            return Ok(Self { config, sqrt_eta: vec![last] });
        }
        let intervals = (steps - 1) as f64;
        let base = ((last / first).ln() / intervals).exp();
        let sqrt_eta = (0..steps).map(|i| base.powf((i as f64 / intervals).powf(p) * intervals) * first).collect();
        Ok(Self { config, sqrt_eta })
    }

    /// T.
    pub fn steps(&self) -> usize {
        self.sqrt_eta.len()
    }

    /// `eta` at index t, 0 at index -1 (given as `None`).
    pub fn eta(&self, t: Option<usize>) -> f64 {
        t.map_or(0.0, |t| self.sqrt_eta[t].powi(2))
    }

    /// `alpha_t = eta_t - eta_{t-1}` (Eq. 1), at index t.
    pub fn alpha(&self, t: usize) -> f64 {
        self.eta(Some(t)) - self.eta(t.checked_sub(1))
    }

    /// What the released networks divide x_t by: `sqrt(kappa^2 eta_t + 1)`.
    pub fn input_std(&self, t: usize) -> f64 {
        (self.config.kappa.powi(2) * self.eta(Some(t)) + 1.0).sqrt()
    }

    /// A shorter chain through the same levels: `steps` of the T indices, evenly spaced, ending at the last,
    /// so that the chain still starts from `x_T`. Increasing.
    ///
    /// # Errors
    /// [`Error::BadOption`] unless 1 <= steps <= T.
    pub fn respace(&self, steps: usize) -> Result<Vec<usize>> {
        let total = self.steps();
        if steps == 0 || steps > total {
            return Err(Error::BadOption(format!("This model runs 1 to {total} steps.")));
        }
        Ok((1..=steps).map(|i| i * total / steps - 1).collect())
    }

    /// The released code's own `timestep_respacing`: `floor(T / n * i)` for i in `0..n`. It keeps index 0 and
    /// drops the last level, so its chain starts below `x_T`; kept for parity only.
    ///
    /// # Errors
    /// [`Error::BadOption`] unless 1 <= steps <= T.
    pub fn respace_released(&self, steps: usize) -> Result<Vec<usize>> {
        let total = self.steps();
        if steps == 0 || steps > total {
            return Err(Error::BadOption(format!("This model runs 1 to {total} steps.")));
        }
        let stride = total as f64 / steps as f64;
        Ok((0..steps).map(|i| (stride * i as f64) as usize).collect())
    }
}
