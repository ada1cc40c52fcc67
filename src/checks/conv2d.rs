//! Both forms of the convolution.

use super::compare::{batch, compare, conv, difference, group, in_parts, input, numbers, on_gpu, pixel, random};
use super::shipped;
use crate::compute::Compute;
use crate::gpu::Gpu;
use crate::gpu::{Weight, pack_conv2d};
use crate::layer::{Activation, ConvShape};
use crate::ops::{Conv2d, Map};
use half::f16;
use std::rc::Rc;

pub(super) async fn conv2d_compact(gpu: &Rc<Gpu>) -> Result<f32, String> {
    conv2d_each(gpu, shipped::convolutions().map_err(|e| e.to_string())?, [1, 12, 20]).await
}

pub(super) async fn conv2d_wide(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let layers = vec![
        ConvShape::same(51, 48, 3),
        ConvShape::down(48, 64, 1, 1),
        ConvShape::up(16, 16),
        ConvShape::same(64, 64, 1),
    ];
    conv2d_each(gpu, layers, [1, 101, 83]).await
}

pub(super) async fn conv2d_wide_tiles(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let layers = vec![
        ConvShape::same(6, 70, 3),
        ConvShape::down(8, 130, 1, 1),
        ConvShape::up(8, 66),
        ConvShape::same(20, 72, 1),
    ];
    conv2d_each(gpu, layers, [1, 61, 53]).await
}

pub(super) async fn conv2d_unet(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let same = ConvShape::same;
    let layers = vec![
        same(6, 160, 3),
        same(160, 160, 3),
        ConvShape::down(160, 160, 1, 1),
        same(160, 320, 1),
        same(1280, 640, 3),
        same(960, 640, 1),
        ConvShape::up(320, 320),
        same(192, 768, 1),
        same(768, 192, 1),
        same(192, 576, 1),
        same(160, 3, 3),
    ];
    conv2d_each(gpu, layers, [1, 8, 8]).await
}

pub(super) async fn conv2d_autoencoder(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let same = ConvShape::same;
    let layers = vec![
        same(3, 128, 3),
        ConvShape::down(128, 128, 0, 1),
        same(256, 512, 3),
        same(512, 512, 1),
        same(512, 3, 3),
        same(3, 3, 1),
        same(3, 512, 3),
        ConvShape::up(256, 256),
    ];
    conv2d_each(gpu, layers, [1, 8, 12]).await
}

pub(super) async fn conv2d_odd(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for size in [[1, 1, 1], [1, 2, 3], [2, 7, 5], [3, 1, 9]] {
        let layers = vec![
            ConvShape::same(5, 7, 3),
            ConvShape::same(4, 9, 1),
            ConvShape::same(1, 1, 3),
            ConvShape::down(3, 8, 1, 1),
            ConvShape::down(8, 6, 0, 1),
            ConvShape::up(5, 7),
        ];
        // Without a zero before it, a stride-2 layer needs two pixels.
        let fits = |s: &ConvShape| size[1] + s.pad_begin + s.pad_end >= s.kernel;
        worst = worst.max(conv2d_each(gpu, layers.into_iter().filter(fits).collect(), size).await?);
    }
    Ok(worst)
}

pub(super) async fn conv2d_folded(gpu: &Rc<Gpu>) -> Result<f32, String> {
    conv2d_each(gpu, vec![ConvShape::same(4, 8, 3), ConvShape::same(4, 4, 1)], [2, 150, 131]).await
}

pub(super) async fn conv2d_rows(gpu: &Rc<Gpu>) -> Result<f32, String> {
    conv2d_each(gpu, vec![ConvShape::same(32, 70, 1), ConvShape::same(640, 1280, 1)], [1, 1, 11]).await
}

