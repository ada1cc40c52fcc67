//! `shaders/window_attention.wgsl`.

use super::kernel::{Kernel, fold};
use super::list::{Binding, Command, Node, Number};
use crate::ops::{MaskKind, WindowAttention};

/// The kernel for a layer with `dim` channels per head.
pub fn window_attention_kernel(heads: usize, dim: usize, window: usize, shift: usize, mask: MaskKind) -> Kernel {
    Kernel::new("window_attention", include_str!("../../shaders/window_attention.wgsl"))
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

/// Appends attention over `qkv` `[n, h, w, 3c]`; returns `[n, h, w, c]`. A head has a multiple of 4 and at most 64
/// channels, a window at most 8 x 8 pixels.
pub fn window_attention(qkv: &Node, a: &WindowAttention) -> Node {
    let qkv = qkv.settled();
    let list = &qkv.list;
    let [n, h, w, c3] = qkv.dims;
    let c = c3 / 3;
    let y = list.result([n, h, w, c]);
    let mut bindings = vec![Binding::Read(qkv.id)];
    bindings.extend(list.weight(&a.table));
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
