//! `shaders/window_attention.wgsl`.

use crate::gpu::kernel::{Kernel, fold};
use crate::gpu::list::{Binding, Command, Node, Number};
use crate::gpu::shapes::{Checked, expect_weight, require};
use crate::gpu::weight::Weight;
use crate::layer::MaskKind;

/// Windows of an attention layer.
#[derive(Debug, Clone, Copy)]
pub struct WindowShape {
    /// Heads; divides c.
    pub heads: usize,
    /// Window side in pixels.
    pub window: usize,
    /// Cyclic shift in pixels, 0 or `window / 2`.
    pub shift: usize,
    /// Applies where `shift` is not 0.
    pub mask: MaskKind,
}

/// The kernel for a layer with `dim` channels per head.
pub fn window_attention_kernel(heads: usize, dim: usize, window: usize, shift: usize, mask: MaskKind) -> Kernel {
    Kernel::new("window_attention", include_str!("../../../shaders/window_attention.wgsl"))
        .elements(&["X", "Y"])
        .count("HEADS", heads)
        .count("DIM", dim)
        .count("WINDOW", window)
        .count("SHIFT", shift)
        .count(
            "MASK",
            match mask {
                MaskKind::Released => 0,
                MaskKind::Textbook => 1,
            },
        )
}

/// Appends attention over `qkv` `[n, h, w, 3c]` with the bias `table` `[(2 window - 1)^2, heads]`; returns `[n, h, w, c]`. A head has a multiple of 4 and at most 64
/// channels, a window at most 8 x 8 pixels.
pub fn window_attention(qkv: &Node, table: Option<&Weight>, a: WindowShape) -> Node {
    if !qkv.list.accepts("window_attention", check_shapes(qkv, table, a)) {
        let [n, h, w, c3] = qkv.dims;
        return qkv.list.result([n, h, w, c3 / 3]);
    }
    let qkv = qkv.materialize();
    let list = &qkv.list;
    let [n, h, w, c3] = qkv.dims;
    let c = c3 / 3;
    let y = list.result([n, h, w, c]);
    let mut bindings = vec![Binding::Read(qkv.id)];
    bindings.extend(table.cloned().map(Binding::Weight));
    bindings.push(Binding::Write(y.id));
    let windows = (h / a.window) * (w / a.window);
    list.push(Command {
        kernel: window_attention_kernel(a.heads, c / a.heads, a.window, a.shift, a.mask),
        bindings,
        elements: vec![qkv.id, y.id],
        numbers: Vec::from([n, h, w, 0].map(|v| Number::Value(v as u32))),
        groups: fold(n * windows * a.heads, 1),
        macs: (2 * n * windows * a.window.pow(4) * c) as u64,
    });
    y
}

fn check_shapes(qkv: &Node, table: Option<&Weight>, a: WindowShape) -> Checked {
    let [_, h, w, c3] = qkv.dims;
    require(
        (1..=8).contains(&a.window) && a.shift < a.window,
        "the window is above 8 x 8 pixels, or the shift beyond it",
    )?;
    require(h.is_multiple_of(a.window) && w.is_multiple_of(a.window), "the windows do not fill the map")?;
    require(a.heads > 0 && c3 > 0 && c3.is_multiple_of(3 * a.heads), "the channels do not form the heads")?;
    let dim = c3 / 3 / a.heads;
    require(dim.is_multiple_of(4) && dim <= 64, "a head's channels are no multiple of 4, or above 64")?;
    expect_weight("table", table, (2 * a.window - 1).pow(2) * a.heads)
}
