//! A short measurement of a device: how long it takes for about the work of one evaluation of the smallest shipped network
//! on 64x64 pixels. The clock is handed in.

use super::Compute;
use crate::gpu::{self, Gpu};
use crate::layer::ConvShape;
use crate::ops::Conv2d;
use crate::{Error, Result, limits};
use std::rc::Rc;

/// Pixels a side.
pub const SIDE: usize = 64;
/// Time of an evaluation of the compact network, the default, as a multiple of the measurement's.
pub const COMPACT: f64 = limits::EVALUATION_COMPACT;
const CHANNELS: usize = 48;
/// 3x3 convolutions, one after the other: 1.0e9 multiplications.
const LAYERS: usize = 12;
/// Most repetitions, and the milliseconds after which no other one begins.
const REPETITIONS: usize = 8;
const ENOUGH_MS: f64 = 120.0;
/// Multiply-adds of one repetition.
const MACS: f64 = (LAYERS * SIDE * SIDE * CHANNELS * CHANNELS * 9) as f64;
/// Longest that one submission should keep a GPU busy.
const SUBMIT_MS: f64 = 100.0;
/// Share of the time of the convolution through workgroup memory below which the one in registers is taken: it has norms
/// written out, which the measurement leaves out.
const REGISTERS_WIN: f64 = 0.8;
/// A GPU that is faster than this needs no comparison: no CPU is.
const SURELY_MS: f64 = 4.0;

/// What a device was measured at, in milliseconds; the least of several times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// The GPU with weights in f32.
    pub gpu: f64,
    /// The GPU with weights and maps in f16, where it has them and they come out right.
    pub half: Option<f64>,
    /// One thread of the CPU; `None` where the GPU left no doubt.
    pub cpu: Option<f64>,
    /// Whether the GPU was faster with workgroup memory; `None` where that was not asked.
    pub tiled: Option<bool>,
}

impl Measured {
    /// The GPU's time, with the faster numbers.
    pub fn fastest(&self) -> f64 {
        self.half.map_or(self.gpu, |half| half.min(self.gpu))
    }

    /// Whether the GPU is the faster one.
    pub fn gpu_wins(&self) -> bool {
        self.cpu.is_none_or(|cpu| self.fastest() < cpu)
    }

    /// Whether f16 is no slower; it takes half the memory.
    pub fn half_wins(&self) -> bool {
        self.half.is_some_and(|half| half <= 1.05 * self.gpu)
    }

    /// Has the GPU use the faster convolution and the faster numbers, and end its submissions after 100 ms.
    pub fn apply(&self, gpu: &Gpu) {
        if let Some(tiled) = self.tiled {
            gpu.set_tiled(tiled);
        }
        gpu.set_half_maps(self.half_wins());
        gpu.set_submit_macs((MACS * SUBMIT_MS / self.fastest().max(0.01)) as u64);
    }
}

/// Measures both devices. `now`: milliseconds since some moment; `self_test` says whether a GPU computes correctly.
///
/// # Errors
/// [`Error::Gpu`] if the GPU fails.
pub async fn measure(
    gpu: &Rc<Gpu>,
    now: fn() -> f64,
    self_test: impl AsyncFn(&Rc<Gpu>) -> Result<()>,
) -> Result<Measured> {
    let compute = Compute::Gpu(gpu.clone());
    let mut measured = Measured { gpu: milliseconds(&compute, false, now).await?, half: None, cpu: None, tiled: None };
    // That emulated GPUs are slow at barriers is known, and their time is short.
    if !gpu.software {
        let tiled = measured.gpu;
        gpu.set_tiled(false);
        let registers = milliseconds(&compute, false, now).await?;
        measured.tiled = Some(registers > REGISTERS_WIN * tiled);
        measured.gpu = if registers > REGISTERS_WIN * tiled { tiled } else { registers };
        measured.apply(gpu);
    }
    if gpu.f16 {
        gpu.set_half_maps(true);
        // A GPU that is right in f32 alone is still a GPU.
        if self_test(gpu).await.is_ok() {
            measured.half = Some(milliseconds(&compute, true, now).await?);
        }
        gpu.set_half_maps(false);
    }
    compute.clean_up();
    gpu::take_error().map_or(Ok(()), |error| Err(Error::Gpu(error)))?;
    if measured.gpu > SURELY_MS {
        measured.cpu = Some(milliseconds(&Compute::cpu(), false, now).await?);
    }
    Ok(measured)
}

/// For a GPU that was not ready after `gpu` milliseconds.
///
/// # Errors
/// [`Error::Internal`] if the CPU fails.
pub async fn slower_than(gpu: f64, now: fn() -> f64) -> Result<Measured> {
    Ok(Measured { gpu, half: None, cpu: Some(milliseconds(&Compute::cpu(), false, now).await?), tiled: None })
}

async fn milliseconds(compute: &Compute, half: bool, now: fn() -> f64) -> Result<f64> {
    // As large as keeps the numbers of one layer near those of the one before.
    let weight = vec![1.0 / (9 * CHANNELS) as f32; 9 * CHANNELS * CHANNELS];
    let weight = compute.weight(weight, [CHANNELS, CHANNELS, 3, 3]);
    let bias = compute.weight(vec![0.0; CHANNELS], [CHANNELS]);
    let layer = Conv2d::packed(weight, bias, ConvShape::same(CHANNELS, CHANNELS, 3), half);
    let stage = compute
        .prepare(&[[1, SIDE, SIDE, CHANNELS]], |maps| (0..LAYERS).fold(maps[0].clone(), |x, _| layer.forward(&x)))?;
    let input = vec![1.0; SIDE * SIDE * CHANNELS];
    // The first one compiles.
    stage.start(&[&input]).finish().await?;
    let (begin, mut least) = (now(), f64::INFINITY);
    for _ in 0..REPETITIONS {
        let before = now();
        stage.start(&[&input]).finish().await?;
        least = least.min(now() - before);
        if now() - begin > ENOUGH_MS {
            break;
        }
    }
    Ok(least)
}
