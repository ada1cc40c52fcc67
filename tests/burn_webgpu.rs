//! The shipped networks by our kernels, and by burn's own WebGPU backend on the same GPU: kernels that share nothing with
//! ours.

mod support;

use burn::tensor::{Device, DeviceKind};
use pollster::block_on;
use resshift::checks::shipped::models as shipped_models;
use resshift::compute::{Compute, Work};
use resshift::model::Denoiser;
use resshift::ops::Map;
use resshift::paper::schedule::Schedule;
use support::{max_error, shipped};

/// Sums of some thousand products in f32, in another order, through 40 layers.
const TOLERANCE: f64 = 5e-5;

fn predict(compute: &Compute, inputs: &[(Vec<f32>, [usize; 4])], denoiser: &dyn Denoiser) -> Vec<f32> {
    let sizes: Vec<[usize; 4]> = inputs.iter().map(|input| input.1).collect();
    let network = |maps: &[Map]| denoiser.predict(maps);
    let stage = compute.prepare(&sizes, network).unwrap();
    let work: Work<'_> = stage.start(&inputs.iter().map(|input| input.0.as_slice()).collect::<Vec<_>>());
    block_on(work.finish()).unwrap()
}

#[test]
fn the_shipped_networks() {
    let gpu = block_on(resshift::gpu::open()).expect("this test needs a GPU; an emulated one will do");
    let burn = Device::wgpu(DeviceKind::DefaultDevice);
    let numbers = |seed: usize, [n, h, w, c]: [usize; 4]| -> (Vec<f32>, [usize; 4]) {
        let number = |i: usize| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0;
        ((0..n * h * w * c).map(number).collect(), [n, h, w, c])
    };
    for config in shipped_models().unwrap() {
        let name = &config.name;
        let (ours, theirs) = (shipped(name, &gpu), shipped(name, &burn));
        let schedule = Schedule::new(config.schedule).unwrap();
        for t in [0, schedule.steps() - 1] {
            let mut inputs = vec![numbers(1, [1, 16, 24, ours.latent.channels()]), numbers(2, [1, 16, 24, 3])];
            inputs.extend(ours.denoiser.level(&schedule, t).into_iter().map(|v| (v.clone(), [1, 1, 1, v.len()])));
            let result = predict(&Compute::Gpu(gpu.clone()), &inputs, &*ours.denoiser);
            let error = max_error(&result, &predict(&Compute::Cpu(burn.clone()), &inputs, &*theirs.denoiser));
            println!("{name} and burn's kernels at t = {t}: max |difference| = {error:.1e}");
            assert!(error <= TOLERANCE, "{name}: {error:e}");
        }
    }
}
