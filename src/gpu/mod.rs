//! Networks on a GPU: command lists of the WGSL kernels in `shaders/`, on a device of their own.
//!
//! Each file with a kernel's name appends that kernel to a [list](Node); [`Program`] compiles a list and runs it. Every
//! kernel computes in f32 what the operation of [`crate::ops`] with its name computes on the CPU. [`device`] opens the
//! GPU, [`checks`] compares the two forms.

mod attention;
mod bicubic;
mod buffer;
pub mod chain;
pub mod checks;
mod conv2d;
pub mod device;
mod kernel;
mod list;
pub mod memory;
mod nearest_code;
mod norm;
mod pack_conv2d;
pub mod peak;
mod posterior;
mod program;
mod scale;
pub(crate) mod signal;
mod weight;
mod wiener;
mod window_attention;

pub use attention::{MAX_CHANNELS, attention, attention_kernel};
pub use bicubic::{bicubic, bicubic_kernel};
pub use conv2d::{ConvForm, conv2d, conv2d_kernel};
pub use device::{Gpu, Made, SUBMIT_MACS, best_adapter, open, open_on, take_error};
pub use kernel::Kernel;
pub use list::Node;
pub use nearest_code::{nearest_code, nearest_code_kernel};
pub use norm::{group_norm, group_norm_kernels, group_norm_small_kernel, norm_apply_kernel, rms_norm, rms_norm_kernel};
pub use pack_conv2d::{pack_conv2d, pack_conv2d_kernel, unknown_conv2d};
pub use posterior::{Posterior, posterior_kernel};
pub use program::{Cost, Job, Program};
pub use scale::{scale, scale_kernel};
pub use weight::Weight;
pub use wiener::{wiener, wiener_kernel};
pub use window_attention::{window_attention, window_attention_kernel};
