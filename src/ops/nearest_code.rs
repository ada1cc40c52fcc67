//! Vector quantisation: the nearest codebook entry of every latent pixel.

use super::{Map, Weight};
use crate::gpu;
use burn::tensor::{Int, Tensor};

/// Most bytes that one block of distances may take (f32).
const DISTANCE_BUDGET: usize = 16 << 20;

/// The nearest code of every pixel of `z` `[n, h, w, c]`, in squared distance, and its index as a float `[n, h, w, 1]`;
/// the lowest index on ties. `codebook` `[codes, c]`.
pub fn nearest_code(z: &Map, codebook: &Weight<2>) -> (Map, Map) {
    match z {
        Map::Gpu(z) => {
            let (code, index) = gpu::nearest_code(z, codebook.gpu(), codebook.dims()[0]);
            (Map::Gpu(code), Map::Gpu(index))
        }
        _ => {
            let (z, codebook) = (z.clone().host(), codebook.host());
            let [n, h, w, c] = z.dims();
            let index = nearest_index(z.reshape([n * h * w, c]), &codebook);
            let code = codebook.select(0, index.clone()).reshape([n, h, w, c]);
            (Map::Host(code), Map::Host(index.float().reshape([n, h, w, 1])))
        }
    }
}

/// Index of the nearest code, the lowest on ties; tensors on the CPU. `z` `[tokens, c]`, `codebook` `[codes, c]`; returns
/// `[tokens]`. Distances are summed from differences, which keeps the digits that z^2 + e^2 - 2ze loses: only codes that
/// agree to the last digit of f32 can be confused.
pub fn nearest_index(z: Tensor<2>, codebook: &Tensor<2>) -> Tensor<1, Int> {
    let [tokens, c] = z.dims();
    let codes = codebook.dims()[0];
    let rows = (DISTANCE_BUDGET / (4 * codes)).clamp(1, tokens);
    let blocks = (0..tokens)
        .step_by(rows)
        .map(|begin| {
            let end = (begin + rows).min(tokens);
            let block = z.clone().slice([begin..end, 0..c]);
            let mut distance = Tensor::<2>::zeros([end - begin, codes], &z.device());
            for i in 0..c {
                let d = block.clone().slice([0..end - begin, i..i + 1])
                    - codebook.clone().slice([0..codes, i..i + 1]).swap_dims(0, 1);
                distance = distance + d.clone() * d;
            }
            distance.argmin(1).reshape([end - begin])
        })
        .collect();
    Tensor::cat(blocks, 0)
}
