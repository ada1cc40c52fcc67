//! Chains whose network is SPAN: parity with stored ones, bands, the same on a GPU.

use crate::support::{Golden, cpu, max_error, model, stored_chain, tiny_span_folder};
use pollster::block_on;
use resshift::chain::run_context::Unwatched;
use resshift::compute::Compute;
use resshift::image::Picture;
use resshift::upscaler::{Options, Upscaler};

/// f32 sums in another order, through 22 layers and up to 4 steps.
const TOLERANCE: f64 = 1e-4;

#[test]
fn chains_match_the_stored_ones() {
    let (model, golden) = (model(tiny_span_folder(), cpu()), Golden::open("tiny_span_check"));
    for steps in [1, 4] {
        let [of_z, of_picture] =
            stored_chain(&model, &golden, [12, 16], steps).map(|[got, want]| max_error(&got, &want));
        println!(
            "T={steps}: max |error| = {of_z:.1e} in z0, {of_picture:.1e} in the picture, tolerance {TOLERANCE:.0e}"
        );
        assert!(of_z <= TOLERANCE && of_picture <= TOLERANCE);
    }
}

fn run(compute: impl Into<Compute>, steps: usize, tile: usize) -> Vec<u8> {
    let image = image::open("tests/golden/photo.png").unwrap().to_rgb8();
    let rgb = image.as_raw().iter().map(|&v| v as f32 / 255.0).collect();
    let picture = Picture { width: image.width() as usize, height: image.height() as usize, rgb, alpha: None };
    let (config, files) = tiny_span_folder();
    let upscaler = Upscaler::load(config, files, &compute.into()).unwrap();
    let options = Options { steps: Some(steps), seed: 3, tile: Some(tile), ..Options::default() };
    block_on(upscaler.upscale(&picture, &options, &mut Unwatched)).unwrap().data
}

/// The picture in bands is the picture at once, to the bit.
#[test]
fn bands_leave_no_trace() {
    let whole = run(cpu(), 2, 4096);
    for tile in [8, 13, 20, 33] {
        assert!(run(cpu(), 2, tile) == whole, "bands of {tile}");
    }
}

#[test]
fn a_gpu_agrees() {
    let gpu = block_on(resshift::gpu::open()).unwrap();
    let on_gpu = |tile| run(Compute::Gpu(gpu.clone()), 4, tile);
    let (whole, on_cpu) = (on_gpu(4096), run(cpu(), 4, 4096));
    let worst = whole.iter().zip(&on_cpu).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    println!("GPU against CPU: at most {worst} of 255");
    assert!(worst <= 1);
    assert!(on_gpu(16) == whole, "bands on a GPU");
}
