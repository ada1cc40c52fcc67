//! Our kernels and networks on this machine's GPU, beside what the adapter can do at most: `cargo bench`.
//!
//! One line of JSON per measurement: see [`resshift::bench`]. Arguments: words that a measurement's name must contain,
//! `--rounds N`.

use pollster::block_on;
use resshift::bench::{Bench, Case, Variant, layers, networks};
use resshift::chain::run_context::Unwatched;
use resshift::compute::Compute;
use resshift::convert::published::{self, Task};
use resshift::gpu::Gpu;
use resshift::image::Picture;
use resshift::model::Model;
use resshift::model::config::{Arch, Licence, ModelConfig};
use resshift::paper::schedule::{Schedule, ScheduleConfig};
use resshift::upscaler::{Options, Upscaler};
use resshift::weights::{Weights, Zeros};
use serde_json::json;
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::Instant;

/// Side of the low-resolution tile.
const SIDE: usize = 64;

struct Arguments {
    words: Vec<String>,
    rounds: usize,
}

impl Arguments {
    fn read() -> Self {
        let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
        let (mut words, mut rounds) = (Vec::new(), 5);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--rounds" => rounds = arguments.next().and_then(|n| n.parse().ok()).expect("--rounds needs a number"),
                _ => words.push(argument),
            }
        }
        Self { words, rounds }
    }

    fn want(&self, case: &str, variant: Variant) -> bool {
        let name = format!("{case}, {}", variant.name);
        self.words.iter().all(|word| name.contains(word.as_str()))
    }

    fn name(&self, model: &str) -> bool {
        self.words.iter().any(|word| word.contains(model))
    }
}

fn seconds() -> f64 {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed().as_secs_f64()
}

fn measure(bench: &Bench, arguments: &Arguments, case: &Case<'_>) {
    for variant in bench.variants().filter(|&variant| arguments.want(&case.name, variant)) {
        let row = block_on(bench.measure(case, variant)).expect("the GPU failed");
        println!("{}", json!(row));
    }
}

/// A model's networks alone, and whole tiles: from low-resolution pixels to pixels, everything on the host included.
fn model(bench: &Bench, arguments: &Arguments, gpu: &Rc<Gpu>, config: &ModelConfig) {
    let name = config.name.as_str();
    let weights = Weights::new(Zeros, gpu);
    let parts = Model::load(config.clone(), &weights).expect("a model");
    let schedule = Schedule::new(config.schedule).expect("a schedule");
    for case in networks(name, &*parts.latent, &*parts.denoiser, &schedule) {
        measure(bench, arguments, &case);
    }
    drop(parts);
    let y0_alone = (config.share_of_y0() > 0.0).then_some(0);
    for steps in y0_alone.into_iter().chain([4, 15]) {
        let case = format!("{name} tile, {steps} steps");
        for variant in bench.variants().filter(|&variant| arguments.want(&case, variant)) {
            bench.choose(variant);
            let upscaler = Upscaler::build(config.clone(), Zeros, &Compute::Gpu(gpu.clone())).expect("a model");
            let picture = Picture { width: SIDE, height: SIDE, rgb: vec![0.5; 3 * SIDE * SIDE], alpha: None };
            let options = Options { steps: Some(steps), ..Options::default() };
            let run = || {
                let begin = Instant::now();
                block_on(upscaler.upscale(&picture, &options, &mut Unwatched)).expect("the GPU failed");
                begin.elapsed().as_secs_f64() * 1e3
            };
            // The first one compiles.
            run();
            let mut times: Vec<f64> = (0..arguments.rounds).map(|_| run()).collect();
            times.sort_by(f64::total_cmp);
            let name = format!("{case}, {}", variant.name);
            println!("{}", json!({ "name": name, "ms": times[arguments.rounds / 2], "ms_min": times[0] }));
        }
    }
}

/// The released x4 model.
fn released_model() -> ModelConfig {
    ModelConfig {
        name: "released".into(),
        version: "0".into(),
        engine: env!("CARGO_PKG_VERSION").into(),
        scale: 4,
        schedule: ScheduleConfig::new(15, 0.3, 2.0),
        temperature: 1.0,
        arch: Arch::SwinVq {
            unet: Task::X4.unet(),
            autoencoder: published::autoencoder("vq-f4").expect("the released autoencoder"),
        },
        bytes: 0,
        shards: Vec::new(),
        licence: Licence { name: "none".into(), commercial: false, url: None, text: None },
        provenance: Default::default(),
    }
}

fn main() {
    let arguments = Arguments::read();
    let gpu = block_on(resshift::gpu::open()).expect("no GPU");
    let bench = block_on(Bench::new(gpu.clone(), arguments.rounds, seconds)).expect("the GPU failed");
    println!("{}", json!(bench.adapter()));
    let wanted = |name: &str| bench.variants().any(|variant| arguments.want(name, variant));
    for layer in layers().iter().filter(|layer| wanted(&layer.name())) {
        measure(&bench, &arguments, &layer.case(&Compute::Gpu(gpu.clone())).expect("a layer"));
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/models/compact/model.json");
    let json = std::fs::read(file).expect("the default model is missing");
    model(&bench, &arguments, &gpu, &ModelConfig::parse(&json).expect("model.json"));
    // Hundreds of GMAC: only when asked for on an emulated GPU.
    if arguments.name("released") || (!gpu.software && arguments.words.is_empty()) {
        model(&bench, &arguments, &gpu, &released_model());
    }
}
