//! `shaders/pack_conv2d.wgsl`: a convolution's weights as both convolutions read them.

use super::conv2d::CHANNELS;
use crate::gpu::device::Gpu;
use crate::gpu::kernel::{Kernel, invocations};
use crate::gpu::shapes::{Checked, expect_weight};
use crate::gpu::weight::Weight;
use crate::layer::ConvShape;

/// The kernel.
pub fn pack_conv2d_kernel(phases: bool, half: bool) -> Kernel {
    Kernel::new("pack_conv2d", include_str!("../../../shaders/pack_conv2d.wgsl"))
        .flag("PHASES", phases)
        .flag("HALVES", half)
}

/// Weights `[c_out, c_in, k, k]` and bias `[c_out]` as the kernels read them: `[phases, k, k, c_in, c_out]` and `[c_out]`,
/// with zeros up to a multiple of 4 input and 8 output channels. With `half` the weights, which are f16 numbers, become f16
/// where the GPU has it. Of other shapes the result is empty, and no list takes it.
pub fn pack_conv2d(weight: &Weight, bias: &Weight, s: &ConvShape, half: bool) -> (Weight, Weight) {
    use wgpu::BufferUsages as Usage;
    if check_shapes(weight, bias, s).is_err() {
        return (weight.beside(0, false), bias.beside(0, false));
    }
    let half = stays_half(s.upsample, half, weight.may_be_half());
    let [count, c_out] = packed_counts(s);
    let (packed, padded) = (weight.beside(count, half), bias.beside(c_out, false));
    padded.copy(0, bias);
    // Weights that are only counted have a size, and nothing to pack.
    if let (Some((gpu, from)), Some((_, to))) = (weight.buffer(), packed.buffer()) {
        let pairs = count / 2;
        let numbers = [s.c_in, s.c_out, s.kernel, s.c_in.next_multiple_of(4), c_out, pairs, 0, 0].map(|v| v as u32);
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        let size = gpu.buffer(bytes.len() as u64, Usage::UNIFORM | Usage::COPY_DST);
        gpu.queue.write_buffer(&size, 0, &bytes);
        let kernel = pack_conv2d_kernel(s.upsample, half);
        let dispatch = gpu.dispatch(&kernel, &[from, to, &size], invocations(pairs));
        gpu.submit(|pass| dispatch.record(pass));
    }
    (packed, padded)
}

fn check_shapes(weight: &Weight, bias: &Weight, s: &ConvShape) -> Checked {
    expect_weight("weight", Some(weight), s.c_out * s.c_in * s.kernel * s.kernel)?;
    expect_weight("bias", Some(bias), s.c_out)
}

/// How many numbers packed weights and their bias have.
pub(super) fn packed_counts(s: &ConvShape) -> [usize; 2] {
    let (c_in, c_out) = (s.c_in.next_multiple_of(4), s.c_out.next_multiple_of(CHANNELS));
    // 2x2 taps for each of the four phases.
    let taps = if s.upsample { 16 } else { s.kernel * s.kernel };
    [taps * c_in * c_out, c_out]
}

/// Has the GPU make the pipelines that pack all layers of a network, whose weights are f16 numbers or not.
pub fn precompile_pack_conv2d(gpu: &Gpu, half: bool) {
    for upsample in [false, true] {
        for half in [false, half] {
            gpu.pipeline(&pack_conv2d_kernel(upsample, stays_half(upsample, half, gpu.f16)));
        }
    }
}

/// Whether f16 weights stay f16: sums of weights, as phases are, are no f16 numbers.
fn stays_half(upsample: bool, half: bool, may_be_half: bool) -> bool {
    half && !upsample && may_be_half
}
