//! What the networks take on a GPU, counted from their command lists: dispatches, bytes, memory. Nothing is run, and no GPU is
//! opened: what counts has no way to reach one.

mod support;

use resshift::Error;
use resshift::chain::bands::{Cut, Team};
use resshift::compute::Compute;
use resshift::gpu::{BandPlans, Cost, Node, Plan, RecordOptions, SUBMIT_MACS};
use resshift::model::config::{Arch, UNetConfig, VqConfig};
use resshift::model::{Denoiser, Latent, Model, swin_vq};
use resshift::ops::Map;
use resshift::paper::schedule::{Schedule, ScheduleConfig};
use resshift::weights::{TensorSource, Weights};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use support::{compact, json};

/// Side of the low-resolution tile.
const SIDE: usize = 64;

/// The forms of the networks: with or without workgroup memory, and with maps in f16.
const FORMS: [(&str, bool, bool); 3] =
    [("registers", false, false), ("tiles", true, false), ("tiles, f16", true, true)];

/// Weights of any shape, all 0.
struct Zeros;

impl TensorSource for Zeros {
    fn read(&self, _: &str, shape: &[usize]) -> resshift::Result<Vec<f32>> {
        Ok(vec![0.0; shape.iter().product()])
    }
}

/// A GPU that has f16 and has not been measured.
fn options(tiled: bool, half_maps: bool) -> RecordOptions {
    RecordOptions { f16: true, tiled, half_maps, ..RecordOptions::default() }
}

/// Where the models' weights are counted.
fn counted() -> Compute {
    Compute::Count(options(true, false))
}

fn recorded(inputs: &[Node], network: &impl Fn(&[Map]) -> Map) -> Node {
    network(&inputs.iter().cloned().map(Map::from).collect::<Vec<_>>()).node().clone()
}

fn plan(options: RecordOptions, sizes: &[[usize; 4]], network: impl Fn(&[Map]) -> Map) -> Plan {
    Plan::new(options, sizes, |inputs| recorded(inputs, &network)).unwrap()
}

/// A step of the network and the decoder, on a tile.
fn plans(options: RecordOptions, latent: &dyn Latent, denoiser: &dyn Denoiser, schedule: &Schedule) -> [Plan; 2] {
    let sizes = [[1, SIDE, SIDE, latent.channels()], [1, SIDE, SIDE, 3]];
    let step = denoiser.sizes([1, SIDE, SIDE], latent, schedule);
    [
        plan(options, &step, |maps| denoiser.predict(maps)),
        plan(options, &sizes, |maps| latent.decode(&maps[0], &maps[1])),
    ]
}

