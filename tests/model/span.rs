//! SPAN, which draws y0: parity with the published network, its reach, the same on a GPU.

use crate::support;
use crate::support::{Golden, cpu, fixture, max_error, model, tiny_prior_folder};
use pollster::block_on;
use resshift::compute::{Compute, read};
use resshift::model::span::Span;
use resshift::ops::Map;
use resshift::weights::{SafetensorsSource, Weights};

/// The published network.
fn published(compute: &Compute) -> Span {
    let source = SafetensorsSource::new(vec![fixture("span_check.safetensors")]).unwrap();
    Span::load(48, &Weights::new(source, compute).at("prior")).unwrap()
}

/// Relative to the largest number: sums of up to 432 products in f32 in another order, through 22 layers.
const TOLERANCE: f64 = 2e-5;

#[test]
fn the_published_network() {
    let golden = Golden::open("span_check");
    let dims = [1, 20, 24, 3];
    // A photo, and patches of pure colours, where features reach the bound.
    let cases =
        ["", "patches_"].map(|name| (golden.nhwc(&format!("{name}lr")), golden.nhwc(&format!("{name}picture"))));
    let check = |compute: &Compute, form: &str| {
        let network = published(compute);
        let stage = compute.prepare(&[dims], |maps| network.forward(&maps[0])).unwrap();
        stage.program().into_iter().for_each(|program| program.poison());
        for (lr, want) in &cases {
            let got = block_on(stage.start(&[lr]).finish()).unwrap();
            let largest = want.iter().fold(1f32, |most, v| most.max(v.abs()));
            let error = max_error(&got, want) / f64::from(largest);
            println!("published SPAN, {form}: max |error| = {error:.1e} of {largest:.1}, tolerance {TOLERANCE:.0e}");
            assert!(error <= TOLERANCE);
        }
    };
    check(&cpu(), "CPU");
    let gpu = block_on(resshift::gpu::open()).unwrap();
    for (form, tiled) in [("registers", false), ("tiles", true)] {
        gpu.set_tiled(tiled);
        check(&Compute::Gpu(gpu.clone()), form);
    }
}

/// The stated reach is that of the layers: inputs beyond it change nothing at all, inputs at it do.
#[test]
fn halo_bounds_the_reach() {
    let network = published(&cpu());
    let halo = network.halo();
    let (h, w) = (2, 4 * halo);
    let draw = |bump: Option<usize>| {
        let mut lr = vec![0.1f32; h * w * 3];
        for row in lr.chunks_exact_mut(w * 3) {
            bump.into_iter().for_each(|x| row[x * 3..][..3].fill(1.0));
        }
        let device = burn::tensor::Device::flex();
        let lr = burn::tensor::Tensor::<4>::from_data(burn::tensor::TensorData::new(lr, [1, h, w, 3]), &device);
        block_on(read(network.forward(&Map::Host(lr)).host())).unwrap()
    };
    let (base, x) = (draw(None), 2 * halo);
    let other = draw(Some(x));
    let felt =
        |column: usize| (0..h).any(|y| base[(y * w + column) * 48..][..48] != other[(y * w + column) * 48..][..48]);
    let reached: Vec<usize> = (0..w).filter(|&column| felt(column)).collect();
    println!("SPAN's halo: {halo}; a change at {x} is felt from {:?} to {:?}", reached.first(), reached.last());
    assert_eq!((reached.first(), reached.last()), (Some(&(x - halo)), Some(&(x + halo))));
}

/// The code of y0, from the picture by way of the basis.
#[test]
fn code() {
    let golden = Golden::open("tiny_prior_check");
    let model = model(tiny_prior_folder(), cpu());
    let lr = golden.picture("lr", &burn::tensor::Device::flex());
    let error = max_error(&block_on(read(support::encode(&*model.latent, lr))).unwrap(), &golden.nhwc("y0"));
    println!("code of y0: max |error| = {error:.1e}, tolerance {TOLERANCE:.0e}");
    assert!(error <= TOLERANCE);
}
