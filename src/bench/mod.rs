//! What the benchmarks measure, the same natively (`benches/kernels.rs`) and in a page (`www/bench/`): layers of the
//! networks and whole networks, beside the most that the adapter can do.

use crate::compute::Compute;
use crate::convert::published::Task;
use crate::gpu::{Gpu, Node, Program, peak};
use crate::layer::{ConvShape, MaskKind};
use crate::model::resblock::ResBlock;
use crate::model::swin::SwinLayer;
use crate::model::{Denoiser, Latent};
use crate::ops::{Conv2d, GroupNorm, Map, WindowAttention, attention};
use crate::paper::schedule::Schedule;
use crate::weights::{Weights, Zeros};
use crate::{Error, Result};
use serde::Serialize;
use std::rc::Rc;

/// Seconds of one measurement, about.
const SECONDS: f64 = 0.4;
/// Side of the low-resolution tile.
const SIDE: usize = 64;
/// Most multiplications of a layer that an emulated GPU computes in no time to speak of.
const LIGHT: f64 = 1e8;

/// How a network runs: which convolution, and what its maps are stored as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// As rows name it.
    pub name: &'static str,
    /// [`Gpu::set_tiled`].
    pub tiled: bool,
    /// [`Gpu::set_half_maps`].
    pub half: bool,
}

/// All of them.
pub const VARIANTS: [Variant; 3] = [
    Variant { name: "registers", tiled: false, half: false },
    Variant { name: "tiles", tiled: true, half: false },
    Variant { name: "tiles f16", tiled: true, half: true },
];

/// A network, or a layer of one, on maps of one size.
pub struct Case<'a> {
    /// As rows name it.
    pub name: String,
    /// `[n, h, w, c]` of its inputs.
    pub sizes: Vec<[usize; 4]>,
    /// What is recorded.
    pub network: Box<dyn Fn(&[Map]) -> Map + 'a>,
}

/// A layer of one of the networks, alone.
#[derive(Debug, Clone, Copy)]
pub enum Layer {
    /// A convolution, and the side of its input.
    Conv(ConvShape, usize),
    /// Group norm with SiLU and the 3x3 convolution behind it: channels, side.
    Normed(usize, usize),
    /// A residual block of the UNet: channels, side.
    Residual(usize, usize),
    /// A layer of the UNet with two Swin blocks, the second shifted: channels, side.
    Swin(usize, usize),
    /// The attention in its windows alone: side.
    Windows(usize),
    /// Attention over all pixels: channels, side.
    Attention(usize, usize),
}

/// The layers that matter: the released UNet's, in the order of their cost, the autoencoder's, the compact model's.
pub fn layers() -> Vec<Layer> {
    let same = |c_in, c_out, side| Layer::Conv(ConvShape::same(c_in, c_out, 3), side);
    let linear = |c_in, c_out, side| Layer::Conv(ConvShape::same(c_in, c_out, 1), side);
    vec![
        same(160, 160, 64),
        same(320, 320, 32),
        same(640, 320, 32),
        same(320, 160, 64),
        same(640, 640, 8),
        same(320, 320, 16),
        Layer::Conv(ConvShape::up(320, 320), 32),
        Layer::Conv(ConvShape::down(160, 160, 1, 1), 64),
        linear(192, 768, 64),
        linear(192, 576, 64),
        linear(640, 320, 32),
        same(160, 3, 64),
        same(256, 256, 128),
        same(64, 64, 64),
        same(96, 96, 32),
        same(192, 192, 16),
        Layer::Conv(ConvShape::up(96, 64), 32),
        Layer::Normed(160, 64),
        Layer::Normed(320, 32),
        Layer::Residual(160, 64),
        Layer::Swin(160, 64),
        Layer::Windows(64),
        Layer::Attention(512, 32),
    ]
}

impl Layer {
    /// Whether it is quick on an emulated GPU, too.
    pub fn is_light(&self) -> bool {
        match *self {
            Layer::Conv(s, side) => {
                let taps = if s.upsample { 4 } else { s.kernel * s.kernel };
                (s.output(side).pow(2) * s.c_in * s.c_out * taps) as f64 <= LIGHT
            }
            _ => false,
        }
    }

