//! What the checks share: numbers, layers of them, and the comparison with the CPU.

use crate::compute::{Compute, read};
use crate::gpu::Gpu;
use crate::gpu::copy_map;
use crate::layer::ConvShape;
use crate::ops::{Conv2d, GroupNorm, Map, RmsNorm, Weight};
use std::rc::Rc;

pub(super) fn conv(s: ConvShape, compute: &Compute) -> Conv2d {
    let fan_in = (s.c_in * s.kernel * s.kernel) as f32;
    let weight = random(2, [s.c_out, s.c_in, s.kernel, s.kernel], compute, |v| v * (3.0 / fan_in).sqrt());
    Conv2d::new(weight, random(3, [s.c_out], compute, |v| v), s)
}

pub(super) fn group(c: usize, groups: usize, compute: &Compute) -> GroupNorm {
    let RmsNorm { gamma, beta } = pixel(c, compute);
    GroupNorm { gamma, beta, groups, eps: 1e-5 }
}

pub(super) fn pixel(c: usize, compute: &Compute) -> RmsNorm {
    RmsNorm { gamma: random(2, [c], compute, |v| v + 1.0), beta: random(3, [c], compute, |v| v) }
}

/// An input of a comparison.
pub(super) struct Input {
    pub(super) data: Vec<f32>,
    pub(super) dims: [usize; 4],
}

pub(super) fn input(seed: u32, dims: [usize; 4]) -> Input {
    Input { data: numbers(seed, dims.iter().product()).collect(), dims }
}

/// Largest difference between `network` on the GPU and on the CPU.
pub(super) async fn compare(
    gpu: &Rc<Gpu>,
    inputs: &[Input],
    network: impl Fn(&Compute, &[Map]) -> Map,
) -> Result<f32, String> {
    let result = on_gpu(gpu, inputs, &network).await?;
    let cpu = Compute::cpu();
    let map = |x: &Input| Map::Host(cpu.weight(x.data.clone(), x.dims).host());
    let expected = network(&cpu, &inputs.iter().map(map).collect::<Vec<_>>()).host();
    difference(&result, &read(expected).await.map_err(|e| e.to_string())?)
}

pub(super) async fn on_gpu(
    gpu: &Rc<Gpu>,
    inputs: &[Input],
    network: impl Fn(&Compute, &[Map]) -> Map,
) -> Result<Vec<f32>, String> {
    let sizes: Vec<[usize; 4]> = inputs.iter().map(|input| input.dims).collect();
    let compute = Compute::Gpu(gpu.clone());
    // Inputs and outputs are always f32: only a copy can be f16.
    let copied = |map: &Map| Map::Gpu(copy_map(&map.node().materialize()));
    let network = |maps: &[Map]| match gpu.half_maps() {
        false => network(&compute, maps),
        true => copied(&network(&compute, &maps.iter().map(copied).collect::<Vec<_>>())),
    };
    let stage = compute.prepare(&sizes, network).map_err(|e| e.to_string())?;
    stage.program().into_iter().for_each(|program| program.poison());
    let data: Vec<&[f32]> = inputs.iter().map(|input| input.data.as_slice()).collect();
    stage.start(&data).finish().await.map_err(|e| e.to_string())
}

/// Largest difference between `network` dispatched in small parts and in whole.
pub(super) async fn in_parts(
    gpu: &Rc<Gpu>,
    inputs: &[Input],
    network: impl Fn(&Compute, &[Map]) -> Map,
) -> Result<f32, String> {
    let whole = on_gpu(gpu, inputs, &network).await?;
    let before = gpu.submit_macs();
    gpu.set_submit_macs(100_000);
    let parts = on_gpu(gpu, inputs, &network).await;
    gpu.set_submit_macs(before);
    difference(&parts?, &whole)
}

/// Largest difference between `f` of two pictures at once and of each alone.
pub(super) async fn batch(
    gpu: &Rc<Gpu>,
    [h, w, c]: [usize; 3],
    f: impl Fn(&Compute, &Map) -> Map,
) -> Result<f32, String> {
    let [a, b] = [4, 5].map(|seed| input(seed, [1, h, w, c]));
    let both = Input { data: [&a.data[..], &b.data[..]].concat(), dims: [2, h, w, c] };
    let network = |compute: &Compute, maps: &[Map]| f(compute, &maps[0]);
    let mut alone = on_gpu(gpu, &[a], network).await?;
    alone.extend(on_gpu(gpu, &[b], network).await?);
    difference(&on_gpu(gpu, &[both], network).await?, &alone)
}

pub(super) fn difference(result: &[f32], expected: &[f32]) -> Result<f32, String> {
    if result.len() != expected.len() {
        return Err(format!("the result has {} numbers, expected {}", result.len(), expected.len()));
    }
    let largest = expected.iter().fold(1f32, |m, v| m.max(v.abs()));
    worst(result.iter().zip(expected).map(|(a, b)| (a - b).abs() / largest))
}

/// The largest of some errors; NaN, which [`f32::max`] would pass over, is none.
pub(super) fn worst(errors: impl Iterator<Item = f32>) -> Result<f32, String> {
    let mut worst = 0f32;
    for error in errors {
        if error.is_nan() {
            return Err("the result holds NaN".into());
        }
        worst = worst.max(error);
    }
    Ok(worst)
}

/// [`numbers`], each as `f` changes it.
pub(super) fn random<const D: usize>(
    seed: u32,
    shape: [usize; D],
    compute: &Compute,
    f: impl Fn(f32) -> f32,
) -> Weight<D> {
    compute.weight(numbers(seed, shape.iter().product()).map(f).collect(), shape)
}

/// `count` numbers in [-1, 1), the same on every device (an integer hash; 24 bits each).
pub(super) fn numbers(seed: u32, count: usize) -> impl Iterator<Item = f32> {
    (0..count as u32).map(move |i| {
        let mut v = i.wrapping_mul(0x9E37_79B9) ^ seed.wrapping_mul(0x85EB_CA6B);
        v = (v ^ v >> 16).wrapping_mul(0x7FEB_352D);
        v = (v ^ v >> 15).wrapping_mul(0x846C_A68B);
        v ^= v >> 16;
        (v >> 8) as f32 / (1 << 23) as f32 - 1.0
    })
}
