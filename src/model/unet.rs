//! The released UNet with Swin windows.
