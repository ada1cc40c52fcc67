//! Chains whose network is SPAN: parity with stored ones, bands, the same on a GPU.

mod support;

use burn::tensor::Device;
use pollster::block_on;
use resshift::chain::bands::Cut;
use resshift::chain::canvas::Canvas;
use resshift::chain::levels::Levels;
use resshift::chain::run_context::Unwatched;
use resshift::chain::sampler::Noise;
use resshift::compute::{Compute, read};
use resshift::image::Picture;
use resshift::model::Model;
use resshift::paper::schedule::Schedule;
use resshift::upscaler::{Options, Upscaler};
use support::{Golden, chain, cpu, crop, decode, max_error, model, tiny_span_folder};

fn levels(model: &Model, steps: usize) -> Levels {
    let trained = Schedule::new(model.config.schedule).unwrap();
    Levels::new(&*model.denoiser, &trained, Some(steps)).unwrap()
}

/// f32 sums in another order, through 22 layers and up to 4 steps.
const TOLERANCE: f64 = 1e-4;

#[test]
fn chains_match_the_stored_ones() {
    let device = Device::flex();
    let model = model(tiny_span_folder(), &device);
    let golden = Golden::open("tiny_span_check");
    let (h, w) = (12, 16);
    let lr = Canvas { height: h, width: w, channels: 3, data: golden.nhwc("lr") };
    for steps in [1, 4] {
        let draws = golden.nhwc(&format!("T{steps}.noise"));
        let noise = |row: &mut [f32], draw: u32, y: usize| {
            row.copy_from_slice(&draws[(draw as usize * h + y) * w * 48..][..w * 48]);
        };
        let compute = cpu();
        let chain = chain(&*model.latent, &*model.denoiser, levels(&model, steps), Noise::Field(&noise), &compute);
        let whole = Cut::whole(h);
        let z = block_on(chain.run(&lr, &whole, &whole, &mut Unwatched)).unwrap();
        let picture = decode(&*model.latent, crop(&z, 0..h, 0..w, &device), crop(&lr, 0..h, 0..w, &device));
        let picture = block_on(read(picture)).unwrap();
        let of_z = max_error(&z.data, &golden.nhwc(&format!("T{steps}.step{}.z0", steps - 1)));
        let of_picture = max_error(&picture, &golden.nhwc(&format!("T{steps}.image")));
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
