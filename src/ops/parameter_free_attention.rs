//! SPAN's parameter-free attention.

use super::Map;
use crate::gpu;
use crate::layer::Window;
use burn::tensor::activation::sigmoid;

/// `(x + y) (sigmoid(y) - 1/2)`, clamped to `[-bound, bound]`, number by number: `x`, `y` and the result `[n, h, w, c]`. What a
/// block has made of `x` is added to it, and weighted by how far it is from 0. The bound is ours: see [`Span`](crate::model::span).
pub fn parameter_free_attention(x: &Map, y: &Map, bound: f32) -> Map {
    match x {
        Map::Gpu(x) => Map::Gpu(gpu::parameter_free_attention(x, y.node(), bound)),
        Map::Host(_) | Map::Band(_) => Map::by_rows(&[(x, Window::ROW), (y, Window::ROW)], x.dims(), |inputs, out| {
            let (x, y) = (inputs[0].of(out.clone()), inputs[1].of(out));
            ((x + y.clone()) * (sigmoid(y) - 0.5)).clamp(-bound, bound)
        }),
    }
}
