//! The full-size networks, with weights by formula, against the released code.

use crate::support::*;
use burn::tensor::{Device, Tensor, TensorData};
use resshift::model::config::{UNetConfig, VqConfig};
use resshift::model::unet::UNet;
use resshift::model::vq::VqAutoencoder;
use resshift::weights::Weights;
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct Fill {
    test_vectors: Vec<FillVector>,
    noise_test: Ends,
    uniform_test: Ends,
}

#[derive(Deserialize)]
struct FillVector {
    shape: Vec<usize>,
    #[serde(flatten)]
    ends: Ends,
}

#[derive(Deserialize)]
struct Ends {
    name: String,
    first4: [f64; 4],
    last: f64,
}

/// The formula that every golden test's weights come from is the fixtures' own, bit by bit.
#[test]
fn weights_and_inputs_by_formula() {
    let fill: Fill = json("fill");
    let check = |ends: &Ends, got: Array| {
        assert_eq!(got.data[..4], ends.first4.map(|v| v as f32), "{}", ends.name);
        assert_eq!(got.data.last().copied(), Some(ends.last as f32), "{}", ends.name);
    };
    for vector in &fill.test_vectors {
        check(&vector.ends, weight(&vector.ends.name, &vector.shape));
    }
    check(&fill.noise_test, noise(&fill.noise_test.name, &[1, 3, 64, 64]));
    check(&fill.uniform_test, uniform(&fill.uniform_test.name, &[1, 3, 64, 64]));
}

fn config<T: DeserializeOwned>(name: &str) -> T {
    let keys: serde_json::Value = json("keys_full");
    serde_json::from_value(keys["configs"][name].clone()).unwrap()
}

/// 118,593,583 parameters, one step at 64 x 64. Tolerance 1e-4: 540 tensors deep, the released code in f32 is
/// itself 2.5e-6 away from f64.
#[test]
fn full_unet() {
    let device = Device::flex();
    let config: UNetConfig = config("unet_realsr_x4");
    let unet = UNet::load(&config, &Weights::new(Formula, &device)).unwrap();
    let x = noise("full.x", &[1, 3, 64, 64]).picture(&device);
    let lq = uniform("full.lq", &[1, 3, 64, 64]).picture(&device);
    let out = unet.forward(x, &[7], lq, None);
    assert_close("full_unet_out", &numbers(&out), &Golden::open("full_unet_out").f32("out"), 1e-4);
}

/// Every eighth pixel in both directions.
fn stride_8(x: &Array) -> Array {
    let [n, c, h, w]: [usize; 4] = x.shape.clone().try_into().unwrap();
    let at = |i: usize| (i / w % h).is_multiple_of(8) && (i % w).is_multiple_of(8);
    let data = x.data.iter().enumerate().filter(|(i, _)| at(*i)).map(|(_, v)| *v).collect();
    Array { shape: vec![n, c, h / 8, w / 8], data }
}

/// 55,322,782 parameters, a 256 x 256 picture there and back.
#[test]
fn full_autoencoder() {
    let device = Device::flex();
    let golden = Golden::open("full_vq");
    let config: VqConfig = config("vq_f4");
    let vq = VqAutoencoder::load(&config, &Weights::new(Formula, &device)).unwrap();
    let z = vq.encode(&uniform("full.im", &[1, 3, 256, 256]).picture(&device).into()).host();
    // As for the small autoencoder; the released code in f32 is 1.8e-6 away from f64.
    assert_close("full_vq encode", &numbers(&z), &golden.f32("encode"), 2e-5);

    let (_, index) = vq.quantise(&golden.picture("encode", &device).into());
    let (got, want, gap) = (integers(index), golden.i32("indices").data, golden.f32("code_gap_f64").data);
    let differing: Vec<usize> = (0..got.len()).filter(|&i| got[i] != want[i]).collect();
    println!("full_vq indices: {} of {} differ", differing.len(), got.len());
    // The released code sums z^2 + e^2 - 2 z e in f32, which confuses codes nearer to each other than this.
    assert!(differing.iter().all(|&i| gap[i] <= 1e-5), "{differing:?}");
    // Sums of differences, in f32, confuse only codes whose squared distances agree to their last digit.
    let best = golden.i32("best_f64").data;
    let confused: Vec<f32> = (0..got.len()).filter(|&i| got[i] != best[i]).map(|i| gap[i]).collect();
    println!("full_vq indices: {} of {} are not the nearest in f64, gaps {confused:?}", confused.len(), got.len());
    assert!(confused.iter().all(|&gap| gap <= 1e-7), "{confused:?}");

    // The released code's own choice, so that the picture does not depend on those few.
    let codebook = weight("quantize.embedding.weight", &[config.n_embed, 3]).data;
    let codes: Vec<f32> = want.iter().flat_map(|&i| codebook[3 * i as usize..][..3].to_vec()).collect();
    let codes = Tensor::from_data(TensorData::new(codes, [1, 64, 64, 3]), &device);
    let picture = stride_8(&numbers(&vq.decode(&codes.into()).host()));
    assert_close("full_vq decode", &picture, &golden.f32("decode_stride8"), 2e-5);
}

/// The decoder on a latent that is not quantised.
#[test]
fn full_decoder_without_quantiser() {
    let device = Device::flex();
    let golden = Golden::open("full_vq");
    let vq = VqAutoencoder::load(&config("vq_f4"), &Weights::new(Formula, &device)).unwrap();
    let picture = stride_8(&numbers(&vq.decode(&golden.picture("encode", &device).into()).host()));
    assert_close("full_vq decode_noquant", &picture, &golden.f32("decode_noquant_stride8"), 2e-5);
}