    /// As rows name it.
    pub fn name(&self) -> String {
        let (what, side) = match *self {
            Layer::Conv(s, side) => {
                let kind = match s {
                    ConvShape { upsample: true, .. } => "up",
                    ConvShape { stride: 2, .. } => "conv3x3s2",
                    ConvShape { kernel: 1, .. } => "conv1x1",
                    _ => "conv3x3",
                };
                (format!("{kind} {}->{}", s.c_in, s.c_out), side)
            }
            Layer::Normed(c, side) => (format!("groupnorm, silu, conv3x3 {c}->{c}"), side),
            Layer::Residual(c, side) => (format!("residual block {c}"), side),
            Layer::Swin(c, side) => (format!("swin layer {c}"), side),
            Layer::Windows(side) => ("window attention".into(), side),
            Layer::Attention(c, side) => (format!("attention {c}"), side),
        };
        format!("{what} @{side}x{side}")
    }

    /// The layer with weights of 0: time does not depend on them.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if it cannot be built.
    pub fn case(&self, compute: &Compute) -> Result<Case<'static>> {
        let zeros = |c: usize| compute.weight(vec![0.0; c], [c]);
        let conv = |s: ConvShape| {
            let shape = [s.c_out, s.c_in, s.kernel, s.kernel];
            Conv2d::new(compute.weight(vec![0.0; shape.iter().product()], shape), zeros(s.c_out), s)
        };
        let weights = Weights::new(Zeros, compute);
        let unet = Task::X4.unet();
        let (sizes, network): (_, Box<dyn Fn(&[Map]) -> Map>) = match *self {
            Layer::Conv(s, side) => {
                let layer = conv(s);
                (vec![[1, side, side, s.c_in]], Box::new(move |maps| layer.forward(&maps[0])))
            }
            Layer::Normed(c, side) => {
                let (gamma, beta) = (compute.weight(vec![1.0; c], [c]), zeros(c));
                let (norm, layer) = (GroupNorm { gamma, beta, groups: 32, eps: 1e-5 }, conv(ConvShape::same(c, c, 3)));
                (vec![[1, side, side, c]], Box::new(move |maps| layer.forward(&norm.forward(&maps[0], None, true))))
            }
            Layer::Residual(c, side) => {
                let emb = 4 * unet.model_channels;
                let block = ResBlock::load(&weights, c, c, emb)?;
                (vec![[1, side, side, c], [1, 1, 1, emb]], Box::new(move |maps| block.forward(&maps[0], &maps[1])))
            }
            Layer::Swin(c, side) => {
                let layer = SwinLayer::load(&weights, &unet, c, side)?;
                (vec![[1, side, side, c]], Box::new(move |maps| layer.forward(&maps[0])))
            }
            Layer::Windows(side) => {
                let table = compute.weight(vec![0.0; 225 * 6], [225, 6]);
                let windows = WindowAttention { table, heads: 6, window: 8, shift: 4, mask: MaskKind::Released };
                (vec![[1, side, side, 576]], Box::new(move |maps| windows.forward(&maps[0])))
            }
            Layer::Attention(c, side) => {
                (vec![[1, side, side, c]; 3], Box::new(|maps| attention(&maps[0], &maps[1], &maps[2])))
            }
        };
        Ok(Case { name: self.name(), sizes, network })
    }
}

/// A step of a model, and its decoder and encoder, for one tile.
pub fn networks<'a>(
    name: &str,
    latent: &'a dyn Latent,
    denoiser: &'a dyn Denoiser,
    schedule: &Schedule,
) -> Vec<Case<'a>> {
    let mut cases = vec![
        Case {
            name: format!("{name} step"),
            sizes: denoiser.sizes([1, SIDE, SIDE], latent, schedule),
            network: Box::new(move |maps| denoiser.predict(maps)),
        },
        Case {
            name: format!("{name} decoder"),
            sizes: vec![[1, SIDE, SIDE, latent.channels()], [1, SIDE, SIDE, 3]],
            network: Box::new(move |maps| latent.decode(&maps[0], &maps[1])),
        },
    ];
    if latent.has_encoder() {
        cases.push(Case {
            name: format!("{name} encoder"),
            sizes: vec![[1, SIDE, SIDE, 3]],
            network: Box::new(move |maps| latent.encode(&maps[0])),
        });
    }
    cases
}

/// What the adapter can do at most.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Adapter {
    /// Its own name, where it tells.
    pub adapter: String,
    /// Whether it runs on the CPU.
    pub emulated: bool,
    /// Whether it has f16.
    pub f16: bool,
    /// Fused multiply-adds in registers, each two operations.
    pub peak_gflops: f64,
    /// Bytes read and written by a copy.
    pub copy_gb_s: f64,
}

