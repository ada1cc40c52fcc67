//! The VQ autoencoder.
