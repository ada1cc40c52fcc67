//! Launch of `shaders/window_attention.wgsl`.

use super::kernel::{Kernel, buffer, fold, tensor};
use crate::ops::{MaskKind, WindowAttention};
use burn::tensor::{DType, Tensor};

/// The kernel for a layer with `dim` channels per head.
pub fn window_attention_kernel(heads: usize, dim: usize, window: usize, shift: usize, mask: MaskKind) -> Kernel {
    Kernel::new("window_attention", include_str!("../../shaders/window_attention.wgsl"))
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

/// Attention over `qkv` `[n, h, w, 3c]`; returns `[n, h, w, c]`. A head has a multiple of 4 and at most 64 channels,
/// a window at most 8 x 8 pixels.
pub fn window_attention(qkv: Tensor<4>, a: &WindowAttention) -> Tensor<4> {
    let [n, h, w, c3] = qkv.dims();
    let c = c3 / 3;
    let kernel = window_attention_kernel(a.heads, c / a.heads, a.window, a.shift, a.mask);
    let windows = (h / a.window) * (w / a.window);
    let inputs = vec![buffer(qkv), buffer(a.table.clone())];
    tensor(kernel.launch(inputs, ([n, h, w, c], DType::F32), [n, h, w, 0], fold(n * windows * a.heads, 1)))
}
