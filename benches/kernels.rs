//! Our kernels and networks on this machine's GPU, beside what the adapter can do at most: `cargo bench`.
//!
//! One line of JSON per measurement: median and least time of a run in ms, GFLOP/s, GB/s, and the shares of the adapter's
//! own peaks, which two small kernels measure first, in the same process. Arguments: words that a measurement's name must
//! contain, `--rounds N`.

use pollster::block_on;
use resshift::compute::Compute;
use resshift::gpu::{Gpu, Program, peak};
use resshift::model::config::{ModelConfig, UNetConfig, VqConfig};
use resshift::model::{Denoiser, Latent, Model, swin_vq};
use resshift::ops::{Conv2d, ConvShape, GroupNorm, Map, MaskKind, WindowAttention, attention};
use resshift::schedule::{Schedule, ScheduleConfig};
use resshift::weights::{SafetensorsSource, TensorSource, Weights};
use burn::tensor::Tensor;
use serde_json::json;
use std::rc::Rc;
use std::time::Instant;

/// Time of one measurement, about.
const SECONDS: f64 = 0.4;

struct Bench {
    gpu: Rc<Gpu>,
    words: Vec<String>,
    rounds: usize,
    /// Operations per second.
    peak: f64,
    /// Bytes per second.
    bandwidth: f64,
}

/// Seconds of a run: median and least of some rounds, each as many runs as fill their share of the time.
fn time(program: &Program, rounds: usize) -> [f64; 2] {
    let run = |times: usize| {
        let begin = Instant::now();
        block_on(program.repeat(times)).expect("the GPU failed");
        begin.elapsed().as_secs_f64() / times as f64
    };
    let first = run(1).min(run(1));
    let times = ((SECONDS / rounds as f64 / first) as usize).clamp(1, 1000);
    let mut all: Vec<f64> = (0..rounds).map(|_| run(times)).collect();
    all.sort_by(f64::total_cmp);
    [all[rounds / 2], all[0]]
}

impl Bench {
    fn new() -> Self {
        let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
        let (mut words, mut rounds) = (Vec::new(), 5);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--rounds" => rounds = arguments.next().and_then(|n| n.parse().ok()).expect("--rounds needs a number"),
                _ => words.push(argument),
            }
        }
        let gpu = block_on(resshift::gpu::open()).expect("no GPU");
        // Emulated GPUs take a moment for what a real one does in no time.
        let (size, rounds_of_fma) = if gpu.software { (1 << 12, 4) } else { (1 << 18, 64) };
        let program = |count: usize, f: &dyn Fn(&resshift::gpu::Node) -> resshift::gpu::Node| {
            Program::new(&gpu, &[[1, 1, 1, count]], |inputs| f(&inputs[0])).expect("the GPU failed")
        };
        let fma = program(size, &|x| peak::multiply_add(x, rounds_of_fma));
        let peak = (size * rounds_of_fma * peak::OPERATIONS) as f64 / time(&fma, rounds)[1];
        let count = if gpu.software { 1 << 22 } else { 1 << 24 };
        let copy = program(count, &|x| peak::copy(x));
        let bandwidth = (8 * count) as f64 / time(&copy, rounds)[1];
        let bench = Self { gpu, words, rounds, peak, bandwidth };
        println!(
            "{}",
            json!({ "adapter": bench.gpu.name, "emulated": bench.gpu.software, "f16": bench.gpu.f16,
                "peak_gflops": round(peak / 1e9), "copy_gb_s": round(bandwidth / 1e9) })
        );
        bench
    }

    /// Measures a network with both forms of the convolution, and with maps in f16 where the GPU has it.
    fn measure(&self, name: &str, sizes: &[[usize; 4]], network: impl Fn(&[Map]) -> Map) {
        let forms = [("registers", false, false), ("tiles", true, false), ("tiles f16", true, true)];
        for (form, tiled, half) in forms.into_iter().filter(|&(.., half)| self.gpu.f16 || !half) {
            let name = format!("{name}, {form}");
            if !self.words.iter().all(|word| name.contains(word.as_str())) {
                continue;
            }
            self.gpu.set_tiled(tiled);
            self.gpu.set_half_maps(half);
            let stage = Compute::Gpu(self.gpu.clone()).prepare(sizes, &network).expect("the GPU failed");
            let program = stage.program().expect("a GPU runs programs");
            let (cost, [median, least]) = (program.cost(), time(program, self.rounds));
            let (flops, bytes) = (2.0 * cost.macs as f64 / median, cost.bytes as f64 / median);
            println!(
                "{}",
                json!({ "name": name, "ms": round(median * 1e3), "ms_min": round(least * 1e3),
                    "gflops": round(flops / 1e9), "of_peak": round(flops / self.peak),
                    "gb_s": round(bytes / 1e9), "of_bandwidth": round(bytes / self.bandwidth),
                    "dispatches": cost.dispatches, "mb": round(cost.bytes as f64 / 1e6) })
            );
        }
    }

    fn conv(&self, s: ConvShape, [h, w]: [usize; 2]) {
        let device = &self.gpu.device;
        let weight = Tensor::zeros([s.c_out, s.c_in, s.kernel, s.kernel], device);
        let layer = Conv2d::new(weight, Tensor::zeros([s.c_out], device), s);
        let kind = match s {
            ConvShape { upsample: true, .. } => "up",
            ConvShape { stride: 2, .. } => "conv3x3s2",
            ConvShape { kernel: 1, .. } => "conv1x1",
            _ => "conv3x3",
        };
        let name = format!("{kind} {}->{} @{h}x{w}", s.c_in, s.c_out);
        self.measure(&name, &[[1, h, w, s.c_in]], |maps| layer.forward(&maps[0]));
    }

    /// Group norm with SiLU, and the 3x3 convolution behind it.
    fn normed(&self, c: usize, side: usize) {
        let device = &self.gpu.device;
        let norm =
            GroupNorm { gamma: Tensor::ones([c], device), beta: Tensor::zeros([c], device), groups: 32, eps: 1e-5 };
        let weight = Tensor::zeros([c, c, 3, 3], device);
        let layer = Conv2d::new(weight, Tensor::zeros([c], device), ConvShape::same(c, c, 3));
        let name = format!("groupnorm, silu, conv3x3 {c}->{c} @{side}x{side}");
        self.measure(&name, &[[1, side, side, c]], |maps| layer.forward(&norm.forward(&maps[0], None, true)));
    }

    /// A step of a model, and its encoder and decoder, for a low-resolution tile of 64 x 64.
    fn model(&self, name: &str, latent: &dyn Latent, denoiser: &dyn Denoiser, schedule: &Schedule) {
        let mut sizes = vec![[1, 64, 64, latent.channels()], [1, 64, 64, 3]];
        self.measure(&format!("{name} decoder"), &sizes, |maps| latent.decode(&maps[0], &maps[1]));
        sizes.extend(denoiser.level(schedule, 0).iter().map(|v| [1, 1, 1, v.len()]));
        self.measure(&format!("{name} step"), &sizes, |maps| {
            denoiser.predict_x0(maps[0].clone(), maps[1].clone(), &maps[2..])
        });
        if latent.encodes() {
            self.measure(&format!("{name} encoder"), &[[1, 64, 64, 3]], |maps| latent.encode(&maps[0]));
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| name.contains(word.as_str()) || word.contains(name))
    }
}