/// One measurement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Case and variant.
    pub name: String,
    /// Median of a run.
    pub ms: f64,
    /// Least.
    pub ms_min: f64,
    /// Two operations for every multiplication that the kernels make, by the median.
    pub gflops: f64,
    /// Share of [`Adapter::peak_gflops`].
    pub of_peak: f64,
    /// Bytes that the kernels must read and write, by the median.
    pub gb_s: f64,
    /// Share of [`Adapter::copy_gb_s`].
    pub of_bandwidth: f64,
    /// Dispatches of a run.
    pub dispatches: usize,
    /// Megabytes that the kernels must read and write.
    pub mb: f64,
}

/// A GPU under measurement.
pub struct Bench {
    gpu: Rc<Gpu>,
    rounds: usize,
    /// Seconds since some moment.
    now: fn() -> f64,
    adapter: Adapter,
}

impl Bench {
    /// Measures the adapter itself, with kernels that do nothing else.
    ///
    /// # Errors
    /// [`Error::Gpu`] if it fails.
    pub async fn new(gpu: Rc<Gpu>, rounds: usize, now: fn() -> f64) -> Result<Self> {
        let adapter = Adapter {
            adapter: gpu.name.clone(),
            emulated: gpu.software,
            f16: gpu.f16,
            peak_gflops: 0.0,
            copy_gb_s: 0.0,
        };
        let mut bench = Self { gpu, rounds, now, adapter };
        // Emulated GPUs take a moment for what a real one does in no time.
        let (count, rounds_of_fma, copied) =
            if bench.gpu.software { (1 << 12, 4, 1 << 22) } else { (1 << 18, 64, 1 << 24) };
        let [_, fma] = bench.alone(count, |x| peak::multiply_add(x, rounds_of_fma)).await?;
        let [_, copy] = bench.alone(copied, peak::copy).await?;
        bench.adapter.peak_gflops = round((count * rounds_of_fma * peak::OPERATIONS) as f64 / fma / 1e9);
        bench.adapter.copy_gb_s = round((8 * copied) as f64 / copy / 1e9);
        Ok(bench)
    }

    /// What the adapter can do at most.
    pub fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    /// The forms that this GPU has.
    pub fn variants(&self) -> impl Iterator<Item = Variant> {
        let f16 = self.gpu.f16;
        VARIANTS.into_iter().filter(move |variant| f16 || !variant.half)
    }

    async fn alone(&self, count: usize, kernel: impl Fn(&Node) -> Node) -> Result<[f64; 2]> {
        self.time(&Program::new(&self.gpu, &[[1, 1, 1, count]], |inputs| kernel(&inputs[0]))?).await
    }

    /// Measures a case.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the GPU fails.
    pub async fn measure(&self, case: &Case<'_>, variant: Variant) -> Result<Row> {
        self.choose(variant);
        let stage = Compute::Gpu(self.gpu.clone()).prepare(&case.sizes, &case.network)?;
        let program = stage.program().ok_or_else(|| Error::Internal("a program was expected".into()))?;
        let (cost, [median, least]) = (program.cost(), self.time(program).await?);
        let (gflops, gb_s) = (2e-9 * cost.macs as f64 / median, 1e-9 * cost.bytes as f64 / median);
        Ok(Row {
            name: format!("{}, {}", case.name, variant.name),
            ms: round(median * 1e3),
            ms_min: round(least * 1e3),
            gflops: round(gflops),
            of_peak: round(gflops / self.adapter.peak_gflops),
            gb_s: round(gb_s),
            of_bandwidth: round(gb_s / self.adapter.copy_gb_s),
            dispatches: cost.dispatches,
            mb: round(cost.bytes as f64 / 1e6),
        })
    }

    /// Has the GPU record in this variant from now on.
    pub fn choose(&self, variant: Variant) {
        self.gpu.set_tiled(variant.tiled);
        self.gpu.set_half_maps(variant.half);
    }

    /// Seconds of a run: median and least of some rounds, each as many runs as fill their share of the time.
    async fn time(&self, program: &Program) -> Result<[f64; 2]> {
        let run = async |times: usize| -> Result<f64> {
            let begin = (self.now)();
            program.repeat(times).await?;
            Ok(((self.now)() - begin) / times as f64)
        };
        let first = run(1).await?.min(run(1).await?);
        let times = ((SECONDS / self.rounds as f64 / first) as usize).clamp(1, 1000);
        let mut all = Vec::with_capacity(self.rounds);
        for _ in 0..self.rounds {
            all.push(run(times).await?);
        }
        all.sort_by(f64::total_cmp);
        Ok([all[self.rounds / 2], all[0]])
    }
}

/// To four significant digits.
fn round(x: f64) -> f64 {
    format!("{x:.3e}").parse().unwrap_or(x)
}
