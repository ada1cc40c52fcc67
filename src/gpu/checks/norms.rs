//! Group norm and the per-pixel norm.

use super::compare::{Input, batch, compare, group, input, numbers, on_gpu, pixel, worst};
use crate::gpu::device::Gpu;
use crate::ops::GroupNorm;
use burn::tensor::Tensor;
use std::rc::Rc;

pub(super) async fn group_norm_layers(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for (c, h, w) in
        [(160, 32, 32), (192, 16, 16), (320, 16, 16), (480, 8, 8), (960, 8, 8), (1280, 8, 8), (128, 96, 64)]
    {
        for fused in [[false, true], [true, true], [false, false]] {
            worst = worst.max(group_norm(gpu, c, [1, h, w], fused).await?);
        }
    }
    Ok(worst)
}

pub(super) async fn group_norm_odd(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for size in [[1, 1, 1], [1, 5, 7], [2, 13, 21], [3, 1, 9], [2, 17, 19]] {
        // Two channels per group: a single pixel still has a variance.
        worst = worst.max(group_norm(gpu, 64, size, [true, true]).await?);
        worst = worst.max(group_norm(gpu, 160, size, [false, false]).await?);
    }
    Ok(worst)
}

pub(super) async fn group_norm_folded(gpu: &Rc<Gpu>) -> Result<f32, String> {
    group_norm(gpu, 64, [3, 96, 91], [false, true]).await
}

pub(super) async fn group_norm(gpu: &Rc<Gpu>, c: usize, [n, h, w]: [usize; 3], [film, silu]: [bool; 2]) -> Result<f32, String> {
    compare(gpu, &[input(1, [n, h, w, c]), input(6, [n, 1, 1, 2 * c])], |device, maps| {
        group(c, 32, device).forward(&maps[0], film.then_some(&maps[1]), silu)
    })
    .await
}

pub(super) async fn group_norm_large_mean(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let values = |count| numbers(1, count).map(|v| 1000.0 + 3f32.sqrt() * v).collect::<Vec<f32>>();
    let small = group_norm_exact(gpu, values(16 * 16 * 32), [16, 16]).await?;
    Ok(small.max(group_norm_exact(gpu, values(96 * 64 * 32), [96, 64]).await?))
}

pub(super) async fn group_norm_outlier(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for [h, w] in [[16, 16], [96, 64]] {
        let mut values: Vec<f32> = numbers(1, h * w * 32).collect();
        values[..32].fill(1000.0);
        worst = worst.max(group_norm_exact(gpu, values, [h, w]).await?);
    }
    Ok(worst)
}

/// `[1, h, w, 32]`, one channel per group, against statistics in f64.
pub(super) async fn group_norm_exact(gpu: &Rc<Gpu>, values: Vec<f32>, [h, w]: [usize; 2]) -> Result<f32, String> {
    let device = &gpu.device;
    let norm = GroupNorm { gamma: Tensor::ones([32], device), beta: Tensor::zeros([32], device), groups: 32, eps: 1e-6 };
    let inputs = [Input { data: values.clone(), dims: [1, h, w, 32] }];
    let result = on_gpu(gpu, &inputs, |_, maps| norm.forward(&maps[0], None, false)).await?;
    let mut errors = Vec::new();
    for c in 0..32 {
        let channel = || values[c..].iter().step_by(32).map(|&v| f64::from(v));
        let count = channel().count() as f64;
        let mean = channel().sum::<f64>() / count;
        let variance = channel().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
        for (v, &y) in channel().zip(result[c..].iter().step_by(32)) {
            let expected = (v - mean) / (variance + 1e-6).sqrt();
            errors.push(((f64::from(y) - expected).abs() / expected.abs().max(1.0)) as f32);
        }
    }
    worst(errors.into_iter())
}

pub(super) async fn group_norm_batch(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let small = batch(gpu, [9, 10, 64], |device, map| group(64, 32, device).forward(map, None, true)).await?;
    Ok(small.max(batch(gpu, [19, 20, 64], |device, map| group(64, 32, device).forward(map, None, true)).await?))
}

pub(super) async fn rms_norm_layers(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for size in [[1, 1, 1], [1, 5, 7], [2, 13, 21]] {
        for c in [48, 64, 96] {
            for fused in [[false, true], [true, true], [true, false]] {
                worst = worst.max(rms_norm(gpu, c, size, fused).await?);
            }
        }
    }
    Ok(worst)
}

pub(super) async fn rms_norm_folded(gpu: &Rc<Gpu>) -> Result<f32, String> {
    rms_norm(gpu, 4, [1, 301, 203], [false, false]).await
}

pub(super) async fn rms_norm(gpu: &Rc<Gpu>, c: usize, [n, h, w]: [usize; 3], [film, silu]: [bool; 2]) -> Result<f32, String> {
    compare(gpu, &[input(1, [n, h, w, c]), input(6, [n, 1, 1, 2 * c])], |device, maps| {
        pixel(c, device).forward(&maps[0], film.then_some(&maps[1]), silu)
    })
    .await
}

pub(super) async fn rms_norm_batch(gpu: &Rc<Gpu>) -> Result<f32, String> {
    batch(gpu, [9, 10, 48], |device, map| pixel(48, device).forward(map, None, true)).await
}
