//! Every kernel against the same operation on the CPU: the numeric tests, in a form that runs natively and in a page.
//!
//! The inputs are drawn from [-1, 1] and the weights scaled so that results are about 1 in size. Errors are the largest
//! difference of a result, relative to the largest number in it where that is above 1. Before each run everything that
//! kernels write is filled with NaN: what one forgets to write shows.

use super::chain::Resident;
use super::device::Gpu;
use super::program::Program;
use crate::compute::{Compute, read};
use crate::diffusion::Gaussian;
use crate::noise;
use crate::ops::{
    Activation, Conv2d, ConvShape, GroupNorm, Map, MaskKind, RmsNorm, WindowAttention, attention, bicubic,
    nearest_code, wiener,
};
use burn::tensor::{Device, Tensor, TensorData};
use std::pin::Pin;
use std::rc::Rc;

/// Sums of up to 11,520 products in f32, in another order than the CPU's: some units of 1e-6 were seen.
const SUMS: f32 = 2e-5;
/// Statistics and exponentials: as much again.
const NORMS: f32 = 2e-5;
/// Inputs around 1000 are multiples of 6e-5 themselves.
const LARGE_MEAN: f32 = 2e-4;
/// The same arithmetic on the same numbers.
const EXACT: f32 = 0.0;
/// One product and one sum of numbers below 16, with or without a fused multiply-add.
const STEP: f32 = 2e-6;

/// Two or three roundings to 11 bits, of numbers up to 4 beside a largest of 1.
const HALF: f32 = 4e-3;

type Outcome<'a> = Pin<Box<dyn Future<Output = Result<f32, String>> + 'a>>;

/// One comparison.
pub struct Check {
    /// The shader's name, a colon, and what is compared.
    pub name: &'static str,
    /// Largest error allowed.
    pub tolerance: f32,
    /// Which form of the convolution it runs; `None`: the one that suits the device.
    tiled: Option<bool>,
    /// Whether maps are stored as f16.
    half: bool,
    body: for<'a> fn(&'a Rc<Gpu>) -> Outcome<'a>,
}

impl Check {
    /// The same with maps stored as f16 on their way to the kernel and from it.
    fn in_half(self) -> Self {
        Self { tolerance: self.tolerance.max(HALF), half: true, ..self }
    }

    /// Its name, with the form of the maps.
    pub fn title(&self) -> String {
        format!("{}{}", self.name, if self.half { ", maps in f16" } else { "" })
    }

    /// The largest error found.
    ///
    /// # Errors
    /// A sentence, if the error is above the tolerance or a result could not be read.
    pub async fn run(&self, gpu: &Rc<Gpu>) -> Result<f32, String> {
        let before = (gpu.tiled(), gpu.half_maps());
        gpu.set_tiled(self.tiled.unwrap_or(before.0));
        gpu.set_half_maps(self.half);
        let outcome = (self.body)(gpu).await;
        gpu.set_tiled(before.0);
        gpu.set_half_maps(before.1);
        let error = outcome?;
        match error <= self.tolerance {
            true => Ok(error),
            false => Err(format!("differs from the CPU by {error:e}, at most {:e} is expected", self.tolerance)),
        }
    }
}

macro_rules! check {
    ($name:literal, $tolerance:expr, $body:expr) => {
        check!($name, $tolerance, None, $body)
    };
    ($name:literal, $tolerance:expr, $tiled:expr, $body:expr) => {
        Check { name: $name, tolerance: $tolerance, tiled: $tiled, half: false, body: |gpu| Box::pin($body(gpu)) }
    };
}