pub(super) async fn conv2d_each(gpu: &Rc<Gpu>, layers: Vec<ConvShape>, [n, h, w]: [usize; 3]) -> Result<f32, String> {
    let mut worst = 0f32;
    for s in layers {
        let inputs = [input(1, [n, h, w, s.c_in])];
        let error = compare(gpu, &inputs, |compute, maps| conv(s, compute).forward(&maps[0])).await;
        worst = worst.max(error.map_err(|e| format!("{s:?}: {e}"))?);
    }
    Ok(worst)
}

pub(super) async fn conv2d_followed(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for (s, [h, w]) in [
        (ConvShape::same(8, 12, 3), [9, 11]),
        (ConvShape::same(8, 12, 1), [9, 11]),
        (ConvShape::down(8, 7, 1, 1), [8, 12]),
        (ConvShape::up(8, 12), [5, 6]),
    ] {
        for activation in [None, Some(Activation::Silu), Some(Activation::Gelu)] {
            let mut inputs = [input(1, [1, h, w, s.c_in]), input(4, [1, s.output(h), s.output(w), s.c_out])];
            // So large that the activations bend.
            inputs[0].data.iter_mut().for_each(|v| *v *= 3.0);
            let error = compare(gpu, &inputs, |compute, maps| {
                conv(s, compute).forward_with(&maps[0], activation, Some(&maps[1]))
            });
            worst = worst.max(error.await?);
        }
    }
    Ok(worst)
}

pub(super) async fn conv2d_slices(gpu: &Rc<Gpu>) -> Result<f32, String> {
    // The convolutions write into, and read from, parts of one picture; the last reads all of it.
    let same = ConvShape::same;
    compare(gpu, &[input(1, [2, 9, 10, 8])], |compute, maps| {
        let a = conv(same(8, 12, 3), compute).forward(&maps[0]);
        let b = conv(same(12, 20, 3), compute).forward(&a);
        let c = conv(same(20, 16, 1), compute).forward(&group(20, 4, compute).forward(&b, None, true));
        let both = Map::concat(vec![b, a]);
        let all = Map::concat(vec![conv(same(32, 4, 3), compute).forward(&both), c]);
        conv(same(20, 5, 3), compute).forward_with(&group(20, 5, compute).forward(&all, None, true), None, None)
    })
    .await
}

pub(super) async fn conv2d_batch(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for s in [ConvShape::same(9, 12, 3), ConvShape::down(8, 8, 1, 1), ConvShape::up(4, 8), ConvShape::same(8, 8, 1)] {
        worst = worst.max(batch(gpu, [9, 11, s.c_in], |compute, map| conv(s, compute).forward(map)).await?);
    }
    Ok(worst)
}

/// What a slow GPU computes in several submissions.
pub(super) async fn conv2d_parts(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for s in [ConvShape::same(9, 70, 3), ConvShape::down(8, 8, 1, 1), ConvShape::up(8, 20), ConvShape::same(32, 70, 1)]
    {
        let inputs = [input(1, [2, 61, 53, s.c_in]), input(4, [2, s.output(61), s.output(53), s.c_out])];
        let network = |compute: &Compute, maps: &[Map]| conv(s, compute).forward_with(&maps[0], None, Some(&maps[1]));
        worst = worst.max(in_parts(gpu, &inputs, network).await?);
    }
    Ok(worst)
}

/// On a GPU without f16 both layers are the same.
pub(super) async fn conv2d_half(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for s in
        [ConvShape::same(51, 48, 3), ConvShape::down(48, 64, 1, 1), ConvShape::up(16, 16), ConvShape::same(6, 3, 1)]
    {
        // Multiples of 1/64 below 1 are f16 numbers.
        let compute = Compute::from(gpu);
        let weight = random(2, [s.c_out, s.c_in, s.kernel, s.kernel], &compute, |v| (v * 64.0).round() / 64.0);
        let bias = random(3, [s.c_out], &compute, |v| v);
        let kept = Conv2d::packed(weight.clone(), bias.clone(), s, true);
        let plain = Conv2d::new(weight, bias, s);
        let x = [input(1, [1, 13, 9, s.c_in])];
        let kept = on_gpu(gpu, &x, |_, maps| kept.forward(&maps[0])).await?;
        worst = worst.max(difference(&kept, &on_gpu(gpu, &x, |_, maps| plain.forward(&maps[0])).await?)?);
    }
    Ok(worst)
}

