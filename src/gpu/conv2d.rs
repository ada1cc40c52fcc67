//! Launch of `shaders/conv2d.wgsl`.

use super::kernel::{Kernel, WORKGROUP, buffer, fold, tensor};
use crate::ops::ConvShape;
use burn::tensor::{DType, FloatDType, Tensor};

/// Output channels of one invocation.
const CHANNELS: usize = 8;

/// Fewest invocations for which each takes 8 pixels instead of 4: below that a GPU has lanes to spare, and smaller
/// tiles end sooner.
const WIDE_FROM: usize = 2048;

/// How a layer is divided among invocations.
struct Division {
    /// Pixels of one invocation.
    pixels: usize,
    /// Invocations side by side in a workgroup, each with its own channels.
    lanes: usize,
    /// Invocations of a workgroup with their own pixels.
    rows: usize,
    /// Workgroups, each with its own channels.
    slices: usize,
}

impl Division {
    fn new(c_out: usize, wide: bool) -> Self {
        let tiles = c_out.div_ceil(CHANNELS);
        // 8 lanes use a whole cache line of weights, or as many as divide the channels.
        let lanes = [8, 4, 6, 7, 5, 3, 2].into_iter().find(|&lanes| tiles.is_multiple_of(lanes)).unwrap_or(1);
        Self { pixels: if wide { 8 } else { 4 }, lanes, rows: WORKGROUP / lanes, slices: tiles / lanes }
    }
}

/// The kernel for a layer; `wide` for tiles of 8 pixels, `half` for weights in f16.
pub fn conv2d_kernel(s: &ConvShape, wide: bool, half: bool) -> Kernel {
    let division = Division::new(s.c_out, wide);
    Kernel::new("conv2d", include_str!("../../shaders/conv2d.wgsl"))
        .count("C_IN", s.c_in)
        .count("C_OUT", s.c_out)
        .count("KERNEL", s.kernel)
        .count("STRIDE", s.stride)
        .count("PAD", s.pad_begin)
        .count("PADDING", s.pad_begin + s.pad_end)
        .flag("UPSAMPLE", s.upsample)
        .count("LANES", division.lanes)
        .count("ROWS", division.rows)
        .flag("WIDE", wide)
        .flag("HALF", half)
        .flag("IN_VEC4", s.c_in.is_multiple_of(4))
        .flag("OUT_VEC4", s.c_out.is_multiple_of(4))
}

/// Weights `[c_out, c_in, k, k]` and bias `[c_out]` as the kernel reads them: `[k, k, c_in, c_out]` and `[c_out]`, with
/// zeros up to a multiple of 4 input and 8 output channels. With `half` the weights become f16 where the GPU has it.
pub fn pack_conv2d(weight: Tensor<4>, bias: Tensor<1>, s: &ConvShape, half: bool) -> (Tensor<4>, Tensor<1>) {
    let (c_in, c_out) = (s.c_in.next_multiple_of(4), s.c_out.next_multiple_of(CHANNELS));
    let k = s.kernel;
    let device = weight.device();
    let packed = Tensor::zeros([k, k, c_in, c_out], &device);
    let packed = packed.slice_assign([0..k, 0..k, 0..s.c_in, 0..s.c_out], weight.permute([2, 3, 1, 0]));
    let half = half && device.supports_dtype(DType::F16);
    let packed = if half { packed.cast(FloatDType::F16) } else { packed };
    (packed, Tensor::zeros([c_out], &device).slice_assign([0..s.c_out], bias))
}

/// The convolution of `x` `[n, h, w, c_in]` with packed weights; returns `[n, h', w', c_out]`.
pub fn conv2d(x: Tensor<4>, weight: &Tensor<4>, bias: &Tensor<1>, s: &ConvShape) -> Tensor<4> {
    let [n, h, w, _] = x.dims();
    let shape = [n, s.output(h), s.output(w), s.c_out];
    let pixels = n * shape[1] * shape[2];
    let wide = pixels / 8 * s.c_out.div_ceil(CHANNELS) >= WIDE_FROM;
    let division = Division::new(s.c_out, wide);
    let groups = fold(pixels.div_ceil(division.pixels).div_ceil(division.rows), division.slices);
    let inputs = vec![buffer(x), buffer(weight.clone()), buffer(bias.clone())];
    let half = weight.dtype() == DType::F16;
    tensor(conv2d_kernel(s, wide, half).launch(inputs, (shape, DType::F32), [n, h, w, 0], groups))
}