/// All comparisons.
pub fn all() -> Vec<Check> {
    let (registers, tiles) = (Some(false), Some(true));
    vec![
        check!("conv2d: layers of the compact model", SUMS, registers, conv2d_compact),
        check!("conv2d: wide tiles", SUMS, registers, conv2d_wide),
        check!("conv2d: layers of the UNet", SUMS, registers, conv2d_unet),
        check!("conv2d: layers of the autoencoder", SUMS, registers, conv2d_autoencoder),
        check!("conv2d: odd sizes", SUMS, registers, conv2d_odd),
        check!("conv2d: more workgroups than one row holds", SUMS, registers, conv2d_folded),
        check!("conv2d: a linear layer over rows", SUMS, registers, conv2d_rows),
        check!("conv2d: an activation and a residual", SUMS, registers, conv2d_followed),
        check!("conv2d: slices of wider pictures", SUMS, registers, conv2d_slices),
        check!("conv2d: two pictures at once are the two alone", EXACT, registers, conv2d_batch),
        check!("conv2d: weights kept as f16 are the same weights", EXACT, registers, conv2d_half),
        check!("conv2d_tiled: layers of the compact model", SUMS, tiles, conv2d_compact),
        check!("conv2d_tiled: wide tiles", SUMS, tiles, conv2d_wide_tiles),
        check!("conv2d_tiled: layers of the UNet", SUMS, tiles, conv2d_unet),
        check!("conv2d_tiled: layers of the autoencoder", SUMS, tiles, conv2d_autoencoder),
        check!("conv2d_tiled: odd sizes", SUMS, tiles, conv2d_odd),
        check!("conv2d_tiled: more workgroups than one row holds", SUMS, tiles, conv2d_folded),
        check!("conv2d_tiled: a linear layer over rows", SUMS, tiles, conv2d_rows),
        check!("conv2d_tiled: an activation and a residual", SUMS, tiles, conv2d_followed),
        check!("conv2d_tiled: slices of wider pictures", SUMS, tiles, conv2d_slices),
        check!("conv2d_tiled: two pictures at once are the two alone", EXACT, tiles, conv2d_batch),
        check!("conv2d_tiled: weights kept as f16 are the same weights", EXACT, tiles, conv2d_half),
        check!("conv2d_tiled: a norm on the way in", NORMS, tiles, conv2d_normed),
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
        check!("attention: the middle of the autoencoder", NORMS, attention_layers),
        check!("nearest_code: the released codebook's size", 1e-6, nearest_code_distances),
        check!("nearest_code: the lowest of equal codes", EXACT, nearest_code_ties),
        check!("bicubic: enlargement, and the residual on top", NORMS, bicubic_both),
        check!("scale: factors, and pictures side by side", SUMS, scale_and_concat),
        check!("wiener: the compact model's prediction", NORMS, wiener_prediction),
        check!("posterior: a step of the chain with its noise", STEP, posterior_steps),
    ]
}

/// Those of [`all`] that store maps as f16, for a GPU that has it.
pub fn all_in_half() -> Vec<Check> {
    // Inputs around 1000 are no f16 numbers, and codes and noise have no map that is.
    let f32_only = ["group_norm: mean 1000", "group_norm: one bright", "nearest_code", "posterior"];
    let stored = |check: &Check| f32_only.iter().all(|name| !check.name.starts_with(name));
    all().into_iter().filter(stored).map(Check::in_half).collect()
}

/// A few small ones, for the start of a run.
pub fn quick() -> Vec<Check> {
    vec![
        check!("conv2d", SUMS, |g| conv2d_each(g, vec![ConvShape::same(8, 16, 3)], [1, 9, 7])),
        check!("group_norm", NORMS, |g| group_norm(g, 32, [1, 9, 7], [true, true])),
        check!("rms_norm", NORMS, |g| rms_norm(g, 16, [1, 9, 7], [true, true])),
        check!("posterior", STEP, posterior_steps),
    ]
}

/// Those of [`quick`] that store maps as f16.
pub fn quick_in_half() -> Vec<Check> {
    quick().into_iter().filter(|check| check.name != "posterior").map(Check::in_half).collect()
}

