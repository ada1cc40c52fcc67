//! What the networks take on a GPU, counted from their command lists: dispatches, bytes, memory. Nothing is run.
//!
//! Needs a WebGPU-capable adapter; an emulated one will do.

mod support;

use pollster::block_on;
use resshift::chain::bands::{Cut, Team};
use resshift::compute::Compute;
use resshift::gpu::{Cost, Gpu, SUBMIT_MACS};
use resshift::model::config::{Arch, UNetConfig, VqConfig};
use resshift::model::{Denoiser, Latent, Model, swin_vq};
use resshift::ops::Map;
use resshift::paper::schedule::{Schedule, ScheduleConfig};
use resshift::weights::{TensorSource, Weights};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::rc::Rc;
use support::{compact, json};

/// Side of the low-resolution tile.
const SIDE: usize = 64;

/// Weights of any shape, all 0.
struct Zeros;

impl TensorSource for Zeros {
    fn read(&self, _: &str, shape: &[usize]) -> resshift::Result<Vec<f32>> {
        Ok(vec![0.0; shape.iter().product()])
    }
}

/// A GPU whose submissions end as those of one that has not been measured.
fn gpu() -> Rc<Gpu> {
    let gpu = block_on(resshift::gpu::open()).unwrap();
    gpu.set_submit_macs(SUBMIT_MACS);
    gpu
}

fn cost(gpu: &Rc<Gpu>, sizes: &[[usize; 4]], network: impl Fn(&[Map]) -> Map) -> Cost {
    let stage = Compute::Gpu(gpu.clone()).prepare(sizes, network).unwrap();
    stage.program().unwrap().cost()
}

/// A step of the network and the decoder, on a tile.
fn costs(gpu: &Rc<Gpu>, latent: &dyn Latent, denoiser: &dyn Denoiser, schedule: &Schedule) -> [Cost; 2] {
    let sizes = [[1, SIDE, SIDE, latent.channels()], [1, SIDE, SIDE, 3]];
    let step = denoiser.sizes([1, SIDE, SIDE], latent, schedule);
    [cost(gpu, &step, |maps| denoiser.predict(maps)), cost(gpu, &sizes, |maps| latent.decode(&maps[0], &maps[1]))]
}

fn report(name: &str, cost: &Cost) -> f64 {
    let ratio = cost.bytes as f64 / cost.least_bytes as f64;
    println!(
        "{name}: {} dispatches, {} submissions, {:.2} GMAC, {:.1} MB moved = {ratio:.2} of the least, {:.1} MB of activations",
        cost.dispatches,
        cost.submits,
        cost.macs as f64 / 1e9,
        cost.bytes as f64 / 1e6,
        (cost.activation_bytes + cost.io_bytes) as f64 / 1e6
    );
    ratio
}

/// y0 of the shipped size: once per picture.
#[test]
fn prior() {
    let gpu = gpu();
    let mut config = compact(&gpu).config;
    let Arch::Compact { network } = &mut config.arch else { panic!("the default model is compact") };
    network.prior = 60;
    let model = Model::load(config, &Weights::new(resshift::weights::Zeros, &gpu)).unwrap();
    let schedule = Schedule::new(model.config.schedule).unwrap();
    for (form, tiled, half) in [("registers", false, false), ("tiles", true, false), ("tiles, f16", true, true)] {
        gpu.set_tiled(tiled);
        gpu.set_half_maps(half);
        let y0 = cost(&gpu, &[[1, SIDE, SIDE, 3]], |maps| model.latent.encode(&maps[0]));
        let ratio = report(&format!("y0, {form}"), &y0);
        let step = costs(&gpu, &*model.latent, &*model.denoiser, &schedule)[0];
        let counted = y0.macs as f64 / step.macs as f64;
        println!("y0 / step: {counted:.3} counted, {:.3} from the configuration", model.config.share_of_y0());
        // The embedding of the noise level is once per tile.
        assert!((counted / model.config.share_of_y0() - 1.0).abs() < 1e-3);
        // 23 convolutions, the mean's, the basis' and two of 1x1; six attentions; the residual; one copy side by side.
        assert!(y0.dispatches <= 34 && y0.submits == 1, "{y0:?}");
        assert!(y0.activation_bytes + y0.io_bytes <= 12_000_000, "{y0:?}");
        assert!(ratio <= 1.5, "{ratio}");
    }
}

#[test]
fn compact_model() {
    let gpu = gpu();
    let model = compact(&gpu);
    let schedule = Schedule::new(model.config.schedule).unwrap();
    let mut bytes = Vec::new();
    for (form, tiled, half) in [("registers", false, false), ("tiles", true, false), ("tiles, f16", true, true)] {
        gpu.set_tiled(tiled);
        gpu.set_half_maps(half);
        let [step, decode] = costs(&gpu, &*model.latent, &*model.denoiser, &schedule);
        let ratio = report(&format!("compact step, {form}"), &step);
        report(&format!("compact decoder, {form}"), &decode);
        assert!(step.dispatches <= 200 && step.submits == 1);
        assert!(step.activation_bytes + step.io_bytes <= 60_000_000);
        assert!(decode.activation_bytes + decode.io_bytes <= 60_000_000);
        // The form without workgroup memory has norms written out.
        assert!(ratio <= if tiled { 1.5 } else { 2.1 }, "{ratio}");
        bytes.push(step.activation_bytes);
    }
    // All but statistics and what the host writes.
    assert!(!gpu.f16 || 10 * bytes[2] <= 6 * bytes[1], "{bytes:?}");
}

