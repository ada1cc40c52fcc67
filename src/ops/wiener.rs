//! The compact model's prediction around the Wiener estimate.

use super::Map;
use crate::gpu;
use burn::tensor::activation::sigmoid;

/// `mean + wiener * (z_t - mean) * sigmoid(g + 1) + correction * F`: `z_t`, `mean` and the result `[n, h, w, c]`, `network`
/// `[n, h, w, 2c]` the gate `g` and the correction `F`, the factors `[1, 1, 1, c]`. `mean`: the prior mean y0, or 0.
pub fn wiener(z_t: &Map, network: &Map, wiener: &Map, correction: &Map, mean: Option<&Map>) -> Map {
    match z_t {
        Map::Gpu(z_t) => {
            Map::Gpu(gpu::wiener(z_t, network.node(), wiener.node(), correction.node(), mean.map(Map::node)))
        }
        Map::Host(z_t) => {
            let (c, network) = (z_t.dims()[3], network.clone().host());
            let (gate, f) = (network.clone().narrow(3, 0, c), network.narrow(3, c, c));
            let mean = mean.map(|mean| mean.clone().host());
            let residual = mean.clone().map_or(z_t.clone(), |mean| z_t.clone() - mean);
            let estimate = residual * wiener.clone().host() * sigmoid(gate + 1.0);
            let estimate = estimate + f * correction.clone().host();
            Map::Host(mean.map_or(estimate.clone(), |mean| estimate + mean))
        }
    }
}
