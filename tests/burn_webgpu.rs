//! The compact network by our kernels, and by burn's own WebGPU backend on the same GPU: kernels that share nothing with
//! ours.

mod support;

use burn::tensor::{Device, DeviceKind};
use pollster::block_on;
use resshift::compute::{Compute, Work};
use resshift::model::Denoiser;
use resshift::ops::Map;
use resshift::paper::schedule::Schedule;
use support::{compact, max_error};

/// Sums of up to 864 products in f32, in another order, through 40 layers.
const TOLERANCE: f64 = 5e-5;

fn predict(compute: &Compute, inputs: &[(Vec<f32>, [usize; 4])], denoiser: &dyn Denoiser) -> Vec<f32> {
    let sizes: Vec<[usize; 4]> = inputs.iter().map(|input| input.1).collect();
    let network = |maps: &[Map]| denoiser.predict(maps);
    let stage = compute.prepare(&sizes, network).unwrap();
    let work: Work<'_> = stage.start(&inputs.iter().map(|input| input.0.as_slice()).collect::<Vec<_>>());
    block_on(work.finish()).unwrap()
}

#[test]
fn the_compact_network() {
    let gpu = block_on(resshift::gpu::open()).expect("this test needs a GPU; an emulated one will do");
    let burn = Device::wgpu(DeviceKind::DefaultDevice);
    let (ours, theirs) = (compact(&gpu), compact(&burn));
    let schedule = Schedule::new(ours.config.schedule).unwrap();
    let numbers = |seed: usize, count: usize| -> Vec<f32> {
        (0..count).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0).collect()
    };
    for t in [0, schedule.steps() - 1] {
        let mut inputs = vec![(numbers(1, 16 * 24 * 48), [1, 16, 24, 48]), (numbers(2, 16 * 24 * 3), [1, 16, 24, 3])];
        inputs.extend(ours.denoiser.level(&schedule, t).into_iter().map(|v| (v.clone(), [1, 1, 1, v.len()])));
        let result = predict(&Compute::Gpu(gpu.clone()), &inputs, &*ours.denoiser);
        let error = max_error(&result, &predict(&Compute::Cpu(burn.clone()), &inputs, &*theirs.denoiser));
        println!("the compact network and burn's kernels at t = {t}: max |difference| = {error:.1e}");
        assert!(error <= TOLERANCE, "{error:e}");
    }
}
