//! Every kernel against the same operation on the CPU: the numeric tests, in a form that runs natively and in a page.
//!
//! The inputs are drawn from [-1, 1] and the weights scaled so that results are about 1 in size. Errors are the largest
//! difference of a result, relative to the largest number in it where that is above 1.

use crate::ops::{Conv2d, ConvShape, Film, GroupNorm, MaskKind, RmsNorm, WindowAttention, nearest_code};
use burn::tensor::{Device, Tensor, TensorData};
use std::pin::Pin;

/// Sums of up to 11,520 products in f32, in another order than the CPU's: some units of 1e-6 were seen.
const SUMS: f32 = 2e-5;
/// Statistics and exponentials: as much again.
const NORMS: f32 = 2e-5;
/// Inputs around 1000 are multiples of 6e-5 themselves.
const LARGE_MEAN: f32 = 2e-4;
/// The same arithmetic on the same numbers.
const EXACT: f32 = 0.0;

type Outcome<'a> = Pin<Box<dyn Future<Output = Result<f32, String>> + 'a>>;

/// One comparison.
pub struct Check {
    /// The shader's name, a colon, and what is compared.
    pub name: &'static str,
    /// Largest error allowed.
    pub tolerance: f32,
    body: for<'a> fn(&'a Device, &'a Device) -> Outcome<'a>,
}

impl Check {
    /// The largest error found.
    ///
    /// # Errors
    /// A sentence, if the error is above the tolerance or a result could not be read.
    pub async fn run(&self, gpu: &Device, cpu: &Device) -> Result<f32, String> {
        let error = (self.body)(gpu, cpu).await?;
        match error <= self.tolerance {
            true => Ok(error),
            false => Err(format!("differs from the CPU by {error:e}, at most {:e} is expected", self.tolerance)),
        }
    }
}

macro_rules! check {
    ($name:literal, $tolerance:expr, $body:expr) => {
        Check { name: $name, tolerance: $tolerance, body: |gpu, cpu| Box::pin($body(gpu, cpu)) }
    };
}

/// All comparisons.
pub fn all() -> Vec<Check> {
    vec![
        check!("conv2d: layers of the compact model", SUMS, conv2d_compact),
        check!("conv2d: wide tiles", SUMS, conv2d_wide),
        check!("conv2d: layers of the UNet", SUMS, conv2d_unet),
        check!("conv2d: layers of the autoencoder", SUMS, conv2d_autoencoder),
        check!("conv2d: odd sizes", SUMS, conv2d_odd),
        check!("conv2d: more workgroups than one row holds", SUMS, conv2d_folded),
        check!("conv2d: a linear layer over rows", SUMS, conv2d_rows),
        check!("conv2d: two pictures at once are the two alone", EXACT, conv2d_batch),
        check!("conv2d: a picture that is a view", EXACT, conv2d_view),
        check!("conv2d: weights kept as f16 are the same weights", EXACT, conv2d_half),
        check!("group_norm: layers of the UNet and the autoencoder", NORMS, group_norm_layers),
        check!("group_norm: odd sizes", NORMS, group_norm_odd),
        check!("group_norm: more workgroups than one row holds", NORMS, group_norm_folded),
        check!("group_norm: mean 1000, deviation 1", LARGE_MEAN, group_norm_large_mean),
        check!("group_norm: one bright pixel", NORMS, group_norm_outlier),
        check!("group_norm: two pictures at once are the two alone", EXACT, group_norm_batch),
        check!("rms_norm: layers of the compact model", NORMS, rms_norm_layers),
        check!("rms_norm: more workgroups than one row holds", NORMS, rms_norm_folded),
        check!("rms_norm: two pictures at once are the two alone", EXACT, rms_norm_batch),
        check!("window_attention: layers of the UNet", NORMS, window_attention_layers),
        check!("window_attention: small windows and other heads", NORMS, window_attention_odd),
        check!("nearest_code: the released codebook's size", 1e-6, nearest_code_distances),
        check!("nearest_code: the lowest of equal codes", EXACT, nearest_code_ties),
    ]
}

