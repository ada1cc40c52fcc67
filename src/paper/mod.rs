//! The paper's mathematics (arXiv 2307.12348): f64, and no tensors but in `q_sample` and the loss.
//!
//! | module | job |
//! |---|---|
//! | [`schedule`] | the noise schedule, Eq. 9 and 10 |
//! | [`process`] | the forward and reverse processes, Eq. 1, 2, 6, 7, 8 |
//! | [`noise`] | one standard normal per (seed, step, position, channel), the same bits everywhere |

pub mod noise;
pub mod process;
pub mod schedule;
