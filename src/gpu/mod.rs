//! The WGSL kernels of `shaders/`, launched on the device and queue that burn uses.
//!
//! Each file holds one operation of [`crate::ops`] in the form of one WGSL kernel (group norm: three), which computes
//! in f32 what the operation's CPU form computes. [`device`] opens the GPU, [`checks`] compares the two forms.

pub mod checks;
mod conv2d;
pub mod device;
mod group_norm;
mod kernel;
mod nearest_code;
mod rms_norm;
mod window_attention;

pub use conv2d::{conv2d, conv2d_kernel, pack_conv2d};
pub use device::{Gpu, open, take_error};
pub use group_norm::{group_norm, group_norm_kernels};
pub use kernel::Kernel;
pub use nearest_code::{nearest_code, nearest_code_kernel};
pub use rms_norm::{rms_norm, rms_norm_kernel};
pub use window_attention::{window_attention, window_attention_kernel};

use burn::backend::{CubeDevice, DispatchDevice};
use burn::tensor::{DType, Tensor};

/// Whether the tensor lives on a GPU as plain f32, where the kernels of this module apply. On an autodiff device they
/// do not: they have no gradients.
pub fn holds<const D: usize>(x: &Tensor<D>) -> bool {
    matches!(x.device().as_dispatch(), DispatchDevice::Cube(CubeDevice::Wgpu(_))) && x.dtype() == DType::F32
}
