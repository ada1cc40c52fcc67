//! The compact model's prediction around the Wiener estimate.

use super::Map;
use crate::gpu;
use burn::tensor::activation::sigmoid;

/// `wiener * z_t * sigmoid(g + 1) + correction * F`: `z_t` and the result `[n, h, w, c]`, `network` `[n, h, w, 2c]` the gate
/// `g` and the correction `F`, the factors `[1, 1, 1, c]`.
pub fn wiener(z_t: &Map, network: &Map, wiener: &Map, correction: &Map) -> Map {
    match z_t {
        Map::Gpu(z_t) => Map::Gpu(gpu::wiener(z_t, network.node(), wiener.node(), correction.node())),
        Map::Host(z_t) => {
            let (c, network) = (z_t.dims()[3], network.clone().host());
            let (gate, f) = (network.clone().narrow(3, 0, c), network.narrow(3, c, c));
            let estimate = z_t.clone() * wiener.clone().host() * sigmoid(gate + 1.0);
            Map::Host(estimate + f * correction.clone().host())
        }
    }
}