fn costs(options: RecordOptions, latent: &dyn Latent, denoiser: &dyn Denoiser, schedule: &Schedule) -> [Cost; 2] {
    plans(options, latent, denoiser, schedule).map(|plan| plan.cost())
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
    let mut config = compact(counted()).config;
    let Arch::Compact { network } = &mut config.arch else { panic!("the default model is compact") };
    network.prior = 60;
    let model = Model::load(config, &Weights::new(resshift::weights::Zeros, counted())).unwrap();
    let schedule = Schedule::new(model.config.schedule).unwrap();
    for (form, tiled, half) in FORMS {
        let y0 = plan(options(tiled, half), &[[1, SIDE, SIDE, 3]], |maps| model.latent.encode(&maps[0])).cost();
        let ratio = report(&format!("y0, {form}"), &y0);
        let step = costs(options(tiled, half), &*model.latent, &*model.denoiser, &schedule)[0];
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
    let model = compact(counted());
    let schedule = Schedule::new(model.config.schedule).unwrap();
    let mut bytes = Vec::new();
    for (form, tiled, half) in FORMS {
        let [step, decode] = costs(options(tiled, half), &*model.latent, &*model.denoiser, &schedule);
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
    assert!(10 * bytes[2] <= 6 * bytes[1], "{bytes:?}");
}

/// A step in bands: every row of every layer once, most bands by one program, submissions as short as ever, and memory that grows
/// with the width alone.
#[test]
fn bands() {
    let (options, compute) = (options(true, true), counted());
    let model = compact(&compute);
    let (latent, denoiser) = (&*model.latent, &*model.denoiser);
    let schedule = Schedule::new(model.config.schedule).unwrap();
    let [tile, _] = costs(options, latent, denoiser, &schedule);
    for [width, height] in [[400, 304], [640, 480], [1024, 768], [2048, 768], [2048, 2048]] {
        let cut = Cut::new([height, width], denoiser.reach(), denoiser.multiple(), None, Team::default(), &compute);
        let Cut::Bands(cut) = cut else { panic!("bands") };
        let sizes = denoiser.sizes([1, height, width], latent, &schedule);
        let record = |inputs: &[Node]| recorded(inputs, &|maps: &[Map]| denoiser.predict(maps));
        let plans = BandPlans::new(options, &sizes, cut.rows, record).unwrap();
        let costs = plans.costs();
        let sum = |of: fn(&Cost) -> u64| costs.iter().map(of).sum::<u64>() as f64;
        let positions = sum(|cost| cost.macs) / tile.macs as f64 * (SIDE * SIDE) as f64 / (width * height) as f64;
        let moved = (sum(|cost| cost.bytes) + 2.0 * sum(|cost| cost.carried_bytes)) / sum(|cost| cost.least_bytes);
        println!(
            "{width} x {height} in {} bands of {}: {positions:.3} positions per position, {} programs, {:.0} dispatches a band, \
             {moved:.2} of the least bytes, {:.0} MB of memory",
            costs.len(),
            cut.rows,
            plans.count(),
            sum(|cost| cost.dispatches as u64) / costs.len() as f64,
            plans.bytes() as f64 / 1e6,
        );
        assert!(positions <= 1.01, "{positions}");
        assert!(plans.count() <= 8 && costs.iter().all(|cost| cost.largest_submit <= SUBMIT_MACS));
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
    let weights = Weights::new(Zeros, counted());
    let (latent, denoiser) = swin_vq::load(&unet, &vq, &weights, &weights).unwrap();
    let schedule = Schedule::new(ScheduleConfig::new(15, 0.3, 2.0)).unwrap();
    let tiles = options(true, false);
    let [step, decode] = plans(tiles, &*latent, &*denoiser, &schedule);
    let encoded = [[1, SIDE, SIDE, 3]];
    let encode = plan(tiles, &encoded, |maps| latent.encode(&maps[0]));
    let kernels: HashSet<_> = [&step, &encode, &decode].into_iter().flat_map(Plan::kernels).collect();
    let [step, encode, decode] = [step.cost(), encode.cost(), decode.cost()];
    let ratio = report("released UNet step, tiles", &step);
    report("released encoder, tiles", &encode);
    report("released decoder, tiles", &decode);
    println!("{} kernels in all", kernels.len());
    let [half, half_decode] = costs(options(true, true), &*latent, &*denoiser, &schedule);
    report("released UNet step, tiles, f16", &half);
    report("released decoder, tiles, f16", &half_decode);
    // A slow GPU: no layer is too large for its submissions.
    let submits = |submit_macs: u64| RecordOptions { submit_macs, ..tiles };
    let slow = costs(submits(1_000_000_000), &*latent, &*denoiser, &schedule);
    let slow_encode = plan(submits(1_000_000_000), &encoded, |maps| latent.encode(&maps[0])).cost();
    for cost in slow.into_iter().chain([slow_encode]) {
        println!(
            "at 1 GMAC: {} submissions, the largest of {:.2} GMAC",
            cost.submits,
            cost.largest_submit as f64 / 1e9
        );
        assert!(cost.largest_submit <= 1_000_000_000 && cost.submits as u64 >= cost.macs / 1_000_000_000);
    }
    // On a GPU that was measured to take 50 GMAC in 100 ms.
    let [whole, _] = costs(submits(50_000_000_000), &*latent, &*denoiser, &schedule);
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

/// What is counted has neither a device nor numbers: it cannot run, and nothing has looked for a GPU.
#[test]
fn nothing_runs() {
    let compute = counted();
    let model = compact(&compute);
    let schedule = Schedule::new(model.config.schedule).unwrap();
    let (latent, denoiser) = (&*model.latent, &*model.denoiser);
    let sizes = denoiser.sizes([1, 2 * SIDE, SIDE], latent, &schedule);
    let whole = compute.prepare(&sizes, |maps| denoiser.predict(maps)).err();
    let bands = compute.stream(&sizes, SIDE, |maps| denoiser.predict(maps)).err();
    assert!(matches!(whole, Some(Error::Internal(_))) && matches!(bands, Some(Error::Internal(_))));
    // Whoever looks for an adapter here loads Vulkan.
    #[cfg(target_os = "linux")]
    assert!(!std::fs::read_to_string("/proc/self/maps").unwrap().contains("libvulkan"));
}
