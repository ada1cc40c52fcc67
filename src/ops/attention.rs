//! Single-head attention over all tokens, in blocks of queries so that the score matrix stays in a budget.

use burn::tensor::{Tensor, activation::softmax};

/// Most bytes that one block of scores may take (f32).
const SCORE_BUDGET: usize = 32 << 20;

/// `softmax(q k^T / sqrt(c)) v`, all `[n, tokens, c]`. Never holds more than 32 MiB of scores.
pub fn attention(q: Tensor<3>, k: Tensor<3>, v: Tensor<3>) -> Tensor<3> {
    let [n, tokens, c] = q.dims();
    let keys = k.dims()[1];
    let rows = (SCORE_BUDGET / (4 * n * keys)).clamp(1, tokens);
    let kt = k.swap_dims(1, 2) * (c as f64).powf(-0.5);
    let blocks = (0..tokens)
        .step_by(rows)
        .map(|begin| {
            let block = q.clone().slice([0..n, begin..(begin + rows).min(tokens), 0..c]);
            softmax(block.matmul(kt.clone()), 2).matmul(v.clone())
        })
        .collect();
    Tensor::cat(blocks, 1)
}
