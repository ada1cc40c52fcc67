//! Networks on a GPU: command lists of the WGSL kernels in `shaders/`, on a device of their own.
//!
//! Each file of `kernels/` appends the kernel of its name to a [list](Node); [`Program`] compiles a list and runs it. Every
//! kernel computes in f32 what the operation of [`crate::ops`] with its name computes on the CPU. [`device`] opens the
//! GPU; [`crate::checks`] compares the two forms.

mod band;
mod band_programs;
mod buffer;
pub mod buffer_plan;
mod compile;
pub mod device;
mod kernel;
mod kernels;
mod list;
mod program;
pub mod resident_chain;
mod weight;

pub use band_programs::BandPrograms;
pub use device::{Gpu, Made, SUBMIT_MACS, best_adapter, open, open_on, take_error};
pub use kernel::Kernel;
pub use kernels::attention::{MAX_CHANNELS, attention, attention_kernel};
pub use kernels::bicubic::{bicubic, bicubic_kernel};
pub use kernels::bicubic_residual::{bicubic_residual, bicubic_residual_kernel};
pub use kernels::conv2d::{ConvForm, conv2d, conv2d_kernel};
pub use kernels::nearest_code::{nearest_code, nearest_code_kernel};
pub use kernels::norm::{
    NormWeights, RMS_NORM_EPS, group_norm, group_norm_kernels, group_norm_small_kernel, norm_apply_kernel, rms_norm,
    rms_norm_kernel,
};
pub use kernels::pack_conv2d::{pack_conv2d, pack_conv2d_kernel, placeholder_conv2d};
pub use kernels::parameter_free_attention::{parameter_free_attention, parameter_free_attention_kernel};
pub use kernels::peak;
pub use kernels::posterior::{Posterior, posterior_kernel};
pub(crate) use kernels::scale::copy as copy_map;
pub use kernels::scale::{scale, scale_kernel};
pub use kernels::wiener::{wiener, wiener_kernel};
pub use kernels::window_attention::{WindowShape, window_attention, window_attention_kernel};
pub use list::Node;
pub use program::{Cost, Job, Program};
pub use weight::Weight;