/// A few small ones, for the start of a run.
pub fn quick() -> Vec<Check> {
    vec![
        check!("conv2d", SUMS, |g, c| conv2d(g, c, ConvShape::same(8, 16, 3), [1, 9, 7], Memory::Any)),
        check!("group_norm", NORMS, |g, c| group_norm(g, c, 32, [1, 9, 7], [true, true], Memory::Any)),
        check!("rms_norm", NORMS, |g, c| rms_norm(g, c, 16, [1, 9, 7], [true, true], Memory::Any)),
    ]
}

async fn conv2d_compact(gpu: &Device, cpu: &Device) -> Result<f32, String> {
    let same = ConvShape::same;
    let layers = [
        same(51, 48, 3),
        same(48, 48, 3),
        ConvShape::down(48, 64, 1, 1),
        same(64, 64, 3),
        ConvShape::down(64, 96, 1, 1),
        same(96, 96, 3),
        ConvShape::up(96, 64),
        ConvShape::up(64, 48),
        same(48, 96, 3),
    ];
    conv2d_each(gpu, cpu, &layers, [1, 12, 20]).await
}

async fn conv2d_wide(gpu: &Device, cpu: &Device) -> Result<f32, String> {
    let layers =
        [ConvShape::same(51, 48, 3), ConvShape::down(48, 64, 1, 1), ConvShape::up(16, 16), ConvShape::same(64, 64, 1)];
    conv2d_each(gpu, cpu, &layers, [1, 101, 83]).await
}