/// Weights of any shape, all 0: time does not depend on them.
struct Zeros;

impl TensorSource for Zeros {
    fn read(&self, _: &str, shape: &[usize]) -> resshift::Result<Vec<f32>> {
        Ok(vec![0.0; shape.iter().product()])
    }
}

/// To four significant digits.
fn round(x: f64) -> f64 {
    format!("{x:.3e}").parse().unwrap_or(x)
}

fn main() {
    let bench = Bench::new();
    let same = ConvShape::same;
    // The released UNet's, in the order of their cost; then the autoencoder's; then the compact model's.
    for (s, side) in [
        (same(160, 160, 3), 64),
        (same(320, 320, 3), 32),
        (same(640, 320, 3), 32),
        (same(320, 160, 3), 64),
        (same(640, 640, 3), 8),
        (same(320, 320, 3), 16),
        (ConvShape::up(320, 320), 32),
        (ConvShape::down(160, 160, 1, 1), 64),
        (same(192, 768, 1), 64),
        (same(192, 576, 1), 64),
        (same(640, 320, 1), 32),
        (same(160, 3, 3), 64),
        (same(256, 256, 3), 128),
        (same(48, 48, 3), 64),
        (same(64, 64, 3), 32),
        (same(96, 96, 3), 16),
        (ConvShape::up(64, 48), 32),
    ] {
        bench.conv(s, [side, side]);
    }
    bench.normed(160, 64);
    bench.normed(320, 32);
    let table = Tensor::zeros([225, 6], &bench.gpu.device);
    let windows = WindowAttention { table, heads: 6, window: 8, shift: 4, mask: MaskKind::Released };
    bench.measure("window attention @64x64", &[[1, 64, 64, 576]], |maps| windows.forward(&maps[0]));
    bench.measure("attention 512 @32x32", &[[1, 32, 32, 512]; 3], |maps| attention(&maps[0], &maps[1], &maps[2]));

    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/models/compact/");
    let read = |name: &str| std::fs::read(format!("{folder}{name}")).expect("the default model is missing");
    let config = ModelConfig::parse(&read("model.json")).expect("model.json");
    let shards = config.shards.iter().map(|shard| read(&shard.name)).collect();
    let source = SafetensorsSource::new(shards).expect("the default model's weights");
    let model = Model::load(config, &Weights::new(source, &bench.gpu.device)).expect("the default model");
    let schedule = Schedule::new(model.config.schedule).expect("its schedule");
    bench.model("compact", &*model.latent, &*model.denoiser, &schedule);

    // Hundreds of GMAC: only when asked for on an emulated GPU.
    if bench.words.iter().any(|word| word.contains("released")) || (!bench.gpu.software && bench.wants("released")) {
        let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/keys_full.json");
        let keys: serde_json::Value =
            serde_json::from_slice(&std::fs::read(keys).expect("keys_full.json")).expect("keys_full.json");
        let unet: UNetConfig = serde_json::from_value(keys["configs"]["unet_realsr_x4"].clone()).expect("a config");
        let vq: VqConfig = serde_json::from_value(keys["configs"]["vq_f4"].clone()).expect("a config");
        let weights = Weights::new(Zeros, &bench.gpu.device);
        let (latent, denoiser) = swin_vq::load(&unet, &vq, &weights, &weights).expect("the released networks");
        let schedule = Schedule::new(ScheduleConfig::new(15, 0.3, 2.0)).expect("a schedule");
        bench.model("released", &*latent, &*denoiser, &schedule);
    }
}