/// A step in bands: every row of every layer once, most bands by one program, submissions as short as ever, and memory that grows
/// with the width alone.
#[test]
fn bands() {
    let gpu = gpu();
    gpu.set_tiled(true);
    gpu.set_half_maps(true);
    let model = compact(&gpu);
    let (latent, denoiser) = (&*model.latent, &*model.denoiser);
    let schedule = Schedule::new(model.config.schedule).unwrap();
    let compute = Compute::Gpu(gpu.clone());
    let tile = cost(&gpu, &denoiser.sizes([1, SIDE, SIDE], latent, &schedule), |maps| denoiser.predict(maps));
    for [width, height] in [[400, 304], [640, 480], [1024, 768], [2048, 768], [2048, 2048]] {
        let cut = Cut::new([height, width], denoiser.reach(), denoiser.multiple(), None, Team::default(), &compute);
        let Cut::Bands(cut) = cut else { panic!("bands") };
        let sizes = denoiser.sizes([1, height, width], latent, &schedule);
        let stream = compute.stream(&sizes, cut.rows, |maps| denoiser.predict(maps)).unwrap();
        let programs = stream.programs().unwrap();
        let costs = programs.costs();
        let sum = |of: fn(&Cost) -> u64| costs.iter().map(of).sum::<u64>() as f64;
        let positions = sum(|cost| cost.macs) / tile.macs as f64 * (SIDE * SIDE) as f64 / (width * height) as f64;
        let moved = (sum(|cost| cost.bytes) + 2.0 * sum(|cost| cost.carried_bytes)) / sum(|cost| cost.least_bytes);
        println!(
            "{width} x {height} in {} bands of {}: {positions:.3} positions per position, {} programs, {:.0} dispatches a band, \
             {moved:.2} of the least bytes, {:.0} MB of memory",
            costs.len(),
            cut.rows,
            programs.programs(),
            sum(|cost| cost.dispatches as u64) / costs.len() as f64,
            programs.bytes() as f64 / 1e6,
        );
        assert!(positions <= 1.01, "{positions}");
        assert!(programs.programs() <= 8 && costs.iter().all(|cost| cost.largest_submit <= SUBMIT_MACS));
        assert!(moved <= 2.0, "{moved}");
    }
}

/// `keys_full.json`: the configurations of the released networks.
#[derive(Deserialize)]
struct Keys {
    configs: BTreeMap<String, serde_json::Value>,
}

#[test]
fn released_model() {
    let keys: Keys = json("keys_full");
    let unet: UNetConfig = serde_json::from_value(keys.configs["unet_realsr_x4"].clone()).unwrap();
    let vq: VqConfig = serde_json::from_value(keys.configs["vq_f4"].clone()).unwrap();
    let gpu = gpu();
    let weights = Weights::new(Zeros, &gpu);
    let (latent, denoiser) = swin_vq::load(&unet, &vq, &weights, &weights).unwrap();
    let schedule = Schedule::new(ScheduleConfig::new(15, 0.3, 2.0)).unwrap();
    gpu.set_tiled(true);
    let [step, decode] = costs(&gpu, &*latent, &*denoiser, &schedule);
    let encode = cost(&gpu, &[[1, SIDE, SIDE, 3]], |maps| latent.encode(&maps[0]));
    let ratio = report("released UNet step, tiles", &step);
    report("released encoder, tiles", &encode);
    report("released decoder, tiles", &decode);
    println!("{} pipelines in all", gpu.made().pipelines);
    gpu.set_half_maps(true);
    let [half, half_decode] = costs(&gpu, &*latent, &*denoiser, &schedule);
    report("released UNet step, tiles, f16", &half);
    report("released decoder, tiles, f16", &half_decode);
    gpu.set_half_maps(false);
    // A slow GPU: no layer is too large for its submissions.
    gpu.set_submit_macs(1_000_000_000);
    let slow = costs(&gpu, &*latent, &*denoiser, &schedule);
    let slow_encode = cost(&gpu, &[[1, SIDE, SIDE, 3]], |maps| latent.encode(&maps[0]));
    for cost in slow.into_iter().chain([slow_encode]) {
        println!(
            "at 1 GMAC: {} submissions, the largest of {:.2} GMAC",
            cost.submits,
            cost.largest_submit as f64 / 1e9
        );
        assert!(cost.largest_submit <= 1_000_000_000 && cost.submits as u64 >= cost.macs / 1_000_000_000);
    }
    // On a GPU that was measured to take 50 GMAC in 100 ms.
    gpu.set_submit_macs(50_000_000_000);
    let [whole, _] = costs(&gpu, &*latent, &*denoiser, &schedule);
    assert!(step.submits > 1 && whole.submits == 1, "{} and {} submissions", step.submits, whole.submits);
    assert!(step.dispatches <= 340, "{}", step.dispatches);
    assert!(ratio <= 1.5, "{ratio}");
    for cost in [step, encode, decode] {
        assert!(cost.largest_submit <= SUBMIT_MACS);
        assert!(cost.activation_bytes + cost.io_bytes <= 200_000_000, "{cost:?}");
        // What WebGPU grants without asking.
        assert!(cost.largest_buffer <= 128 << 20);
    }
}
