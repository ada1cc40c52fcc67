//! The VQ autoencoder against the released code's own results on a small network.
//!
//! Tolerance 2e-5: outputs are of order 1, and the released code in f32 is itself up to 3.3e-6 away from f64.

use crate::support::*;
use burn::tensor::{Device, Tensor, TensorData, activation::silu};
use resshift::model::config::{Blocks, UNetConfig, VqConfig, VqNetConfig};
use resshift::model::vq::VqAutoencoder;
use resshift::model::{Reach, swin_vq};
use resshift::ops::{attention, bicubic, nearest_index};
use resshift::paper::schedule::{Schedule, ScheduleConfig};
use resshift::weights::Weights;

const TOLERANCE: f64 = 2e-5;

fn config() -> VqConfig {
    json("tiny_vq.config")
}

fn check(fixture: &str) {
    let device = Device::flex();
    let golden = Golden::open(fixture);
    let taps = golden.names("tap.");
    // Where norm and SiLU are one operation, only the result after SiLU can be seen.
    let seen_as = |tap: &str| tap.replace("norm_out", "norm_out.silu");
    let (weights, seen) =
        observed(Weights::new(Formula, &device), &taps.iter().map(|t| seen_as(t)).collect::<Vec<_>>());
    let vq = VqAutoencoder::load(&config(), &weights).unwrap();

    let z = vq.encode(&golden.picture("in.x", &device).into()).host();
    assert_close(&format!("{fixture} encode"), &numbers(&z), &golden.f32("encode"), TOLERANCE);
    let (codes, index) = vq.quantise(&z.clone().into());
    assert_eq!(integers(index), golden.i32("indices").data);
    println!("{fixture} indices: equal");
    // A code is read, not computed; the released code returns z + (code - z), one rounding away.
    assert_close(&format!("{fixture} quantised"), &numbers(&codes.clone().host()), &golden.f32("quantised"), 1e-6);
    let raw = vq.decode(&z.into()).host();
    assert_close(&format!("{fixture} decode_no_quant"), &numbers(&raw), &golden.f32("decode_no_quant"), TOLERANCE);
    // Last, so that the taps show this call.
    let picture = vq.decode(&codes).host();
    assert_close(&format!("{fixture} decode"), &numbers(&picture), &golden.f32("decode"), TOLERANCE);

    let seen = seen.borrow();
    for tap in &taps {
        let got = seen.get(&seen_as(tap)).unwrap_or_else(|| panic!("no tap {tap}"));
        let want = golden.f32(&format!("tap.{tap}"));
        let want = if tap.ends_with("norm_out") { numbers(&silu(want.picture(&device))) } else { want };
        assert_close(&format!("{fixture} {tap}"), got, &want, TOLERANCE);
    }
}

#[test]
fn square_with_intermediates() {
    check("tiny_vq.sq");
}

#[test]
fn wide() {
    check("tiny_vq.wide");
}

#[test]
fn bicubic_enlargement() {
    let device = Device::flex();
    let golden = Golden::open("resize");
    let x = golden.picture("x", &device);
    // f32 rounding of 16 weighted pixels of order 1.
    let got = numbers(&bicubic(&x.into(), None).host());
    assert_close("resize x4", &got, &golden.f32("x4"), 2e-6);
}

fn rows<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
}

fn indices(index: Tensor<1, burn::tensor::Int>) -> Vec<i32> {
    index.into_data().convert::<i32>().try_into_vec().unwrap()
}

#[test]
fn nearest_code_takes_the_lowest_index_on_ties() {
    let codebook = rows(&[1.0, 0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 1.0], [4, 2]);
    let z = rows(&[0.0, -5.0, 2.0, 0.0, 0.5, 0.5, -0.5, 0.5], [4, 2]);
    assert_eq!(indices(nearest_index(z, &codebook)), [0, 0, 0, 1]);
}

/// 5000 tokens by 2048 codes are 40 MB of distances: more than one block.
#[test]
fn nearest_code_in_blocks_is_exact_search() {
    let (z, codebook) = (uniform("z", &[5000, 3]).data, uniform("codebook", &[2048, 3]).data);
    let got = indices(nearest_index(rows(&z, [5000, 3]), &rows(&codebook, [2048, 3])));
    let distance =
        |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum() };
    for (token, &index) in z.chunks_exact(3).zip(&got) {
        let all: Vec<f64> = codebook.chunks_exact(3).map(|code| distance(token, code)).collect();
        let best = all.iter().copied().fold(f64::INFINITY, f64::min);
        // f32 may confuse codes whose squared distances agree to a few roundings.
        assert!(all[index as usize] - best <= 1e-6, "{index} is not nearest");
    }
}

