//! Every kernel against the same operation on the CPU: the numeric tests, in a form that runs natively and in a page.
//!
//! The inputs are drawn from [-1, 1] and the weights scaled so that results are about 1 in size. Errors are the largest
//! difference of a result, relative to the largest number in it where that is above 1. Before each run everything that
//! kernels write is filled with NaN: what one forgets to write shows.

mod attentions;
mod compare;
mod conv2d;
mod norms;
mod others;
mod self_test;
pub mod shipped;

use crate::gpu::Gpu;
use crate::layer::ConvShape;
use attentions::{attention_layers, attention_parts, window_attention_layers, window_attention_odd};
use conv2d::{
    conv2d_autoencoder, conv2d_batch, conv2d_compact, conv2d_each, conv2d_folded, conv2d_followed, conv2d_half,
    conv2d_normed, conv2d_odd, conv2d_parts, conv2d_rows, conv2d_slices, conv2d_unet, conv2d_wide, conv2d_wide_tiles,
    pack_conv2d_layers,
};
use norms::{
    group_norm, group_norm_combined, group_norm_folded, group_norm_large_batch, group_norm_large_layers,
    group_norm_large_mean, group_norm_large_odd, group_norm_large_outlier, group_norm_small_batch,
    group_norm_small_layers, group_norm_small_mean, group_norm_small_odd, group_norm_small_outlier, norm_apply_both,
    rms_norm, rms_norm_batch, rms_norm_folded, rms_norm_layers,
};
use others::{
    bicubic_both, bicubic_residual_sizes, nearest_code_distances, nearest_code_ties, parameter_free_attention_slices,
    parameter_free_attentions, peak_copy, peak_fma, posterior_steps, scale_and_concat, scale_around_mean,
    wiener_prediction,
};
pub use self_test::self_test;
use std::pin::Pin;
use std::rc::Rc;

/// Sums of up to 11,520 products in f32, in another order than the CPU's: some units of 1e-6 were seen.
const SUMS: f32 = 2e-5;
/// Statistics and exponentials: as much again.
const NORMS: f32 = 2e-5;
/// Inputs around 1000 are multiples of 6e-5 themselves.
const LARGE_MEAN: f32 = 2e-4;
/// The same arithmetic on the same numbers.
const EXACT: f32 = 0.0;
/// One product and one sum of numbers below 16, with or without a fused multiply-add.
const STEP: f32 = 2e-6;

/// Two or three roundings to 11 bits, of numbers up to 4 beside a largest of 1.
const HALF: f32 = 4e-3;

type Outcome<'a> = Pin<Box<dyn Future<Output = Result<f32, String>> + 'a>>;

/// One comparison.
pub struct Check {
    /// The shader's name, a colon, and what is compared.
    pub name: &'static str,
    /// Largest error allowed.
    pub tolerance: f32,
    /// Which form of the convolution it runs; `None`: the one that suits the device.
    tiled: Option<bool>,
    /// Whether maps are stored as f16.
    half: bool,
    body: for<'a> fn(&'a Rc<Gpu>) -> Outcome<'a>,
}

impl Check {
    /// The same with maps stored as f16 on their way to the kernel and from it.
    fn in_half(self) -> Self {
        Self { tolerance: self.tolerance.max(HALF), half: true, ..self }
    }

    /// Its name, with the form of the maps.
    pub fn title(&self) -> String {
        format!("{}{}", self.name, if self.half { ", maps in f16" } else { "" })
    }

    /// The largest error found.
    ///
    /// # Errors
    /// A sentence, if the error is above the tolerance or a result could not be read.
    pub async fn run(&self, gpu: &Rc<Gpu>) -> Result<f32, String> {
        let before = (gpu.tiled(), gpu.half_maps());
        gpu.set_tiled(self.tiled.unwrap_or(before.0));
        gpu.set_half_maps(self.half);
        let outcome = (self.body)(gpu).await;
        gpu.set_tiled(before.0);
        gpu.set_half_maps(before.1);
        let error = outcome?;
        match error <= self.tolerance {
            true => Ok(error),
            false => Err(format!("differs from the CPU by {error:e}, at most {:e} is expected", self.tolerance)),
        }
    }
}

macro_rules! check {
    ($name:literal, $tolerance:expr, $body:expr) => {
        check!($name, $tolerance, None, $body)
    };
    ($name:literal, $tolerance:expr, $tiled:expr, $body:expr) => {
        Check { name: $name, tolerance: $tolerance, tiled: $tiled, half: false, body: |gpu| Box::pin($body(gpu)) }
    };
}

