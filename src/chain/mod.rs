//! The reverse chain over a latent canvas, band by band or tile by tile.
//!
//! | module | job |
//! |---|---|
//! | [`sampler`] | one run of the chain, Eq. 7 |
//! | `encode`, [`decode`] | the prior mean y0, before the chain; the result, after it |
//! | [`levels`] | the noise levels that it visits |
//! | [`bands`], [`tiles`] | how a picture is cut |
//! | [`canvas`], [`latent_canvas`] | picture-shaped arrays; x_t, z_0 and y0 |
//! | `band_pass` | a step by bands, alone or with other engines |
//! | [`tile_pipeline`] | tiles on their way through a network and onto a canvas |
//! | [`run_context`] | what a run reports, and what it asks of its surroundings |
//! | [`team`] | other engines that compute a part of the tiles |
//! | [`preview`], [`snapshot`] | what the chain shows on its way, and its state between two steps |
//! | [`warmup`] | compiles what a model needs before its weights are there |
//! | [`reference_tiling`] | tiling as the released code does it, for parity |

mod band_pass;
pub mod bands;
pub mod canvas;
pub mod decode;
mod encode;
pub mod latent_canvas;
pub mod levels;
pub mod preview;
pub mod reference_tiling;
pub mod run_context;
pub mod sampler;
pub mod snapshot;
pub mod team;
pub mod tile_pipeline;
pub mod tiles;
pub mod warmup;
