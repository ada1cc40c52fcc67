//! What a picture has beyond the bicubic enlargement.

use super::Map;
use super::bicubic::{TAPS, enlarge};
use crate::gpu;
use crate::layer::Window;
use burn::tensor::Tensor;

/// `clamp(x, -1, 1) - unshuffle(bicubic(lr))`: the picture `x` and the result `[n, h, w, 48]` in space-to-depth order
/// (channel = colour * 16 + dy * 4 + dx), `lr` `[n, h, w, 3]`. The inverse of `bicubic` with a residual.
pub fn bicubic_residual(x: &Map, lr: &Map) -> Map {
    match lr {
        Map::Gpu(lr) => Map::Gpu(gpu::bicubic_residual(x.node(), lr)),
        Map::Host(_) | Map::Band(_) => {
            let read = Window { above: TAPS, below: TAPS, ..Window::ROW };
            Map::by_rows(&[(x, Window::ROW), (lr, read)], x.dims(), |inputs, out| {
                let x = inputs[0].of(out.clone()).clamp(-1.0, 1.0);
                x - space_to_depth(enlarge(&inputs[1], lr.dims()[1], out))
            })
        }
    }
}

/// `[n, 4h, 4w, c]` to `[n, h, w, 16c]`.
fn space_to_depth(x: Tensor<4>) -> Tensor<4> {
    let [n, h, w, c] = x.dims();
    let (h, w) = (h / 4, w / 4);
    x.reshape([n, h, 4, w, 4, c]).permute([0, 1, 3, 5, 2, 4]).reshape([n, h, w, 16 * c])
}
