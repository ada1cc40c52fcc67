//! Single-head attention over all tokens, in blocks of queries so that the score matrix stays in a budget.

use super::{Conv2d, ConvShape};
use burn::tensor::{Tensor, activation::softmax};

/// Most bytes that one block of scores may take (f32).
const SCORE_BUDGET: usize = 32 << 20;

/// `softmax(q k^T / sqrt(c)) v`, all `[n, tokens, c]`. Never holds more than 32 MiB of scores.
pub fn attention(q: Tensor<3>, k: Tensor<3>, v: Tensor<3>) -> Tensor<3> {
    let [n, tokens, c] = q.dims();
    let keys = k.dims()[1];
    let rows = (SCORE_BUDGET / (4 * keys)).clamp(1, tokens);
    let picture = |x: &Tensor<3>, i: usize, len: usize| x.clone().slice([i..i + 1]).reshape([len, c]);
    let pictures = (0..n).map(|i| {
        let scores = matrix(picture(&k, i, keys) * (c as f64).powf(-0.5));
        let values = matrix(picture(&v, i, keys).swap_dims(0, 1));
        let q = picture(&q, i, tokens);
        let blocks = (0..tokens).step_by(rows).map(|begin| {
            let block = q.clone().slice([begin..(begin + rows).min(tokens), 0..c]);
            values.forward_rows(softmax(scores.forward_rows(block), 1))
        });
        Tensor::cat(blocks.collect(), 0).reshape([1, tokens, c])
    });
    Tensor::cat(pictures.collect(), 0)
}

/// Multiplication by a matrix `[c_out, c_in]`, as the 1x1 convolution that has a kernel on every device.
fn matrix(weight: Tensor<2>) -> Conv2d {
    let [c_out, c_in] = weight.dims();
    let bias = Tensor::zeros([c_out], &weight.device());
    Conv2d::new(weight.reshape([c_out, c_in, 1, 1]), bias, ConvShape::same(c_in, c_out, 1))
}