async fn conv2d_unet(gpu: &Device, cpu: &Device) -> Result<f32, String> {
    let same = ConvShape::same;
    let layers = [
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
    conv2d_each(gpu, cpu, &layers, [1, 8, 8]).await
}

async fn conv2d_autoencoder(gpu: &Device, cpu: &Device) -> Result<f32, String> {
    let same = ConvShape::same;
    let layers = [
        same(3, 128, 3),
        ConvShape::down(128, 128, 0, 1),
        same(256, 512, 3),
        same(512, 512, 1),
        same(512, 3, 3),
        same(3, 3, 1),
        same(3, 512, 3),
        ConvShape::up(256, 256),
    ];
    conv2d_each(gpu, cpu, &layers, [1, 8, 12]).await
}

async fn conv2d_odd(gpu: &Device, cpu: &Device) -> Result<f32, String> {
    let mut worst = 0f32;
    for size in [[1, 1, 1], [1, 8, 8], [1, 5, 7], [2, 13, 21], [3, 1, 9], [1, 9, 1]] {
        let layers = [
            ConvShape::same(3, 96, 3),
            ConvShape::same(51, 3, 3),
            ConvShape::same(6, 20, 1),
            ConvShape::up(5, 7),
            ConvShape::down(12, 48, 1, 1),
            ConvShape::down(4, 9, 1, 2),
            ConvShape { stride: 2, upsample: true, ..ConvShape::same(7, 56, 3) },
            ConvShape { stride: 2, ..ConvShape::same(8, 40, 1) },
        ];
        worst = worst.max(conv2d_each(gpu, cpu, &layers, size).await?);
    }
    Ok(worst)
}

async fn conv2d_folded(gpu: &Device, cpu: &Device) -> Result<f32, String> {
    conv2d(gpu, cpu, ConvShape::same(3, 3, 3), [1, 521, 517], Memory::Stale).await
}

async fn conv2d_each(gpu: &Device, cpu: &Device, layers: &[ConvShape], size: [usize; 3]) -> Result<f32, String> {
    let mut worst = 0f32;
    for &shape in layers {
        let error =
            conv2d(gpu, cpu, shape, size, Memory::Stale).await.map_err(|e| format!("{shape:?} on {size:?}: {e}"))?;
        worst = worst.max(error);
    }
    Ok(worst)
}

async fn conv2d(
    gpu: &Device,
    cpu: &Device,
    s: ConvShape,
    [n, h, w]: [usize; 3],
    memory: Memory,
) -> Result<f32, String> {
    let x = |device| random(1, [n, h, w, s.c_in], device);
    let (input, layer) = (x(gpu), conv2d_layer(s, gpu));
    prepare(memory, n * s.output(h) * s.output(w) * s.c_out, gpu).await?;
    difference(layer.forward(input), conv2d_layer(s, cpu).forward(x(cpu))).await
}

async fn conv2d_rows(gpu: &Device, cpu: &Device) -> Result<f32, String> {
    let s = ConvShape::same(640, 320, 1);
    let x = |device| random(1, [3, s.c_in], device);
    difference(conv2d_layer(s, gpu).forward_rows(x(gpu)), conv2d_layer(s, cpu).forward_rows(x(cpu))).await
}

async fn conv2d_batch(gpu: &Device, _: &Device) -> Result<f32, String> {
    // Alone in narrow tiles, together in wide ones.
    let layer = conv2d_layer(ConvShape::same(51, 48, 3), gpu);
    batch(gpu, [39, 41, 51], |x| layer.forward(x)).await
}

async fn conv2d_view(gpu: &Device, _: &Device) -> Result<f32, String> {
    let layer = conv2d_layer(ConvShape::same(8, 8, 3), gpu);
    let whole = random(1, [1, 20, 8, 30], gpu);
    let view = whole.permute([0, 1, 3, 2]).slice([0..1, 3..14, 5..28, 0..8]);
    let [n, h, w, c] = view.dims();
    let copy = TensorData::new(read(view.clone()).await?, [n, h, w, c]);
    difference(layer.forward(view), layer.forward(Tensor::from_data(copy, gpu))).await
}

/// On a GPU without f16 both layers are the same.
async fn conv2d_half(gpu: &Device, _: &Device) -> Result<f32, String> {
    let mut worst = 0f32;
    for s in
        [ConvShape::same(51, 48, 3), ConvShape::down(48, 64, 1, 1), ConvShape::up(16, 16), ConvShape::same(6, 3, 1)]
    {
        // Multiples of 1/64 below 1 are f16 numbers.
        let weight = (random(2, [s.c_out, s.c_in, s.kernel, s.kernel], gpu) * 64.0).round() / 64.0;
        let bias = random(3, [s.c_out], gpu);
        let x = random(1, [1, 13, 9, s.c_in], gpu);
        let kept = Conv2d::packed(weight.clone(), bias.clone(), s, true).forward(x.clone());
        worst = worst.max(difference(kept, Conv2d::new(weight, bias, s).forward(x)).await?);
    }
    Ok(worst)
}

fn conv2d_layer(s: ConvShape, device: &Device) -> Conv2d {
    let fan_in = (s.c_in * s.kernel * s.kernel) as f64;
    let weight = random(2, [s.c_out, s.c_in, s.kernel, s.kernel], device) * (3.0 / fan_in).sqrt();
    Conv2d::new(weight, random(3, [s.c_out], device), s)
}

async fn group_norm_layers(gpu: &Device, cpu: &Device) -> Result<f32, String> {
    let mut worst = 0f32;
    for (c, h, w) in
        [(160, 32, 32), (192, 16, 16), (320, 16, 16), (480, 8, 8), (960, 8, 8), (1280, 8, 8), (128, 96, 64)]
    {
        for fused in [[false, true], [true, true], [false, false]] {
            worst = worst.max(group_norm(gpu, cpu, c, [1, h, w], fused, Memory::Stale).await?);
        }
    }
    Ok(worst)
}

async fn group_norm_odd(gpu: &Device, cpu: &Device) -> Result<f32, String> {
    let mut worst = 0f32;
    for size in [[1, 1, 1], [1, 5, 7], [2, 13, 21], [3, 1, 9]] {
        // Two channels per group: a single pixel still has a variance.
        worst = worst.max(group_norm(gpu, cpu, 64, size, [true, true], Memory::Stale).await?);
        worst = worst.max(group_norm(gpu, cpu, 160, size, [false, false], Memory::Stale).await?);
    }
    Ok(worst)
}

async fn group_norm_folded(gpu: &Device, cpu: &Device) -> Result<f32, String> {
    group_norm(gpu, cpu, 64, [3, 96, 91], [false, true], Memory::Stale).await
}

async fn group_norm(
    gpu: &Device,
    cpu: &Device,
    c: usize,
    [n, h, w]: [usize; 3],
    [with_film, silu]: [bool; 2],
    memory: Memory,
) -> Result<f32, String> {
    let run =
        |device: &Device, x| group_norm_layer(c, device).forward(x, with_film.then(|| film([n, c], device)), silu);
    let input = random(1, [n, h, w, c], gpu);
    prepare(memory, n * h * w * c, gpu).await?;
    difference(run(gpu, input), run(cpu, random(1, [n, h, w, c], cpu))).await
}

async fn group_norm_large_mean(gpu: &Device, _: &Device) -> Result<f32, String> {
    let values: Vec<f32> = numbers(1, 96 * 64 * 32).map(|v| 1000.0 + 3f32.sqrt() * v).collect();
    group_norm_exact(gpu, values).await
}

async fn group_norm_outlier(gpu: &Device, _: &Device) -> Result<f32, String> {
    let mut values: Vec<f32> = numbers(1, 96 * 64 * 32).collect();
    values[..32].fill(1000.0);
    group_norm_exact(gpu, values).await
}

/// `[1, 96, 64, 32]`, one channel per group, against statistics in f64.
async fn group_norm_exact(gpu: &Device, values: Vec<f32>) -> Result<f32, String> {
    let norm = GroupNorm { gamma: Tensor::ones([32], gpu), beta: Tensor::zeros([32], gpu), groups: 32, eps: 1e-6 };
    let input = Tensor::from_data(TensorData::new(values.clone(), [1, 96, 64, 32]), gpu);
    let result = read(norm.forward(input, None, false)).await?;
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

async fn group_norm_batch(gpu: &Device, _: &Device) -> Result<f32, String> {
    let norm = group_norm_layer(64, gpu);
    batch(gpu, [9, 10, 64], |x| norm.forward(x, None, true)).await
}

fn group_norm_layer(c: usize, device: &Device) -> GroupNorm {
    let (gamma, beta) = (random(2, [c], device) + 1.0, random(3, [c], device));
    GroupNorm { gamma, beta, groups: 32, eps: 1e-5 }
}

async fn rms_norm_layers(gpu: &Device, cpu: &Device) -> Result<f32, String> {
    let mut worst = 0f32;
    for size in [[1, 1, 1], [1, 5, 7], [2, 13, 21]] {
        for c in [48, 64, 96] {
            for fused in [[false, true], [true, true], [true, false]] {
                worst = worst.max(rms_norm(gpu, cpu, c, size, fused, Memory::Stale).await?);
            }
        }
    }
    Ok(worst)
}

async fn rms_norm_folded(gpu: &Device, cpu: &Device) -> Result<f32, String> {
    rms_norm(gpu, cpu, 4, [1, 301, 203], [false, false], Memory::Stale).await
}

async fn rms_norm(
    gpu: &Device,
    cpu: &Device,
    c: usize,
    [n, h, w]: [usize; 3],
    [with_film, silu]: [bool; 2],
    memory: Memory,
) -> Result<f32, String> {
    let run = |device: &Device, x| rms_norm_layer(c, device).forward(x, with_film.then(|| film([n, c], device)), silu);
    let input = random(1, [n, h, w, c], gpu);
    prepare(memory, n * h * w * c, gpu).await?;
    difference(run(gpu, input), run(cpu, random(1, [n, h, w, c], cpu))).await
}

async fn rms_norm_batch(gpu: &Device, _: &Device) -> Result<f32, String> {
    let norm = rms_norm_layer(48, gpu);
    batch(gpu, [9, 10, 48], |x| norm.forward(x, None, true)).await
}

fn rms_norm_layer(c: usize, device: &Device) -> RmsNorm {
    RmsNorm { gamma: random(2, [c], device) + 1.0, beta: random(3, [c], device) }
}

async fn window_attention_layers(gpu: &Device, cpu: &Device) -> Result<f32, String> {
    let mut worst = 0f32;
    for (shift, mask) in [(0, MaskKind::Released), (4, MaskKind::Released), (4, MaskKind::Textbook)] {
        for size in [[1, 8, 8], [2, 16, 8], [1, 64, 48]] {
            worst = worst.max(window_attention(gpu, cpu, size, [6, 32, 8], shift, mask).await?);
        }
    }
    Ok(worst)
}

async fn window_attention_odd(gpu: &Device, cpu: &Device) -> Result<f32, String> {
    let mut worst = 0f32;
    for mask in [MaskKind::Released, MaskKind::Textbook] {
        for shape in [[2, 4, 4], [1, 64, 2], [3, 12, 6]] {
            let window = shape[2];
            let size = [2, 2 * window, 3 * window];
            worst = worst.max(window_attention(gpu, cpu, size, shape, window / 2, mask).await?);
        }
    }
    Ok(worst)
}

async fn window_attention(
    gpu: &Device,
    cpu: &Device,
    [n, h, w]: [usize; 3],
    [heads, dim, window]: [usize; 3],
    shift: usize,
    mask: MaskKind,
) -> Result<f32, String> {
    let run = |device: &Device, x| {
        let table = random(2, [(2 * window - 1).pow(2), heads], device) * 2.0;
        WindowAttention { table, heads, window, shift, mask }.forward(x)
    };
    // Larger than 1, so that the softmax has something to decide.
    let x = |device| random(1, [n, h, w, 3 * heads * dim], device) * 3.0;
    let input = x(gpu);
    prepare(Memory::Stale, n * h * w * heads * dim, gpu).await?;
    difference(run(gpu, input), run(cpu, x(cpu))).await
}

async fn nearest_code_distances(gpu: &Device, _: &Device) -> Result<f32, String> {
    let (tokens, codes) = (333, 8192);
    let z: Vec<f32> = numbers(1, 3 * tokens).collect();
    let book: Vec<f32> = numbers(2, 3 * codes).collect();
    let index = nearest_code_indices(gpu, &z, &book, 3).await?;
    let mut worst = 0f32;
    for (t, token) in z.chunks_exact(3).enumerate() {
        let distance = |code: &[f32]| token.iter().zip(code).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
        let shortest = book.chunks_exact(3).map(distance).fold(f64::INFINITY, f64::min);
        let chosen = book.chunks_exact(3).nth(index[t]).ok_or(format!("token {t} has no code {}", index[t]))?;
        worst = worst.max((distance(chosen) - shortest) as f32);
    }
    Ok(worst)
}

async fn nearest_code_ties(gpu: &Device, cpu: &Device) -> Result<f32, String> {
    // Every code twice; each token is a code, and there are more tokens than one row of workgroups holds.
    let half: Vec<f32> = numbers(2, 4 * 100).collect();
    let (book, tokens) = (half.repeat(2), half.repeat(170));
    let wrong = |found: Vec<usize>| found.iter().enumerate().filter(|&(t, &code)| code != t % 100).count() as f32;
    let on_gpu = wrong(nearest_code_indices(gpu, &tokens, &book, 4).await?);
    Ok(on_gpu.max(wrong(nearest_code_indices(cpu, &tokens, &book, 4).await?)))
}

async fn nearest_code_indices(device: &Device, z: &[f32], book: &[f32], c: usize) -> Result<Vec<usize>, String> {
    let matrix = |data: &[f32]| Tensor::<2>::from_data(TensorData::new(data.to_vec(), [data.len() / c, c]), device);
    // As floats, which hold every index exactly.
    let index = read(nearest_code(matrix(z), &matrix(book)).float()).await?;
    Ok(index.into_iter().map(|i| i as usize).collect())
}

/// Largest difference between `f` of two pictures at once and of each alone.
async fn batch(gpu: &Device, [h, w, c]: [usize; 3], f: impl Fn(Tensor<4>) -> Tensor<4>) -> Result<f32, String> {
    let (a, b) = (random(4, [1, h, w, c], gpu), random(5, [1, h, w, c], gpu));
    let alone = Tensor::cat(vec![f(a.clone()), f(b.clone())], 0);
    difference(f(Tensor::cat(vec![a, b], 0)), alone).await
}

/// What the memory of a result may hold before it is written.
#[derive(Clone, Copy, PartialEq)]
enum Memory {
    Any,
    /// NaN: what a kernel forgets to write shows.
    Stale,
}

/// Sees to it that the next tensor of `count` numbers starts as `memory`.
async fn prepare(memory: Memory, count: usize, gpu: &Device) -> Result<(), String> {
    if memory == Memory::Any {
        return Ok(());
    }
    for _ in 0..8 {
        // What the pool would hand out next; the product is computed in place, and its memory goes back.
        let next = Tensor::<1>::empty([count], gpu);
        if read(next.clone()).await?.iter().all(|v| v.is_nan()) {
            return Ok(());
        }
        read(next * f32::NAN).await?;
    }
    Err("fresh memory is always clean: what a kernel forgets to write would not show".into())
}

async fn difference<const D: usize>(result: Tensor<D>, expected: Tensor<D>) -> Result<f32, String> {
    if result.dims() != expected.dims() {
        return Err(format!("the shape is {:?}, expected {:?}", result.dims(), expected.dims()));
    }
    let (result, expected) = (read(result).await?, read(expected).await?);
    let largest = expected.iter().fold(1f32, |m, v| m.max(v.abs()));
    worst(result.iter().zip(&expected).map(|(a, b)| (a - b).abs() / largest))
}

/// The largest of some errors; NaN, which [`f32::max`] would pass over, is none.
fn worst(errors: impl Iterator<Item = f32>) -> Result<f32, String> {
    let mut worst = 0f32;
    for error in errors {
        if error.is_nan() {
            return Err("the result holds NaN".into());
        }
        worst = worst.max(error);
    }
    Ok(worst)
}

async fn read<const D: usize>(x: Tensor<D>) -> Result<Vec<f32>, String> {
    let data = x.into_data_async().await.map_err(|e| format!("the result could not be read: {e:?}"))?;
    data.try_to_vec().map_err(|e| format!("the result is not f32: {e:?}"))
}

fn film(shape: [usize; 2], device: &Device) -> Film {
    (random(6, shape, device), random(7, shape, device))
}

fn random<const D: usize>(seed: u32, shape: [usize; D], device: &Device) -> Tensor<D> {
    let values: Vec<f32> = numbers(seed, shape.iter().product()).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// `count` numbers in [-1, 1), the same on every device (an integer hash; 24 bits each).
fn numbers(seed: u32, count: usize) -> impl Iterator<Item = f32> {
    (0..count as u32).map(move |i| {
        let mut v = i.wrapping_mul(0x9E37_79B9) ^ seed.wrapping_mul(0x85EB_CA6B);
        v = (v ^ v >> 16).wrapping_mul(0x7FEB_352D);
        v = (v ^ v >> 15).wrapping_mul(0x846C_A68B);
        v ^= v >> 16;
        (v >> 8) as f32 / (1 << 23) as f32 - 1.0
    })
}