/// All comparisons.
pub fn all() -> Vec<Check> {
    let (registers, tiles) = (Some(false), Some(true));
    vec![
        check!("conv2d: layers of the shipped models", SUMS, registers, conv2d_compact),
        check!("conv2d: wide tiles", SUMS, registers, conv2d_wide),
        check!("conv2d: layers of the UNet", SUMS, registers, conv2d_unet),
        check!("conv2d: layers of the autoencoder", SUMS, registers, conv2d_autoencoder),
        check!("conv2d: odd sizes", SUMS, registers, conv2d_odd),
        check!("conv2d: more workgroups than one row holds", SUMS, registers, conv2d_folded),
        check!("conv2d: a linear layer over rows", SUMS, registers, conv2d_rows),
        check!("conv2d: an activation and a residual", SUMS, registers, conv2d_followed),
        check!("conv2d: slices of wider pictures", SUMS, registers, conv2d_slices),
        check!("conv2d: two pictures at once are the two alone", EXACT, registers, conv2d_batch),
        check!("conv2d: weights kept as f16 are the same weights", EXACT, registers, conv2d_half),
        check!("conv2d: in parts as in whole", EXACT, registers, conv2d_parts),
        check!("conv2d_tiled: layers of the shipped models", SUMS, tiles, conv2d_compact),
        check!("conv2d_tiled: wide tiles", SUMS, tiles, conv2d_wide_tiles),
        check!("conv2d_tiled: layers of the UNet", SUMS, tiles, conv2d_unet),
        check!("conv2d_tiled: layers of the autoencoder", SUMS, tiles, conv2d_autoencoder),
        check!("conv2d_tiled: odd sizes", SUMS, tiles, conv2d_odd),
        check!("conv2d_tiled: more workgroups than one row holds", SUMS, tiles, conv2d_folded),
        check!("conv2d_tiled: a linear layer over rows", SUMS, tiles, conv2d_rows),
        check!("conv2d_tiled: an activation and a residual", SUMS, tiles, conv2d_followed),
        check!("conv2d_tiled: slices of wider pictures", SUMS, tiles, conv2d_slices),
        check!("conv2d_tiled: two pictures at once are the two alone", EXACT, tiles, conv2d_batch),
        check!("conv2d_tiled: weights kept as f16 are the same weights", EXACT, tiles, conv2d_half),
        check!("conv2d_tiled: a norm on the way in", NORMS, tiles, conv2d_normed),
        check!("conv2d_tiled: in parts as in whole", EXACT, tiles, conv2d_parts),
        check!("pack_conv2d: every number in its place", EXACT, pack_conv2d_layers),
        check!("group_norm_stats: layers of the UNet and the autoencoder", NORMS, group_norm_large_layers),
        check!("group_norm_stats: odd sizes", NORMS, group_norm_large_odd),
        check!("group_norm_stats: more workgroups than one row holds", NORMS, group_norm_folded),
        check!("group_norm_stats: mean 1000, deviation 1", LARGE_MEAN, group_norm_large_mean),
        check!("group_norm_stats: one bright pixel", NORMS, group_norm_large_outlier),
        check!("group_norm_stats: two pictures at once are the two alone", EXACT, group_norm_large_batch),
        check!("group_norm_combine: one chunk and many, films for all and for each", NORMS, group_norm_combined),
        check!("group_norm_small: layers of the UNet", NORMS, group_norm_small_layers),
        check!("group_norm_small: odd sizes", NORMS, group_norm_small_odd),
        check!("group_norm_small: mean 1000, deviation 1", LARGE_MEAN, group_norm_small_mean),
        check!("group_norm_small: one bright pixel", NORMS, group_norm_small_outlier),
        check!("group_norm_small: two pictures at once are the two alone", EXACT, group_norm_small_batch),
        check!("rms_norm_stats: layers of the shipped models", NORMS, rms_norm_layers),
        check!("rms_norm_stats: more workgroups than one row holds", NORMS, rms_norm_folded),
        check!("rms_norm_stats: two pictures at once are the two alone", EXACT, rms_norm_batch),
        check!("norm_apply: both norms, of pictures and of slices", NORMS, norm_apply_both),
        check!("window_attention: layers of the UNet", NORMS, window_attention_layers),
        check!("window_attention: small windows and other heads", NORMS, window_attention_odd),
        check!("attention: the middle of the autoencoder", NORMS, attention_layers),
        check!("attention: in parts as in whole", EXACT, attention_parts),
        check!("nearest_code: the released codebook's size", 1e-6, nearest_code_distances),
        check!("nearest_code: the lowest of equal codes", EXACT, nearest_code_ties),
        check!("bicubic: enlargement, and the residual on top", NORMS, bicubic_both),
        check!("bicubic_residual: what it leaves of a picture", NORMS, bicubic_residual_sizes),
        check!("scale: factors, and pictures side by side", SUMS, scale_and_concat),
        check!("scale: around a mean", STEP, scale_around_mean),
        check!("parameter_free_attention: large and small, even and odd", NORMS, parameter_free_attentions),
        check!("parameter_free_attention: slices of wider pictures", NORMS, parameter_free_attention_slices),
        check!("wiener: the compact model's prediction, around 0 and a mean", NORMS, wiener_prediction),
        check!("posterior: a step of the chain with its noise", STEP, posterior_steps),
        check!("peak_fma: what it sums up to", SUMS, peak_fma),
        check!("peak_copy: the same numbers", EXACT, peak_copy),
    ]
}

/// Those of [`all`] that store maps as f16, for a GPU that has it.
pub fn all_in_half() -> Vec<Check> {
    // Inputs around 1000 are no f16 numbers, and codes, noise and yardsticks have no map that is.
    let f32_only = ["pack_conv2d", "mean 1000", "one bright", "nearest_code", "posterior", "peak_"];
    let stored = |check: &Check| f32_only.iter().all(|name| !check.name.contains(name));
    all().into_iter().filter(stored).map(Check::in_half).collect()
}

/// A few small ones, for the start of a run.
pub fn quick() -> Vec<Check> {
    vec![
        check!("conv2d", SUMS, |g| conv2d_each(g, vec![ConvShape::same(8, 16, 3)], [1, 9, 7])),
        check!("group_norm", NORMS, |g| group_norm(g, 32, [1, 9, 7], [true, true])),
        check!("rms_norm", NORMS, |g| rms_norm(g, 16, [1, 9, 7], [true, true])),
        check!("posterior", STEP, posterior_steps),
    ]
}

/// Those of [`quick`] that store maps as f16.
pub fn quick_in_half() -> Vec<Check> {
    quick().into_iter().filter(|check| check.name != "posterior").map(Check::in_half).collect()
}