/// What `conv2d` has written out before it, `conv2d_tiled` applies itself.
pub(super) async fn conv2d_normed(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for s in
        [ConvShape::same(64, 24, 3), ConvShape::same(64, 72, 1), ConvShape::down(64, 8, 1, 1), ConvShape::up(64, 8)]
    {
        for silu in [false, true] {
            let inputs = [input(1, [2, 9, 10, 64]), input(6, [2, 1, 1, 128])];
            let by_group = compare(gpu, &inputs, |compute, maps| {
                conv(s, compute).forward(&group(64, 32, compute).forward(&maps[0], Some(&maps[1]), silu))
            });
            let by_pixel = compare(gpu, &inputs, |compute, maps| {
                conv(s, compute).forward(&pixel(64, compute).forward(&maps[0], Some(&maps[1]), silu))
            });
            worst = worst.max(by_group.await?).max(by_pixel.await?);
        }
    }
    Ok(worst)
}

/// Weights as they are packed, against their definition.
pub(super) async fn pack_conv2d_layers(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for s in [
        ConvShape::same(5, 7, 3),
        ConvShape::same(51, 48, 3),
        ConvShape::down(8, 12, 1, 1),
        ConvShape::same(6, 3, 1),
        ConvShape::up(5, 9),
    ] {
        for half in [false, true] {
            let k = s.kernel;
            // Multiples of 1/64 below 1 are f16 numbers, and so are their sums.
            let stored: Vec<f32> = numbers(2, s.c_out * s.c_in * k * k).map(|v| (v * 64.0).round() / 64.0).collect();
            let bias: Vec<f32> = numbers(3, s.c_out).collect();
            let (weight, bias) = (Weight::new(gpu, &stored), Weight::new(gpu, &bias));
            let (packed, padded) = pack_conv2d(&weight, &bias, &s, half);
            let read = async |weight: &Weight| weight.read().await.map_err(|e| e.to_string());
            let mut result = read(&packed).await?;
            if packed.is_half() {
                let halves = |v: &f32| [0, 16].map(|bit| f16::from_bits((v.to_bits() >> bit) as u16).to_f32());
                result = result.iter().flat_map(halves).collect();
            }
            worst = worst.max(difference(&result, &packed_by_definition(&stored, &s))?);
            let zeros = vec![0.0; s.c_out.next_multiple_of(8) - s.c_out];
            worst = worst.max(difference(&read(&padded).await?, &[read(&bias).await?, zeros].concat())?);
        }
    }
    Ok(worst)
}

/// `[phases, taps, taps, in, out]` of `w` `[c_out, c_in, k, k]`: each of the 3 taps over doubled pixels is added to the one of
/// the 2x2 pixels that it falls on.
fn packed_by_definition(w: &[f32], s: &ConvShape) -> Vec<f32> {
    let (k, inputs, outputs) = (s.kernel, s.c_in.next_multiple_of(4), s.c_out.next_multiple_of(8));
    let (phases, taps) = if s.upsample { (4, 2) } else { (1, k) };
    let mut packed = vec![0.0; phases * taps * taps * inputs * outputs];
    for (at, v) in w.iter().enumerate() {
        let (x, y, i, o) = (at % k, at / k % k, at / (k * k) % s.c_in, at / (k * k * s.c_in));
        for phase in 0..phases {
            // In an odd position the taps begin one doubled pixel later.
            let tap = |odd: usize, t: usize| if s.upsample { (t + 1 + odd) / 2 - odd } else { t };
            let (row, column) = (tap(phase / 2, y), tap(phase % 2, x));
            packed[(((phase * taps + row) * taps + column) * inputs + i) * outputs + o] += v;
        }
    }
    packed
}
