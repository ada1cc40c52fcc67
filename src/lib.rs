//! ResShift (arXiv 2307.12348): x4 super-resolution by a diffusion chain over the residual between
//! the low- and the high-resolution picture, on WebGPU or on the CPU.
//!
//! Data flows one way: picture -> tiles -> latent -> chain -> latent -> tiles -> picture.
//!
//! | module | job |
//! |---|---|
//! | [`schedule`], [`diffusion`], [`noise`] | the paper's mathematics, f64, no tensors but in `q_sample` and the loss |
//! | [`ops`] | tensor operations, channels last, each with its CPU form; [`gpu`] records the WGSL of `shaders/` |
//! | [`model`] | networks: UNet with Swin windows, VQ autoencoder, compact model, behind one latent trait |
//! | [`weights`], [`shard`], [`upload`] | named tensors on their way from a model folder's files to a device |
//! | [`checkpoint`], [`convert`] | PyTorch's files, read safely; from checkpoints to model folders |
//! | [`compute`] | where networks run: the CPU at once, a GPU by recorded command lists |
//! | [`tiles`], [`canvas`], [`sampler`] | tile plans, picture-shaped arrays, the chain over a latent canvas; [`released`] is the released tiling |
//! | [`preview`], [`snapshot`] | what the chain shows and hands out on its way |
//! | [`image`] | decode, encode, bicubic |
//! | [`memory`] | buffers that grow with the picture |
//! | [`upscaler`] | all of the above in one call |
//! | [`bench`] | what the benchmarks measure, natively and in a page |
//! | `metrics`, `degrade` | how good a picture is, and test pictures from good ones (not in wasm) |
//! | `web` | browser edge (wasm only) |

pub mod bench;
pub mod canvas;
pub mod checkpoint;
pub mod compute;
pub mod convert;
pub mod cpu;
#[cfg(not(target_family = "wasm"))]
pub mod degrade;
pub mod diffusion;
pub mod error;
pub mod gpu;
pub mod helpers;
pub mod image;
pub mod memory;
#[cfg(not(target_family = "wasm"))]
pub mod metrics;
pub mod model;
pub mod noise;
pub mod ops;
pub mod preview;
pub mod rehearsal;
pub mod released;
pub mod sampler;
pub mod schedule;
pub mod shard;
pub mod snapshot;
pub mod tap;
pub mod tiles;
pub mod upload;
pub mod upscaler;
#[cfg(target_family = "wasm")]
pub mod web;
pub mod weights;

pub use error::{Error, Result};
