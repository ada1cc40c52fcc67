//! Networks on a GPU: command lists of the WGSL kernels in `shaders/`, on a device of their own.
//!
//! Each file of `kernels/` appends the kernel of its name to a [list](Node), once it has checked the shapes of its operands. A
//! [`Plan`] says what the list takes, without a GPU; a [`Program`] compiles it and runs it. Every kernel computes in f32 what the
//! operation of [`crate::ops`] with its name computes on the CPU. [`device`] opens the GPU; [`crate::checks`] compares the two
//! forms.

mod band;
mod band_plans;
mod band_programs;
mod buffer;
pub mod buffer_plan;
mod compile;
pub mod device;
mod kernel;
mod kernels;
mod layout;
mod list;
mod options;
mod plan;
mod program;
mod recorded;
pub mod resident_chain;
mod shapes;
mod weight;

pub use band_plans::BandPlans;
pub use band_programs::BandPrograms;
pub use device::{Gpu, Made, best_adapter, open, open_on, take_error};
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
pub use kernels::pack_conv2d::{pack_conv2d, pack_conv2d_kernel, precompile_pack_conv2d};
pub use kernels::parameter_free_attention::{parameter_free_attention, parameter_free_attention_kernel};
pub use kernels::peak;
pub use kernels::posterior::{Posterior, posterior_kernel};
pub(crate) use kernels::scale::copy as copy_map;
pub use kernels::scale::{scale, scale_kernel};
pub use kernels::wiener::{wiener, wiener_kernel};
pub use kernels::window_attention::{WindowShape, window_attention, window_attention_kernel};
pub use list::Node;
pub use options::{RecordOptions, SUBMIT_MACS};
pub use plan::{Cost, Plan};
pub use program::{Job, Program};
pub use weight::Weight;
