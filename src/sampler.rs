//! The chain over a latent canvas.
