//! ResShift (arXiv 2307.12348): x4 super-resolution by a diffusion chain over the residual between
//! the low- and the high-resolution picture, on WebGPU or on the CPU.
//!
//! Data flows one way: picture -> tiles -> latent -> chain -> latent -> tiles -> picture.
//!
//! Rooms, lowest first; a room uses those below it only (`src/rooms.txt`, checked by `tests/rooms.rs`):
//!
//! | module | job |
//! |---|---|
//! | [`error`], [`limits`] | failures, sizes and ranges, from `errors.json` and `limits.json` |
//! | [`alloc`], [`layer`] | buffers that grow with the picture; static descriptions of layers |
//! | [`paper`] | the paper's mathematics |
//! | [`image`] | decode, encode, bicubic |
//! | [`cpu`], [`gpu`] | kernels: on plain slices; the WGSL of `shaders/`, recorded |
//! | [`ops`] | tensor operations, channels last: each with its CPU form, and the choice between CPU and GPU |
//! | [`compute`] | where networks run: the CPU at once, a GPU by recorded command lists; which device is faster |
//! | [`weights`] | named tensors on their way from a model folder's files to a device |
//! | [`model`] | networks: UNet with Swin windows, VQ autoencoder, compact model, behind one latent trait |
//! | [`checkpoint`], [`convert`] | PyTorch's files, read safely; from checkpoints to model folders |
//! | [`checks`] | every GPU kernel against its CPU form, and the self-test made of them |
//! | [`chain`] | the reverse chain over a latent canvas, tile by tile |
//! | [`upscaler`] | all of the above in one call |
//! | [`mod@bench`] | what the benchmarks measure, natively and in a page |
//! | `metrics`, `degrade` | how good a picture is, and test pictures from good ones (not in wasm) |
//! | `web` | browser edge (wasm only) |

// Nothing that a user does may end in a panic.
#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

pub mod alloc;
pub mod bench;
pub mod chain;
pub mod checkpoint;
pub mod checks;
pub mod compute;
pub mod convert;
pub mod cpu;
#[cfg(not(target_family = "wasm"))]
pub mod degrade;
pub mod error;
pub mod gpu;
pub mod image;
pub mod layer;
pub mod limits;
#[cfg(not(target_family = "wasm"))]
pub mod metrics;
pub mod model;
pub mod ops;
pub mod paper;
pub mod upscaler;
#[cfg(target_family = "wasm")]
#[allow(
    clippy::missing_errors_doc,
    clippy::should_implement_trait,
    reason = "called from JavaScript, which gets `Error` as an object"
)]
pub mod web;
pub mod weights;

pub use error::{Error, Result};
