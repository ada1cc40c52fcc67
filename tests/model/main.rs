//! The networks: with stored results of the released code and of the trainer, and their laws.

mod compact;
mod golden_full;
mod golden_train;
mod golden_unet;
mod golden_vq;
mod prior;
mod span;
mod span_denoiser;
#[path = "../support/mod.rs"]
mod support;
mod upload;
