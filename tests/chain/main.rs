//! The chain: schedule and sampler with stored traces, and what a run shows, keeps and shares.

mod helpers;
mod neutral;
mod preview;
mod rows;
mod sampler;
mod schedule;
mod snapshot;
#[path = "../support/mod.rs"]
mod support;