async fn conv2d_compact(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let same = ConvShape::same;
    let layers = vec![
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
    conv2d_each(gpu, layers, [1, 12, 20]).await
}

async fn conv2d_wide(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let layers =
        vec![ConvShape::same(51, 48, 3), ConvShape::down(48, 64, 1, 1), ConvShape::up(16, 16), ConvShape::same(64, 64, 1)];
    conv2d_each(gpu, layers, [1, 101, 83]).await
}

async fn conv2d_wide_tiles(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let layers = vec![
        ConvShape::same(6, 70, 3),
        ConvShape::down(8, 130, 1, 1),
        ConvShape::up(8, 66),
        ConvShape::same(20, 72, 1),
    ];
    conv2d_each(gpu, layers, [1, 61, 53]).await
}

async fn conv2d_unet(gpu: &Rc<Gpu>) -> Result<f32, String> {
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

async fn conv2d_autoencoder(gpu: &Rc<Gpu>) -> Result<f32, String> {
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

async fn conv2d_odd(gpu: &Rc<Gpu>) -> Result<f32, String> {
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

async fn conv2d_folded(gpu: &Rc<Gpu>) -> Result<f32, String> {
    conv2d_each(gpu, vec![ConvShape::same(4, 8, 3), ConvShape::same(4, 4, 1)], [2, 150, 131]).await
}

async fn conv2d_rows(gpu: &Rc<Gpu>) -> Result<f32, String> {
    conv2d_each(gpu, vec![ConvShape::same(32, 70, 1), ConvShape::same(640, 1280, 1)], [1, 1, 11]).await
}

async fn conv2d_each(gpu: &Rc<Gpu>, layers: Vec<ConvShape>, [n, h, w]: [usize; 3]) -> Result<f32, String> {
    let mut worst = 0f32;
    for s in layers {
        let inputs = [input(1, [n, h, w, s.c_in])];
        let error = compare(gpu, &inputs, |device, maps| conv(s, device).forward(&maps[0])).await;
        worst = worst.max(error.map_err(|e| format!("{s:?}: {e}"))?);
    }
    Ok(worst)
}

async fn conv2d_followed(gpu: &Rc<Gpu>) -> Result<f32, String> {
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
            let error = compare(gpu, &inputs, |device, maps| {
                conv(s, device).forward_with(&maps[0], activation, Some(&maps[1]))
            });
            worst = worst.max(error.await?);
        }
    }
    Ok(worst)
}

async fn conv2d_slices(gpu: &Rc<Gpu>) -> Result<f32, String> {
    // The convolutions write into, and read from, parts of one picture; the last reads all of it.
    let same = ConvShape::same;
    compare(gpu, &[input(1, [2, 9, 10, 8])], |device, maps| {
        let a = conv(same(8, 12, 3), device).forward(&maps[0]);
        let b = conv(same(12, 20, 3), device).forward(&a);
        let c = conv(same(20, 16, 1), device).forward(&group(20, 4, device).forward(&b, None, true));
        let both = Map::concat(vec![b, a]);
        let all = Map::concat(vec![conv(same(32, 4, 3), device).forward(&both), c]);
        conv(same(20, 5, 3), device).forward_with(&group(20, 5, device).forward(&all, None, true), None, None)
    })
    .await
}

async fn conv2d_batch(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for s in [ConvShape::same(9, 12, 3), ConvShape::down(8, 8, 1, 1), ConvShape::up(4, 8), ConvShape::same(8, 8, 1)] {
        worst = worst.max(batch(gpu, [9, 11, s.c_in], |device, map| conv(s, device).forward(map)).await?);
    }
    Ok(worst)
}

/// On a GPU without f16 both layers are the same.
async fn conv2d_half(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for s in
        [ConvShape::same(51, 48, 3), ConvShape::down(48, 64, 1, 1), ConvShape::up(16, 16), ConvShape::same(6, 3, 1)]
    {
        // Multiples of 1/64 below 1 are f16 numbers.
        let device = &gpu.device;
        let weight = (random(2, [s.c_out, s.c_in, s.kernel, s.kernel], device) * 64.0).round() / 64.0;
        let bias = random(3, [s.c_out], device);
        let kept = Conv2d::packed(weight.clone(), bias.clone(), s, true);
        let plain = Conv2d::new(weight, bias, s);
        let x = [input(1, [1, 13, 9, s.c_in])];
        let kept = on_gpu(gpu, &x, |_, maps| kept.forward(&maps[0])).await?;
        worst = worst.max(difference(&kept, &on_gpu(gpu, &x, |_, maps| plain.forward(&maps[0])).await?)?);
    }
    Ok(worst)
}

/// What `conv2d` has written out before it, `conv2d_tiled` applies itself.
async fn conv2d_normed(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for s in [ConvShape::same(64, 24, 3), ConvShape::same(64, 72, 1), ConvShape::down(64, 8, 1, 1), ConvShape::up(64, 8)]
    {
        for silu in [false, true] {
            let inputs = [input(1, [2, 9, 10, 64]), input(6, [2, 1, 1, 128])];
            let by_group = compare(gpu, &inputs, |device, maps| {
                conv(s, device).forward(&group(64, 32, device).forward(&maps[0], Some(&maps[1]), silu))
            });
            let by_pixel = compare(gpu, &inputs, |device, maps| {
                conv(s, device).forward(&pixel(64, device).forward(&maps[0], Some(&maps[1]), silu))
            });
            worst = worst.max(by_group.await?).max(by_pixel.await?);
        }
    }
    Ok(worst)
}

async fn group_norm_layers(gpu: &Rc<Gpu>) -> Result<f32, String> {
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

async fn group_norm_odd(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for size in [[1, 1, 1], [1, 5, 7], [2, 13, 21], [3, 1, 9], [2, 17, 19]] {
        // Two channels per group: a single pixel still has a variance.
        worst = worst.max(group_norm(gpu, 64, size, [true, true]).await?);
        worst = worst.max(group_norm(gpu, 160, size, [false, false]).await?);
    }
    Ok(worst)
}

async fn group_norm_folded(gpu: &Rc<Gpu>) -> Result<f32, String> {
    group_norm(gpu, 64, [3, 96, 91], [false, true]).await
}

async fn group_norm(gpu: &Rc<Gpu>, c: usize, [n, h, w]: [usize; 3], [film, silu]: [bool; 2]) -> Result<f32, String> {
    compare(gpu, &[input(1, [n, h, w, c]), input(6, [n, 1, 1, 2 * c])], |device, maps| {
        group(c, 32, device).forward(&maps[0], film.then_some(&maps[1]), silu)
    })
    .await
}

async fn group_norm_large_mean(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let values = |count| numbers(1, count).map(|v| 1000.0 + 3f32.sqrt() * v).collect::<Vec<f32>>();
    let small = group_norm_exact(gpu, values(16 * 16 * 32), [16, 16]).await?;
    Ok(small.max(group_norm_exact(gpu, values(96 * 64 * 32), [96, 64]).await?))
}

async fn group_norm_outlier(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for [h, w] in [[16, 16], [96, 64]] {
        let mut values: Vec<f32> = numbers(1, h * w * 32).collect();
        values[..32].fill(1000.0);
        worst = worst.max(group_norm_exact(gpu, values, [h, w]).await?);
    }
    Ok(worst)
}

/// `[1, h, w, 32]`, one channel per group, against statistics in f64.
async fn group_norm_exact(gpu: &Rc<Gpu>, values: Vec<f32>, [h, w]: [usize; 2]) -> Result<f32, String> {
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

async fn group_norm_batch(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let small = batch(gpu, [9, 10, 64], |device, map| group(64, 32, device).forward(map, None, true)).await?;
    Ok(small.max(batch(gpu, [19, 20, 64], |device, map| group(64, 32, device).forward(map, None, true)).await?))
}

async fn rms_norm_layers(gpu: &Rc<Gpu>) -> Result<f32, String> {
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

async fn rms_norm_folded(gpu: &Rc<Gpu>) -> Result<f32, String> {
    rms_norm(gpu, 4, [1, 301, 203], [false, false]).await
}

async fn rms_norm(gpu: &Rc<Gpu>, c: usize, [n, h, w]: [usize; 3], [film, silu]: [bool; 2]) -> Result<f32, String> {
    compare(gpu, &[input(1, [n, h, w, c]), input(6, [n, 1, 1, 2 * c])], |device, maps| {
        pixel(c, device).forward(&maps[0], film.then_some(&maps[1]), silu)
    })
    .await
}

async fn rms_norm_batch(gpu: &Rc<Gpu>) -> Result<f32, String> {
    batch(gpu, [9, 10, 48], |device, map| pixel(48, device).forward(map, None, true)).await
}

async fn window_attention_layers(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for (shift, mask) in [(0, MaskKind::Released), (4, MaskKind::Released), (4, MaskKind::Textbook)] {
        for size in [[1, 8, 8], [2, 16, 8], [1, 64, 48]] {
            worst = worst.max(window_attention(gpu, size, [6, 32, 8], shift, mask).await?);
        }
    }
    Ok(worst)
}

async fn window_attention_odd(gpu: &Rc<Gpu>) -> Result<f32, String> {
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

async fn window_attention(
    gpu: &Rc<Gpu>,
    [n, h, w]: [usize; 3],
    [heads, dim, window]: [usize; 3],
    shift: usize,
    mask: MaskKind,
) -> Result<f32, String> {
    // Larger than 1, so that the softmax has something to decide.
    let qkv = Input { data: numbers(1, n * h * w * 3 * heads * dim).map(|v| 3.0 * v).collect(), dims: [n, h, w, 3 * heads * dim] };
    compare(gpu, &[qkv], |device, maps| {
        let table = random(2, [(2 * window - 1).pow(2), heads], device) * 2.0;
        WindowAttention { table, heads, window, shift, mask }.forward(&maps[0])
    })
    .await
}

async fn attention_layers(gpu: &Rc<Gpu>) -> Result<f32, String> {
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

async fn nearest_code_distances(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let (tokens, codes) = (333, 8192);
    let z: Vec<f32> = numbers(1, 3 * tokens).collect();
    let book: Vec<f32> = numbers(2, 3 * codes).collect();
    let (code, index) = nearest_codes(gpu, &z, &book, 3).await?;
    let mut worst = 0f32;
    for (t, token) in z.chunks_exact(3).enumerate() {
        let distance = |code: &[f32]| token.iter().zip(code).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
        let shortest = book.chunks_exact(3).map(distance).fold(f64::INFINITY, f64::min);
        let chosen = book.chunks_exact(3).nth(index[t]).ok_or(format!("token {t} has no code {}", index[t]))?;
        if chosen != &code[3 * t..3 * t + 3] {
            return Err(format!("token {t} got another code than {}", index[t]));
        }
        worst = worst.max((distance(chosen) - shortest) as f32);
    }
    Ok(worst)
}

async fn nearest_code_ties(gpu: &Rc<Gpu>) -> Result<f32, String> {
    // Every code twice; each token is a code, and there are more tokens than one row of workgroups holds.
    let half: Vec<f32> = numbers(2, 4 * 100).collect();
    let (book, tokens) = (half.repeat(2), half.repeat(170));
    let (_, index) = nearest_codes(gpu, &tokens, &book, 4).await?;
    Ok(index.iter().enumerate().filter(|&(t, &code)| code != t % 100).count() as f32)
}

/// Codes and indices.
async fn nearest_codes(gpu: &Rc<Gpu>, z: &[f32], book: &[f32], c: usize) -> Result<(Vec<f32>, Vec<usize>), String> {
    let book = Tensor::<2>::from_data(TensorData::new(book.to_vec(), [book.len() / c, c]), &gpu.device);
    let z = [Input { data: z.to_vec(), dims: [1, 1, z.len() / c, c] }];
    let code = on_gpu(gpu, &z, |_, maps| nearest_code(&maps[0], &book).0).await?;
    let index = on_gpu(gpu, &z, |_, maps| nearest_code(&maps[0], &book).1).await?;
    Ok((code, index.into_iter().map(|i| i as usize).collect()))
}

async fn bicubic_both(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for [h, w] in [[1, 1], [2, 3], [9, 13]] {
        let inputs = [input(1, [2, h, w, 3]), input(2, [2, h, w, 48])];
        worst = worst.max(compare(gpu, &inputs, |_, maps| bicubic(&maps[0], None)).await?);
        worst = worst.max(compare(gpu, &inputs, |_, maps| bicubic(&maps[0], Some(&maps[1]))).await?);
    }
    Ok(worst)
}

async fn scale_and_concat(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for [a, b] in [[48, 3], [3, 3], [8, 4]] {
        let inputs = [input(1, [2, 5, 7, a]), input(2, [2, 5, 7, b]), input(3, [1, 1, 1, a])];
        // The scaled part is read by itself before and after it is put beside the other.
        for (before, after) in [(false, false), (true, false), (false, true)] {
            let network = |device: &Device, maps: &[Map]| {
                let scaled = maps[0].scale(&maps[2]);
                let layer = conv(ConvShape::same(a, 4, 1), device);
                let mut parts = Vec::new();
                if before {
                    parts.push(layer.forward(&scaled));
                }
                let whole = Map::concat(vec![scaled.clone(), maps[1].clone()]);
                if after {
                    parts.push(layer.forward(&scaled));
                }
                parts.push(whole);
                if parts.len() == 1 { parts.remove(0) } else { Map::concat(parts) }
            };
            worst = worst.max(compare(gpu, &inputs, network).await?);
        }
    }
    Ok(worst)
}

async fn wiener_prediction(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let factor = |seed| input(seed, [1, 1, 1, 48]);
    let mut network = input(2, [1, 6, 7, 96]);
    network.data.iter_mut().for_each(|v| *v *= 4.0);
    // Far out the gate is closed, and nothing overflows.
    network.data[0] = -1000.0;
    let inputs = [input(1, [1, 6, 7, 48]), network, factor(3), factor(4)];
    compare(gpu, &inputs, |_, maps| wiener(&maps[0], &maps[1], &maps[2], &maps[3])).await
}

async fn posterior_steps(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for (c, seed) in [(48, 7), (3, 1 << 40 | 99)] {
        let dims = [1, 5, 9, c];
        let y0 = input(1, dims).data;
        let program = Program::new(gpu, &[dims, [1, 1, 1, c]], |nodes| {
            Map::Gpu(nodes[0].clone()).scale(&Map::Gpu(nodes[1].clone())).node().clone()
        });
        let program = Rc::new(program.map_err(|e| e.to_string())?);
        program.poison();
        let chain = Resident::new(gpu, program, dims, &y0, seed);
        let half = vec![0.5; c];
        let steps = [(Gaussian { a: 1.0, b: 0.0, std: 0.0 }, 2.0), (Gaussian { a: 0.75, b: 0.5, std: 0.0 }, 0.25)];
        let mut expected = y0;
        let mut row = vec![0.0; 9 * c];
        for (draw, (q, std)) in (0..).zip(steps) {
            chain.advance(q, std, draw, &[Some(&half)]).await.map_err(|e| e.to_string())?;
            for (y, line) in expected.chunks_exact_mut(9 * c).enumerate() {
                noise::fill_row(&mut row, seed, draw, y as u32, 0, c);
                for (x, n) in line.iter_mut().zip(&row) {
                    // The program halves its input, so x0 was half of x_t.
                    *x = (q.a + 0.5 * q.b) as f32 * *x + std as f32 * n;
                }
            }
        }
        let expected: Vec<f32> = expected.iter().map(|x| 0.5 * x).collect();
        worst = worst.max(difference(&chain.x0().await.map_err(|e| e.to_string())?, &expected)?);
    }
    Ok(worst)
}

fn conv(s: ConvShape, device: &Device) -> Conv2d {
    let fan_in = (s.c_in * s.kernel * s.kernel) as f64;
    let weight = random(2, [s.c_out, s.c_in, s.kernel, s.kernel], device) * (3.0 / fan_in).sqrt();
    Conv2d::new(weight, random(3, [s.c_out], device), s)
}

fn group(c: usize, groups: usize, device: &Device) -> GroupNorm {
    let (gamma, beta) = (random(2, [c], device) + 1.0, random(3, [c], device));
    GroupNorm { gamma, beta, groups, eps: 1e-5 }
}

fn pixel(c: usize, device: &Device) -> RmsNorm {
    RmsNorm { gamma: random(2, [c], device) + 1.0, beta: random(3, [c], device) }
}

/// An input of a comparison.
struct Input {
    data: Vec<f32>,
    dims: [usize; 4],
}

fn input(seed: u32, dims: [usize; 4]) -> Input {
    Input { data: numbers(seed, dims.iter().product()).collect(), dims }
}

/// Largest difference between `network` on the GPU and on the CPU.
async fn compare(
    gpu: &Rc<Gpu>,
    inputs: &[Input],
    network: impl Fn(&Device, &[Map]) -> Map,
) -> Result<f32, String> {
    let result = on_gpu(gpu, inputs, &network).await?;
    let device = Device::flex();
    let map = |x: &Input| Map::Host(Tensor::from_data(TensorData::new(x.data.clone(), x.dims), &device));
    let expected = network(&device, &inputs.iter().map(map).collect::<Vec<_>>()).host();
    difference(&result, &read(expected).await.map_err(|e| e.to_string())?)
}

async fn on_gpu(
    gpu: &Rc<Gpu>,
    inputs: &[Input],
    network: impl Fn(&Device, &[Map]) -> Map,
) -> Result<Vec<f32>, String> {
    let sizes: Vec<[usize; 4]> = inputs.iter().map(|input| input.dims).collect();
    let compute = Compute::Gpu(gpu.clone());
    // Inputs and outputs are always f32: only a copy can be f16.
    let copied = |map: &Map| Map::Gpu(super::scale::copy(&map.node().settled()));
    let network = |maps: &[Map]| match gpu.half_maps() {
        false => network(&gpu.device, maps),
        true => copied(&network(&gpu.device, &maps.iter().map(copied).collect::<Vec<_>>())),
    };
    let stage = compute.prepare(&sizes, network).map_err(|e| e.to_string())?;
    stage.program().into_iter().for_each(|program| program.poison());
    let data: Vec<&[f32]> = inputs.iter().map(|input| input.data.as_slice()).collect();
    stage.start(&data).finish().await.map_err(|e| e.to_string())
}

/// Largest difference between `f` of two pictures at once and of each alone.
async fn batch(gpu: &Rc<Gpu>, [h, w, c]: [usize; 3], f: impl Fn(&Device, &Map) -> Map) -> Result<f32, String> {
    let [a, b] = [4, 5].map(|seed| input(seed, [1, h, w, c]));
    let both = Input { data: [&a.data[..], &b.data[..]].concat(), dims: [2, h, w, c] };
    let network = |device: &Device, maps: &[Map]| f(device, &maps[0]);
    let mut alone = on_gpu(gpu, &[a], network).await?;
    alone.extend(on_gpu(gpu, &[b], network).await?);
    difference(&on_gpu(gpu, &[both], network).await?, &alone)
}

fn difference(result: &[f32], expected: &[f32]) -> Result<f32, String> {
    if result.len() != expected.len() {
        return Err(format!("the result has {} numbers, expected {}", result.len(), expected.len()));
    }
    let largest = expected.iter().fold(1f32, |m, v| m.max(v.abs()));
    worst(result.iter().zip(expected).map(|(a, b)| (a - b).abs() / largest))
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
