//! Networks on a GPU: command lists of the WGSL kernels in `shaders/`, on a device of their own.
//!
//! Each file with a kernel's name appends that kernel to a [list](Node); [`Program`] compiles a list and runs it. Every
//! kernel computes in f32 what the operation of [`crate::ops`] with its name computes on the CPU. [`device`] opens the
//! GPU; [`crate::checks`] compares the two forms.

mod attention;
mod band;
mod band_programs;
mod bicubic;
mod bicubic_residual;
mod buffer;
pub mod buffer_plan;
mod compile;
mod conv2d;
pub mod device;
mod kernel;
mod list;
mod nearest_code;
mod norm;
mod pack_conv2d;
mod parameter_free_attention;
pub mod peak;
mod posterior;
mod program;
pub mod resident_chain;
mod scale;
pub(crate) mod signal;
mod weight;
mod wiener;
mod window_attention;

pub use attention::{MAX_CHANNELS, attention, attention_kernel};
pub use band_programs::BandPrograms;
pub use bicubic::{bicubic, bicubic_kernel};
pub use bicubic_residual::{bicubic_residual, bicubic_residual_kernel};
pub use conv2d::{ConvForm, conv2d, conv2d_kernel};
pub use device::{Gpu, Made, SUBMIT_MACS, best_adapter, open, open_on, take_error};
pub use kernel::Kernel;
pub use list::Node;
pub use nearest_code::{nearest_code, nearest_code_kernel};
pub use norm::{
    NormWeights, RMS_NORM_EPS, group_norm, group_norm_kernels, group_norm_small_kernel, norm_apply_kernel, rms_norm,
    rms_norm_kernel,
};
pub use pack_conv2d::{pack_conv2d, pack_conv2d_kernel, placeholder_conv2d};
pub use parameter_free_attention::{parameter_free_attention, parameter_free_attention_kernel};
pub use posterior::{Posterior, posterior_kernel};
pub use program::{Cost, Job, Program};
pub(crate) use scale::copy as copy_map;
pub use scale::{scale, scale_kernel};
pub use weight::Weight;
pub use wiener::{wiener, wiener_kernel};
pub use window_attention::{WindowShape, window_attention, window_attention_kernel};
