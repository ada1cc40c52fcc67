//! `shaders/pack_conv2d.wgsl`: a convolution's weights as both convolutions read them.

use super::conv2d::CHANNELS;
use crate::gpu::device::Gpu;
use crate::gpu::kernel::{Kernel, invocations};
use crate::gpu::weight::Weight;
use crate::layer::ConvShape;
use std::rc::Rc;

/// The kernel.
pub fn pack_conv2d_kernel(phases: bool, half: bool) -> Kernel {
    Kernel::new("pack_conv2d", include_str!("../../../shaders/pack_conv2d.wgsl"))
        .flag("PHASES", phases)
        .flag("HALVES", half)
}

/// Weights `[c_out, c_in, k, k]` and bias `[c_out]` as the kernels read them: `[phases, k, k, c_in, c_out]` and `[c_out]`,
/// with zeros up to a multiple of 4 input and 8 output channels. With `half` the weights, which are f16 numbers, become f16
/// where the GPU has it.
pub fn pack_conv2d(weight: &Weight, bias: &Weight, s: &ConvShape, half: bool) -> (Weight, Weight) {
    use wgpu::BufferUsages as Usage;
    let gpu = &weight.gpu;
    let half = stays_half(gpu, s, half);
    let (c_in, c_out) = (s.c_in.next_multiple_of(4), s.c_out.next_multiple_of(CHANNELS));
    // 2x2 taps for each of the four phases.
    let taps = if s.upsample { 16 } else { s.kernel * s.kernel };
    let packed = Weight::empty(gpu, taps * c_in * c_out, half);
    let pairs = packed.count() / 2;

    let numbers = [s.c_in, s.c_out, s.kernel, c_in, c_out, pairs, 0, 0].map(|v| v as u32);
    let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    let size = gpu.buffer(bytes.len() as u64, Usage::UNIFORM | Usage::COPY_DST);
    gpu.queue.write_buffer(&size, 0, &bytes);
    let kernel = pack_conv2d_kernel(s.upsample, half);
    let dispatch = gpu.dispatch(&kernel, &[&weight.buffer, &packed.buffer, &size], invocations(pairs));
    gpu.submit(|pass| dispatch.record(pass));

    let padded = Weight::zeros(gpu, c_out);
    padded.copy(0, bias);
    (packed, padded)
}

/// What stands for packed weights and bias in a list that is not run: of their type, not of their size. The GPU compiles
/// the kernel that will pack them.
pub fn placeholder_conv2d(gpu: &Rc<Gpu>, s: &ConvShape, half: bool) -> (Weight, Weight) {
    let half = stays_half(gpu, s, half);
    gpu.pipeline(&pack_conv2d_kernel(s.upsample, half));
    (Weight::empty(gpu, CHANNELS, half), Weight::zeros(gpu, CHANNELS))
}

/// Whether f16 weights stay f16: sums of weights, as phases are, are no f16 numbers.
fn stays_half(gpu: &Gpu, s: &ConvShape, half: bool) -> bool {
    half && !s.upsample && gpu.f16
}
