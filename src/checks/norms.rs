//! Group norm and the per-pixel norm.

use super::compare::{Input, batch, compare, conv, group, input, numbers, on_gpu, pixel, worst};
use super::shipped;
use crate::compute::Compute;
use crate::gpu::Gpu;
use crate::layer::ConvShape;
use crate::ops::{GroupNorm, Map};
use std::rc::Rc;

/// Layers whose pictures one workgroup per group suffices for.
pub(super) async fn group_norm_small_layers(gpu: &Rc<Gpu>) -> Result<f32, String> {
    group_norms(gpu, &[(192, 16, 16), (320, 16, 16), (480, 8, 8), (960, 8, 8), (1280, 8, 8)]).await
}

pub(super) async fn group_norm_large_layers(gpu: &Rc<Gpu>) -> Result<f32, String> {
    group_norms(gpu, &[(160, 32, 32), (128, 96, 64)]).await
}

/// One chunk of a picture and many, with one film for all pictures and with one for each.
pub(super) async fn group_norm_combined(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for size in [[1, 1, 257], [2, 1, 257], [2, 61, 53]] {
        for films in [1, size[0]] {
            let [n, h, w] = size;
            let inputs = [input(1, [n, h, w, 64]), input(6, [films, 1, 1, 128])];
            let error =
                compare(gpu, &inputs, |compute, maps| group(64, 32, compute).forward(&maps[0], Some(&maps[1]), false));
            worst = worst.max(error.await?);
        }
    }
    Ok(worst)
}

async fn group_norms(gpu: &Rc<Gpu>, layers: &[(usize, usize, usize)]) -> Result<f32, String> {
    let mut worst = 0f32;
    for &(c, h, w) in layers {
        for fused in [[false, true], [true, true], [false, false]] {
            worst = worst.max(group_norm(gpu, c, [1, h, w], fused).await?);
        }
    }
    Ok(worst)
}

pub(super) async fn group_norm_small_odd(gpu: &Rc<Gpu>) -> Result<f32, String> {
    group_norm_odd(gpu, &[[1, 1, 1], [1, 5, 7], [3, 1, 9]]).await
}

pub(super) async fn group_norm_large_odd(gpu: &Rc<Gpu>) -> Result<f32, String> {
    group_norm_odd(gpu, &[[2, 13, 21], [2, 17, 19]]).await
}

async fn group_norm_odd(gpu: &Rc<Gpu>, sizes: &[[usize; 3]]) -> Result<f32, String> {
    let mut worst = 0f32;
    for &size in sizes {
        // Two channels per group: a single pixel still has a variance.
        worst = worst.max(group_norm(gpu, 64, size, [true, true]).await?);
        worst = worst.max(group_norm(gpu, 160, size, [false, false]).await?);
    }
    Ok(worst)
}

pub(super) async fn group_norm_folded(gpu: &Rc<Gpu>) -> Result<f32, String> {
    group_norm(gpu, 64, [3, 96, 91], [false, true]).await
}

pub(super) async fn group_norm(
    gpu: &Rc<Gpu>,
    c: usize,
    [n, h, w]: [usize; 3],
    [film, silu]: [bool; 2],
) -> Result<f32, String> {
    compare(gpu, &[input(1, [n, h, w, c]), input(6, [n, 1, 1, 2 * c])], |compute, maps| {
        group(c, 32, compute).forward(&maps[0], film.then_some(&maps[1]), silu)
    })
    .await
}

pub(super) async fn group_norm_small_mean(gpu: &Rc<Gpu>) -> Result<f32, String> {
    group_norm_mean(gpu, [16, 16]).await
}

pub(super) async fn group_norm_large_mean(gpu: &Rc<Gpu>) -> Result<f32, String> {
    group_norm_mean(gpu, [96, 64]).await
}

