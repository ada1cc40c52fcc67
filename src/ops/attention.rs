//! Single-head attention over all pixels; on the CPU in blocks of queries, so that the score matrix stays in a budget.

use super::Map;
use crate::{Error, Result, gpu};
use burn::tensor::{Tensor, activation::softmax};

/// Most bytes that one block of scores may take (f32).
const SCORE_BUDGET: usize = 32 << 20;

/// Whether `channels` can be computed on every device.
///
/// # Errors
/// [`Error::BadWeights`] if not.
pub fn check_attention(channels: usize) -> Result<()> {
    match channels.is_multiple_of(4) && channels <= gpu::MAX_CHANNELS {
        true => Ok(()),
        false => Err(Error::BadWeights(format!("attention over {channels} channels cannot run here"))),
    }
}

/// `softmax(q k^T / sqrt(c)) v` over the pixels of each picture, all `[n, h, w, c]`. Never holds more than 32 MiB of scores.
pub fn attention(q: &Map, k: &Map, v: &Map) -> Map {
    match (q, k, v) {
        (Map::Gpu(q), Map::Gpu(k), Map::Gpu(v)) => Map::Gpu(gpu::attention(q, k, v)),
        _ => {
            let [n, h, w, c] = q.dims();
            let [q, k, v] = [q, k, v].map(|x| x.clone().host().reshape([n, h * w, c]));
            Map::Host(on_host(q, k, v).reshape([n, h, w, c]))
        }
    }
}

/// All `[n, tokens, c]`.
fn on_host(q: Tensor<3>, k: Tensor<3>, v: Tensor<3>) -> Tensor<3> {
    let [n, tokens, c] = q.dims();
    let rows = (SCORE_BUDGET / (4 * tokens)).clamp(1, tokens);
    let pictures = (0..n).map(|i| {
        let picture = |x: &Tensor<3>| x.clone().narrow(0, i, 1);
        let keys = (picture(&k) * (c as f64).powf(-0.5)).swap_dims(1, 2);
        let values = picture(&v);
        let blocks = (0..tokens).step_by(rows).map(|begin| {
            let block = picture(&q).narrow(1, begin, rows.min(tokens - begin));
            softmax(block.matmul(keys.clone()), 2).matmul(values.clone())
        });
        Tensor::cat(blocks.collect(), 1)
    });
    Tensor::cat(pictures.collect(), 0)
}
