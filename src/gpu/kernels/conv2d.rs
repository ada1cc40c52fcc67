//! `shaders/conv2d.wgsl` and `shaders/conv2d_tiled.wgsl`: which of them, and how a layer is divided.

use super::pack_conv2d::packed_counts;
use crate::gpu::kernel::{Kernel, WORKGROUP, fold};
use crate::gpu::list::{Binding, Command, Node, Number, Slices, Start};
use crate::gpu::shapes::{Checked, expect, expect_weight, require};
use crate::gpu::weight::Weight;
use crate::layer::{Activation, ConvShape, Window};

/// Output channels of one invocation of `conv2d`, and what packed weights are a multiple of.
pub(super) const CHANNELS: usize = 8;

/// Fewest invocations for which each takes 8 pixels instead of 4: below that a GPU has lanes to spare, and smaller
/// tiles end sooner.
const WIDE_FROM: usize = 2048;

/// Fewest workgroups of 64 pixels by 64 channels that keep a GPU busy; below, workgroups take 16 channels.
const WIDE_GROUPS: usize = 48;

/// Side of the square of pixels that a workgroup of `conv2d_tiled` computes.
const SIDE: usize = 8;

/// What a kernel for a layer is specialised on besides its shape.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConvForm {
    /// `conv2d_tiled`, with workgroup memory, rather than `conv2d`.
    pub tiled: bool,
    /// Large tiles.
    pub wide: bool,
    /// Weights in f16.
    pub half: bool,
    /// A group norm is applied to the input; only `tiled`.
    pub norm: bool,
    /// A per-pixel norm is applied to the input; only `tiled`.
    pub rms: bool,
    /// SiLU follows the norm.
    pub norm_silu: bool,
    /// Another picture is added.
    pub residual: bool,
    /// Applied before that.
    pub activation: Option<Activation>,
}

/// Invocations side by side in a workgroup of `conv2d`, each with its own channels: 8 use a whole cache line of weights,
/// or as many as divide the channels.
fn lanes(c_out: usize) -> usize {
    let tiles = c_out.div_ceil(CHANNELS);
    [8, 4, 6, 7, 5, 3, 2].into_iter().find(|&lanes| tiles.is_multiple_of(lanes)).unwrap_or(1)
}

/// The kernel for a layer.
pub fn conv2d_kernel(s: &ConvShape, form: ConvForm) -> Kernel {
    let kernel = match form.tiled {
        true => Kernel::new("conv2d_tiled", include_str!("../../../shaders/conv2d_tiled.wgsl"))
            .flag("NORM", form.norm)
            .flag("RMS", form.rms)
            .flag("NORM_SILU", form.norm_silu),
        false => Kernel::new("conv2d", include_str!("../../../shaders/conv2d.wgsl"))
            .count("LANES", lanes(s.c_out))
            .count("ROWS", WORKGROUP / lanes(s.c_out)),
    };
    let before = 3 + usize::from(form.norm) + 2 * usize::from(form.rms) + usize::from(form.residual);
    kernel
        .including(include_str!("../../../shaders/include/conv2d_store.wgsl"))
        // Doubled pixels fall on 2x2 taps of the input.
        .count("KERNEL", if s.upsample { 2 } else { s.kernel })
        .count("STRIDE", s.stride)
        .count("RESULT", before)
        .flag("PHASES", s.upsample)
        .flag("WIDE", form.wide)
        .flag("HALF", form.half)
        .flag("IN_VEC4", s.c_in.is_multiple_of(4))
        .flag("OUT_VEC4", s.c_out.is_multiple_of(4))
        .flag("RESIDUAL", form.residual)
        .flag("SILU", form.activation == Some(Activation::Silu))
        .flag("GELU", form.activation == Some(Activation::Gelu))
        .elements(if form.residual { &["X", "Y", "R"] } else { &["X", "Y"] })
}