async fn group_norm_mean(gpu: &Rc<Gpu>, [h, w]: [usize; 2]) -> Result<f32, String> {
    group_norm_exact(gpu, numbers(1, h * w * 32).map(|v| 1000.0 + 3f32.sqrt() * v).collect(), [h, w]).await
}

pub(super) async fn group_norm_small_outlier(gpu: &Rc<Gpu>) -> Result<f32, String> {
    group_norm_outlier(gpu, [16, 16]).await
}

pub(super) async fn group_norm_large_outlier(gpu: &Rc<Gpu>) -> Result<f32, String> {
    group_norm_outlier(gpu, [96, 64]).await
}

async fn group_norm_outlier(gpu: &Rc<Gpu>, [h, w]: [usize; 2]) -> Result<f32, String> {
    let mut values: Vec<f32> = numbers(1, h * w * 32).collect();
    values[..32].fill(1000.0);
    group_norm_exact(gpu, values, [h, w]).await
}

/// `[1, h, w, 32]`, one channel per group, against statistics in f64.
pub(super) async fn group_norm_exact(gpu: &Rc<Gpu>, values: Vec<f32>, [h, w]: [usize; 2]) -> Result<f32, String> {
    let all = |v: f32| Compute::from(gpu).weight(vec![v; 32], [32]);
    let norm = GroupNorm { gamma: all(1.0), beta: all(0.0), groups: 32, eps: 1e-6 };
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

pub(super) async fn group_norm_small_batch(gpu: &Rc<Gpu>) -> Result<f32, String> {
    batch(gpu, [9, 10, 64], |compute, map| group(64, 32, compute).forward(map, None, true)).await
}

pub(super) async fn group_norm_large_batch(gpu: &Rc<Gpu>) -> Result<f32, String> {
    batch(gpu, [19, 20, 64], |compute, map| group(64, 32, compute).forward(map, None, true)).await
}

/// Both norms written out, of a whole picture and of a slice of a wider one.
pub(super) async fn norm_apply_both(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for silu in [false, true] {
        let inputs = [input(1, [2, 9, 11, 16]), input(2, [2, 9, 11, 8])];
        let slice = |compute: &Compute, maps: &[Map]| {
            let written = conv(ConvShape::same(16, 8, 1), compute).forward(&maps[0]);
            // A slice from here on.
            let wide = Map::concat(vec![written.clone(), maps[1].clone()]);
            (written, wide)
        };
        let by_group = compare(gpu, &inputs, |compute, maps| {
            let (written, wide) = slice(compute, maps);
            Map::concat(vec![
                group(8, 4, compute).forward(&written, None, silu),
                group(16, 4, compute).forward(&wide, None, silu),
            ])
        });
        let by_pixel = compare(gpu, &inputs, |compute, maps| {
            let (written, wide) = slice(compute, maps);
            Map::concat(vec![
                pixel(8, compute).forward(&written, None, silu),
                pixel(16, compute).forward(&wide, None, silu),
            ])
        });
        worst = worst.max(by_group.await?).max(by_pixel.await?);
    }
    Ok(worst)
}

pub(super) async fn rms_norm_layers(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let channels = shipped::norm_channels().map_err(|e| e.to_string())?;
    let mut worst = 0f32;
    for size in [[1, 1, 1], [1, 5, 7], [2, 13, 21]] {
        for &c in &channels {
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

pub(super) async fn rms_norm(
    gpu: &Rc<Gpu>,
    c: usize,
    [n, h, w]: [usize; 3],
    [film, silu]: [bool; 2],
) -> Result<f32, String> {
    compare(gpu, &[input(1, [n, h, w, c]), input(6, [n, 1, 1, 2 * c])], |compute, maps| {
        pixel(c, compute).forward(&maps[0], film.then_some(&maps[1]), silu)
    })
    .await
}

pub(super) async fn rms_norm_batch(gpu: &Rc<Gpu>) -> Result<f32, String> {
    batch(gpu, [9, 10, 48], |compute, map| pixel(48, compute).forward(map, None, true)).await
}
