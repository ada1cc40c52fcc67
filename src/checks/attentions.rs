//! Attention in windows and over whole pictures.

use super::compare::{Input, compare, in_parts, input, numbers, random};
use crate::gpu::Gpu;
use crate::layer::MaskKind;
use crate::ops::{WindowAttention, attention};
use std::rc::Rc;

pub(super) async fn window_attention_layers(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for (shift, mask) in [(0, MaskKind::Released), (4, MaskKind::Released), (4, MaskKind::Textbook)] {
        for size in [[1, 8, 8], [2, 16, 8], [1, 64, 48]] {
            worst = worst.max(window_attention(gpu, size, [6, 32, 8], shift, mask).await?);
        }
    }
    Ok(worst)
}

pub(super) async fn window_attention_odd(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for mask in [MaskKind::Released, MaskKind::Textbook] {
        for shape in [[2, 4, 4], [1, 64, 2], [3, 12, 6]] {
            let window = shape[2];
            let size = [2, 2 * window, 3 * window];
            worst = worst.max(window_attention(gpu, size, shape, window / 2, mask).await?);
        }
    }
    Ok(worst)
}

pub(super) async fn window_attention(
    gpu: &Rc<Gpu>,
    [n, h, w]: [usize; 3],
    [heads, dim, window]: [usize; 3],
    shift: usize,
    mask: MaskKind,
) -> Result<f32, String> {
    // Larger than 1, so that the softmax has something to decide.
    let qkv = Input {
        data: numbers(1, n * h * w * 3 * heads * dim).map(|v| 3.0 * v).collect(),
        dims: [n, h, w, 3 * heads * dim],
    };
    compare(gpu, &[qkv], |compute, maps| {
        let table = random(2, [(2 * window - 1).pow(2), heads], compute, |v| 2.0 * v);
        WindowAttention { table, heads, window, shift, mask }.forward(&maps[0])
    })
    .await
}

pub(super) async fn attention_layers(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for dims in [[1, 8, 8, 64], [2, 11, 9, 512], [1, 1, 1, 4], [1, 3, 1, 300], [1, 17, 13, 32]] {
        let inputs = [1, 2, 3].map(|seed| {
            let data = numbers(seed, dims.iter().product()).map(|v| 2.0 * v).collect();
            Input { data, dims }
        });
        worst = worst.max(compare(gpu, &inputs, |_, maps| attention(&maps[0], &maps[1], &maps[2])).await?);
    }
    Ok(worst)
}

pub(super) async fn attention_parts(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let inputs = [1, 2, 3].map(|seed| input(seed, [2, 11, 9, 32]));
    in_parts(gpu, &inputs, |_, maps| attention(&maps[0], &maps[1], &maps[2])).await
}
