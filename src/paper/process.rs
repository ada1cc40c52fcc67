//! The forward and reverse processes (paper §3.1, Eq. 1, 2, 6, 7, 8) as plain functions.
//!
//! `y0` is the prior mean (the encoded low-resolution picture), `x0` the target latent, `x_t` the chain's state.

use crate::paper::schedule::Schedule;
use burn::tensor::Tensor;

/// Mean and standard deviation of a Gaussian that is linear in two tensors: `a * first + b * second + std * n`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gaussian {
    /// Factor of the first tensor.
    pub a: f64,
    /// Factor of the second tensor.
    pub b: f64,
    /// Standard deviation.
    pub std: f64,
}

/// Eq. 1, `q(x_t | x_{t-1}, y0)`, as factors of `(x_{t-1}, e0)` with `e0 = y0 - x0`:
/// mean `x_{t-1} + alpha_t e0`, variance `kappa^2 alpha_t`.
pub fn transition(schedule: &Schedule, t: usize) -> Gaussian {
    let alpha = schedule.alpha(t);
    Gaussian { a: 1.0, b: alpha, std: schedule.config.kappa * alpha.sqrt() }
}

/// Eq. 2, `q(x_t | x0, y0)`, as factors of `(x0, y0)`: mean `x0 + eta_t (y0 - x0)`, variance `kappa^2 eta_t`.
pub fn marginal(schedule: &Schedule, t: usize) -> Gaussian {
    let eta = schedule.eta(Some(t));
    Gaussian { a: 1.0 - eta, b: eta, std: schedule.config.kappa * schedule.sqrt_eta[t] }
}

/// Eq. 6 and 7, `q(x_{t-1} | x_t, x0, y0)`, as factors of `(x_t, x0)`:
/// mean `eta_{t-1}/eta_t x_t + alpha_t/eta_t x0`, variance `kappa^2 eta_{t-1}/eta_t alpha_t`.
///
/// `previous` is the index that the chain goes to next, `None` for x0 itself; for the full chain it is t - 1,
/// for a respaced one any index below t (alpha is then the difference of the two etas).
pub fn posterior(schedule: &Schedule, t: usize, previous: Option<usize>) -> Gaussian {
    let (eta, eta_previous) = (schedule.eta(Some(t)), schedule.eta(previous));
    let alpha = eta - eta_previous;
    let variance = schedule.config.kappa.powi(2) * eta_previous / eta * alpha;
    Gaussian { a: eta_previous / eta, b: alpha / eta, std: variance.sqrt() }
}

/// The chain's start, `N(y0, kappa^2 eta_T)`, as factors of `(y0, nothing)`. The paper writes kappa^2 (eta_T ~ 1);
/// the released code keeps `sqrt(eta_T)`.
pub fn prior(schedule: &Schedule) -> Gaussian {
    let last = schedule.steps() - 1;
    Gaussian { a: 1.0, b: 0.0, std: schedule.config.kappa * schedule.sqrt_eta[last] }
}

/// The deterministic step of the released v2.0 code ("DDIM"), as factors of `(x_t, x0)` and, in `std`'s place,
/// of `y0`: `x0 + eta_{t-1} (y0 - x0) + kappa sqrt(eta_{t-1}) eps` with `eps` read off x_t.
pub fn deterministic(schedule: &Schedule, t: usize, previous: Option<usize>) -> [f64; 3] {
    let (eta, eta_previous) = (schedule.eta(Some(t)), schedule.eta(previous));
    let ratio = (eta_previous / eta).sqrt();
    [ratio, 1.0 - eta_previous - ratio * (1.0 - eta), eta_previous - ratio * eta]
}

/// Weight of the squared error at step t in the evidence bound that Eq. 8 drops:
/// `alpha_t / (2 kappa^2 eta_t eta_{t-1})`; index 0, where eta_0 = 0, takes the variance of index 1.
pub fn kl_weight(schedule: &Schedule, t: usize) -> f64 {
    let std = posterior(schedule, t.max(1), Some(t.max(1) - 1)).std;
    0.5 * (schedule.alpha(t) / schedule.eta(Some(t)) / std).powi(2)
}

/// Eq. 2 on tensors of equal shape: `x_t` from `x0`, `y0` and standard normal `noise`.
pub fn q_sample<const D: usize>(
    schedule: &Schedule,
    t: usize,
    x0: Tensor<D>,
    y0: Tensor<D>,
    noise: Tensor<D>,
) -> Tensor<D> {
    let q = marginal(schedule, t);
    x0 * q.a + y0 * q.b + noise * q.std
}

/// Eq. 8 without its weights, as the paper trains: mean squared error of the predicted x0.
pub fn loss<const D: usize>(predicted_x0: Tensor<D>, x0: Tensor<D>) -> Tensor<1> {
    let e = predicted_x0 - x0;
    (e.clone() * e).mean()
}
