//! Whole networks on the GPU: the kernels inside the models that use them.

mod support;

use burn::tensor::Device;
use pollster::block_on;
use resshift::image::Picture;
use resshift::model::config::{UNetConfig, VqConfig};
use resshift::model::unet::UNet;
use resshift::model::vq::VqAutoencoder;
use resshift::sampler::read;
use resshift::upscaler::{Options, Unwatched, Upscaler};
use resshift::weights::Weights;
use support::{Formula, Golden, compact_folder, json, max_error};

fn gpu() -> Device {
    block_on(resshift::gpu::open())
        .expect("these tests need a GPU; an emulated one (mesa-vulkan-drivers) will do")
        .device
}

/// The tolerance of the CPU path, widened by the GPU's freedom in exp and division (WGSL allows 3 and 2.5 ulp).
const TOLERANCE: f64 = 5e-5;

#[test]
fn tiny_unet() {
    let device = gpu();
    let config: UNetConfig = json("tiny_unet.config");
    let unet = UNet::load(&config, &Weights::new(Formula, &device)).unwrap();
    for name in ["tiny_unet.sq", "tiny_unet.wide"] {
        let golden = Golden::open(name);
        let (x, lq) = (golden.picture("in.x", &device), golden.picture("in.lq", &device));
        let out = block_on(read(unet.forward(x, &golden.steps("in.t"), lq, None))).unwrap();
        let error = max_error(&out, &golden.nhwc("out"));
        println!("{name} on the GPU: max |error| = {error:.1e}, tolerance {TOLERANCE:.0e}");
        assert!(error <= TOLERANCE);
    }
}

#[test]
fn tiny_vq() {
    let device = gpu();
    let config: VqConfig = json("tiny_vq.config");
    let vq = VqAutoencoder::load(&config, &Weights::new(Formula, &device)).unwrap();
    let golden = Golden::open("tiny_vq.wide");
    let z = block_on(read(vq.encode(golden.picture("in.x", &device)))).unwrap();
    let error = max_error(&z, &golden.nhwc("encode"));
    println!("tiny_vq encode on the GPU: max |error| = {error:.1e}, tolerance {TOLERANCE:.0e}");
    assert!(error <= TOLERANCE);
    let (quantised, indices) = vq.quantise(golden.picture("encode", &device));
    let indices = block_on(indices.into_data_async()).unwrap().convert::<i32>().try_into_vec::<i32>().unwrap();
    assert_eq!(indices, golden.i32("indices").data);
    let error = max_error(&block_on(read(vq.decode(quantised))).unwrap(), &golden.nhwc("decode"));
    println!("tiny_vq decode on the GPU: max |error| = {error:.1e}, tolerance {TOLERANCE:.0e}");
    assert!(error <= TOLERANCE);
}

/// The default model end to end: 8-bit pictures of the GPU and the CPU differ by one rounding at most, and repeated
/// runs need no more GPU memory than the first ones.
#[test]
fn compact() {
    let device = gpu();
    let run = |device: &Device| {
        let (config, files) = compact_folder();
        let upscaler = Upscaler::load(config, files, device).unwrap();
        let picture = Picture {
            width: 20,
            height: 13,
            rgb: (0..780).map(|i| (i * 29 % 64) as f32 / 63.0).collect(),
            alpha: None,
        };
        let options = Options { steps: Some(2), seed: 9, ..Options::default() };
        let results: Vec<_> = (0..4)
            .map(|_| {
                let result = block_on(upscaler.upscale(&picture, &options, &mut Unwatched)).unwrap();
                (result, device.memory_pool_usage().map(|usage| usage.bytes_reserved))
            })
            .collect();
        results
    };
    let (gpu, cpu) = (run(&device), run(&Device::flex()));
    let worst = gpu[0].0.data.iter().zip(&cpu[0].0.data).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    println!(
        "compact, GPU against CPU: max |difference| = {worst}/255; GPU bytes after each run {:?}",
        gpu.iter().map(|g| g.1).collect::<Vec<_>>()
    );
    assert!(worst <= 1);
    assert!(gpu.iter().all(|(result, _)| *result == gpu[0].0), "the same seed must give the same picture");
    assert!(gpu[0].1.is_some() && gpu[3].1 == gpu[1].1, "memory grows from run to run");
}
