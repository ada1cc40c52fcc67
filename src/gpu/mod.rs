//! The WGSL kernels of `shaders/`, launched on the device and queue that burn uses.

use crate::ops::{ConvShape, Film, GroupNorm, RmsNorm, WindowAttention};
use burn::tensor::{Int, Tensor};

/// Whether the tensor lives on a GPU, where the kernels of this module apply.
pub fn holds<const D: usize>(x: &Tensor<D>) -> bool {
    let _ = x;
    false
}
/// Packs.
pub fn pack_conv2d(_w: Tensor<4>, _b: Tensor<1>, _s: &ConvShape) -> (Tensor<4>, Tensor<1>) {
    unreachable!()
}
/// Conv.
pub fn conv2d(_x: Tensor<4>, _w: &Tensor<4>, _b: &Tensor<1>, _s: &ConvShape) -> Tensor<4> {
    unreachable!()
}
/// GN.
pub fn group_norm(_x: Tensor<4>, _n: &GroupNorm, _f: Option<Film>, _s: bool) -> Tensor<4> {
    unreachable!()
}
/// RMS.
pub fn rms_norm(_x: Tensor<4>, _n: &RmsNorm, _f: Option<Film>, _s: bool) -> Tensor<4> {
    unreachable!()
}
/// WA.
pub fn window_attention(_x: Tensor<4>, _a: &WindowAttention) -> Tensor<4> {
    unreachable!()
}
/// Code.
pub fn nearest_code(_z: Tensor<2>, _c: &Tensor<2>) -> Tensor<1, Int> {
    unreachable!()
}

/// An opened GPU.
pub struct Gpu {
    /// burn's handle.
    pub device: burn::tensor::Device,
    /// The adapter's own name.
    pub name: String,
    /// Whether it is emulated on the CPU.
    pub software: bool,
}
/// Opens the best adapter.
///
/// # Errors
/// [`crate::Error::NoWebGpu`] if there is none.
pub async fn open() -> crate::Result<Gpu> {
    Err(crate::Error::NoWebGpu("not yet".into()))
}
/// The first error that the GPU reported since the last call.
pub fn take_error() -> Option<String> {
    None
}