/// Appends the convolution of `x` `[n, h, w, c_in]` with weights as [`crate::gpu::pack_conv2d()`] lays them out, the activation, and the addition of
/// `residual`; returns `[n, h', w', c_out]`.
pub fn conv2d(
    x: &Node,
    weight: &Weight,
    bias: &Weight,
    s: &ConvShape,
    activation: Option<Activation>,
    residual: Option<&Node>,
) -> Node {
    let list = x.list.clone();
    if !list.accepts("conv2d", check_shapes(x, weight, bias, s, residual)) {
        let [n, h, w, _] = x.dims;
        return list.result([n, h, w, s.c_out]);
    }
    let tiled = list.options.tiled;
    // The register form would work a norm out again for every tap and every eight channels.
    let x = if tiled && x.pending.is_some() { x.clone() } else { x.materialize() };
    let residual = residual.map(Node::materialize);
    let [n, h, w, _] = x.dims;
    let norm = x.pending.as_ref();
    let window = s.window(false);
    let mut inputs = vec![(x.id, window)];
    inputs.extend(norm.and_then(|norm| norm.scale).map(|scale| (scale, window)));
    inputs.extend(residual.as_ref().map(|residual| (residual.id, Window::ROW)));
    let y = list.by_rows(&inputs, [n, s.output(h), s.output(w), s.c_out], Slices::Aligned);
    let new = y.rows();
    let phases = if s.upsample { 4 } else { 1 };
    // The grid of pixels: with phases, of one of them. The form is that of the largest band.
    let doubled = if s.upsample { 2 } else { 1 };
    let [rows, most, columns] = [new.len(), list.most_rows(y.dims[1]), y.dims[2]].map(|length| length / doubled);
    let pixels = n * rows * columns;

    let tiles = |rows: usize| match s.kernel {
        1 => (n * rows * columns).div_ceil(SIDE * SIDE),
        _ => n * rows.div_ceil(SIDE) * columns.div_ceil(SIDE),
    };
    let wide = match tiled {
        true => tiles(most) * s.c_out.div_ceil(64) * phases >= WIDE_GROUPS,
        false => n * most * columns / 8 * s.c_out.div_ceil(CHANNELS) * phases >= WIDE_FROM,
    };
    let form = ConvForm {
        tiled,
        wide,
        half: weight.is_half(),
        norm: norm.is_some_and(|norm| norm.scale.is_none()),
        rms: norm.is_some_and(|norm| norm.scale.is_some()),
        norm_silu: norm.is_some_and(|norm| norm.silu),
        residual: residual.is_some(),
        activation,
    };
    let groups = match tiled {
        true => fold(tiles(rows), s.c_out.div_ceil(if wide { 64 } else { 16 }) * phases),
        false => {
            let lanes = lanes(s.c_out);
            let rows = WORKGROUP / lanes;
            fold(pixels.div_ceil(if wide { 8 } else { 4 }).div_ceil(rows), s.c_out.div_ceil(CHANNELS) / lanes * phases)
        }
    };

    let mut bindings = vec![Binding::View(x.id)];
    bindings.extend([weight, bias].map(|weight| Binding::Weight(weight.clone())));
    if let Some(norm) = norm {
        bindings.push(Binding::Read(norm.coefficients));
        bindings.extend(norm.scale.map(Binding::Read));
    }
    bindings.extend(residual.as_ref().map(|residual| Binding::View(residual.id)));
    bindings.push(Binding::Write(y.id));

    let value = |v: usize| Number::Value(v as u32);
    let first = Start::Row(new.start);
    // A 1x1 kernel goes from pixel to pixel, others know rows and columns.
    let (height, begin, row) = match s.kernel {
        1 => (value(rows), first, value(0)),
        _ => (Number::Height(x.id), Start::Of(x.id), Number::Row(x.id, new.start / window.rows_out * window.rows_in)),
    };
    let mut numbers = vec![value(n), height];
    numbers.extend([w, s.c_in, rows, columns, s.c_out, s.pad_begin].map(value));
    numbers.extend([
        Number::Stride(x.id),
        Number::Offset(x.id, begin),
        Number::Stride(y.id),
        Number::Offset(y.id, first),
    ]);
    numbers.extend([Number::Begin, row]);
    numbers.push(norm.and_then(|norm| norm.scale).map_or(value(0), |scale| Number::Offset(scale, begin)));
    if let Some(residual) = &residual {
        numbers.extend([Number::Stride(residual.id), Number::Offset(residual.id, first)]);
    }
    let taps = if s.upsample { 4 } else { s.kernel * s.kernel };
    let macs = (n * new.len() * y.dims[2] * s.c_out * s.c_in * taps) as u64;
    let elements = [x.id, y.id].into_iter().chain(residual.map(|residual| residual.id)).collect();
    list.push_rows(&y, Command { kernel: conv2d_kernel(s, form), bindings, elements, numbers, groups, macs });
    y
}

fn check_shapes(x: &Node, weight: &Weight, bias: &Weight, s: &ConvShape, residual: Option<&Node>) -> Checked {
    let [n, h, w, _] = x.dims;
    let known = match s.kernel {
        1 => *s == ConvShape::same(s.c_in, s.c_out, 1),
        3 if s.upsample => *s == ConvShape::up(s.c_in, s.c_out),
        3 => [1, 2].contains(&s.stride),
        _ => false,
    };
    require(known && s.c_in > 0 && s.c_out > 0, "there is no kernel for the layer")?;
    expect("x", &x.dims, &[n, h, w, s.c_in])?;
    require(h.min(w) + s.pad_begin + s.pad_end >= s.kernel, "x is smaller than the layer's kernel")?;
    let [weights, biases] = packed_counts(s);
    expect_weight("weight", Some(weight), weights)?;
    expect_weight("bias", Some(bias), biases)?;
    let y = [n, s.output(h), s.output(w), s.c_out];
    residual.map_or(Ok(()), |residual| expect("residual", &residual.dims, &y))
}