/// 4000 tokens squared are 64 MB of scores: more than one block.
#[test]
fn attention_in_blocks_is_attention() {
    let (tokens, c) = (4000, 8);
    let part = |name: &str| uniform(name, &[1, tokens, c]).data;
    let (q, k, v) = (part("q"), part("k"), part("v"));
    let shape = [1, 1, tokens, c];
    let got: Vec<f32> = attention(&rows(&q, shape).into(), &rows(&k, shape).into(), &rows(&v, shape).into())
        .host()
        .into_data()
        .try_into_vec()
        .unwrap();
    let dot = |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
    for token in [0, 1, 2095, 2096, 2097, 2098, 3999] {
        let query = &q[token * c..(token + 1) * c];
        let scores: Vec<f64> = k.chunks_exact(c).map(|key| (dot(query, key) / (c as f64).sqrt()).exp()).collect();
        let sum: f64 = scores.iter().sum();
        for i in 0..c {
            let want: f64 = scores.iter().zip(v.chunks_exact(c)).map(|(s, v)| s / sum * f64::from(v[i])).sum();
            // Sums of 4000 terms in f32.
            assert!((f64::from(got[token * c + i]) - want).abs() < 1e-6);
        }
    }
}

/// Blocks per level, four levels: the f8 layout halves three times, here and back.
#[test]
fn four_levels_with_their_own_block_counts() {
    let ddconfig = VqNetConfig {
        z_channels: 8,
        in_channels: 3,
        out_ch: 3,
        ch: 32,
        ch_mult: vec![1, 1, 2, 2],
        num_res_blocks: Blocks::Each(vec![1, 2, 1, 1]),
    };
    let device = Device::flex();
    let vq = VqAutoencoder::load(&VqConfig { embed_dim: 8, n_embed: 16, ddconfig }, &Weights::new(Formula, &device))
        .unwrap();
    let z = vq.encode(&uniform("x", &[1, 3, 32, 48]).picture(&device).into()).host();
    assert_eq!(z.dims(), [1, 4, 6, 8]);
    let (codes, index) = vq.quantise(&z.into());
    assert_eq!(index.dims(), [1, 4, 6, 1]);
    let picture = numbers(&vq.decode(&codes).host());
    assert_eq!(picture.shape, [1, 3, 32, 48]);
    assert!(picture.data.iter().all(|v| v.is_finite()));
}

#[test]
fn impossible_configurations_are_refused() {
    let net = || config().ddconfig;
    let bad = [
        VqConfig { n_embed: 0, ..config() },
        VqConfig { embed_dim: 0, ..config() },
        VqConfig { ddconfig: VqNetConfig { ch: 33, ..net() }, ..config() },
        VqConfig { ddconfig: VqNetConfig { ch_mult: vec![], ..net() }, ..config() },
        VqConfig { ddconfig: VqNetConfig { num_res_blocks: Blocks::Each(vec![1]), ..net() }, ..config() },
    ];
    for config in bad {
        let result = VqAutoencoder::load(&config, &Weights::new(Requests::default(), &Device::flex()));
        assert_eq!(result.err().unwrap().code(), "bad-weights");
    }
}

/// The parts as the sampler sees them, on one step of a released chain.
#[test]
fn model_parts_behind_the_traits() {
    let device = Device::flex();
    let weights = Weights::new(Formula, &device);
    let unet: UNetConfig = json("tiny_unet.config");
    let (latent, denoiser) = swin_vq::load(&unet, &config(), &weights, &weights).unwrap();
    assert_eq!((latent.channels(), denoiser.multiple()), (3, 16));
    assert!(matches!(latent.encode_reach(), Reach::Global { .. }) && matches!(denoiser.reach(), Reach::Global { .. }));

    let lr = uniform("lr", &[1, 3, 16, 16]).picture(&device);
    let vq = VqAutoencoder::load(&config(), &weights).unwrap();
    let z = encode(&*latent, lr.clone());
    let want = vq.encode(&bicubic(&lr.clone().into(), None)).host();
    assert_eq!(numbers(&z).data, numbers(&want).data);
    let want = vq.decode(&vq.quantise(&z.clone().into()).0).host();
    assert_eq!(numbers(&decode(&*latent, z.clone(), lr.clone())).data, numbers(&want).data);

    let schedule = Schedule::new(ScheduleConfig::new(15, 0.3, 2.0)).unwrap();
    let net = resshift::model::unet::UNet::load(&unet, &weights).unwrap();
    let want = net.forward(z.clone() * (1.0 / schedule.input_std(9)), &[9], lr.clone(), None);
    assert_eq!(numbers(&predict_x0(&*denoiser, z, lr, &schedule, 9)).data, numbers(&want).data);
}

#[test]
fn networks_for_other_tasks_are_refused() {
    let weights = Weights::new(Requests::default(), &Device::flex());
    let unet: UNetConfig = json("tiny_unet.config");
    let five = VqConfig { embed_dim: 5, ..config() };
    let shallow = VqConfig { ddconfig: VqNetConfig { ch_mult: vec![1, 2], ..config().ddconfig }, ..config() };
    let inpaint: UNetConfig = json("tiny_inpaint.config");
    for (unet, vq) in [(&unet, &five), (&unet, &shallow), (&inpaint, &config())] {
        assert_eq!(swin_vq::load(unet, vq, &weights, &weights).err().unwrap().code(), "bad-weights");
    }
}
