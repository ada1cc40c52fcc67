//! The compact model's prediction around the Wiener estimate.

use super::Map;
use crate::gpu;
use crate::layer::Window;
use burn::tensor::activation::sigmoid;

/// `mean + wiener * (z_t - mean) * sigmoid(g + 1) + correction * F`: `z_t`, `mean` and the result `[n, h, w, c]`, `network`
/// `[n, h, w, 2c]` the gate `g` and the correction `F`, the factors `[1, 1, 1, c]`. `mean`: the prior mean y0, or 0.
pub fn wiener(z_t: &Map, network: &Map, wiener: &Map, correction: &Map, mean: Option<&Map>) -> Map {
    match z_t {
        Map::Gpu(z_t) => {
            Map::Gpu(gpu::wiener(z_t, network.node(), wiener.node(), correction.node(), mean.map(Map::node)))
        }
        Map::Host(_) | Map::Band(_) => {
            let inputs: Vec<(&Map, Window)> =
                [z_t, network].into_iter().chain(mean).map(|x| (x, Window::ROW)).collect();
            Map::by_rows(&inputs, z_t.dims(), |inputs, out| {
                let (z_t, network) = (inputs[0].of(out.clone()), inputs[1].of(out.clone()));
                let c = z_t.dims()[3];
                let (gate, f) = (network.clone().narrow(3, 0, c), network.narrow(3, c, c));
                let mean = inputs.get(2).map(|mean| mean.of(out));
                let residual = mean.clone().map_or(z_t.clone(), |mean| z_t - mean);
                let estimate = residual * wiener.clone().host() * sigmoid(gate + 1.0);
                let estimate = estimate + f * correction.clone().host();
                mean.map_or(estimate.clone(), |mean| estimate + mean)
            })
        }
    }
}
