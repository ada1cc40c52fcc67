//! What a picture has beyond the bicubic enlargement.

use super::{Map, bicubic};
use crate::gpu;
use burn::tensor::Tensor;

/// `clamp(x, -1, 1) - unshuffle(bicubic(lr))`: the picture `x` and the result `[n, h, w, 48]` in space-to-depth order
/// (channel = colour * 16 + dy * 4 + dx), `lr` `[n, h, w, 3]`. The inverse of [`bicubic`] with a residual.
pub fn bicubic_residual(x: &Map, lr: &Map) -> Map {
    match lr {
        Map::Gpu(lr) => Map::Gpu(gpu::bicubic_residual(x.node(), lr)),
        Map::Host(_) => Map::Host(x.clone().host().clamp(-1.0, 1.0) - space_to_depth(bicubic(lr, None).host())),
    }
}

/// `[n, 4h, 4w, c]` to `[n, h, w, 16c]`.
fn space_to_depth(x: Tensor<4>) -> Tensor<4> {
    let [n, h, w, c] = x.dims();
    let (h, w) = (h / 4, w / 4);
    x.reshape([n, h, 4, w, 4, c]).permute([0, 1, 3, 5, 2, 4]).reshape([n, h, w, 16 * c])
}
