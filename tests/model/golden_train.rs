//! The training loss and its gradients, and the gradient through the quantiser, against the released code.
//!
//! Gradients agree to 1e-4 of their own L2 norm; the loss, of order 1, to 1e-6.

use crate::support::*;
use burn::tensor::{Device, Tensor};
use resshift::model::config::{UNetConfig, VqConfig};
use resshift::model::unet::UNet;
use resshift::model::vq::VqAutoencoder;
use resshift::paper::process::{loss, q_sample};
use resshift::paper::schedule::{Schedule, ScheduleConfig};
use resshift::weights::Weights;
use std::collections::BTreeMap;

const RELATIVE: f64 = 1e-4;

/// Some gradients are zero in exact arithmetic: a bias just before a GroupNorm with one channel per group is
/// taken off again with the mean. What either code returns there is rounding (the released code at most 2e-8),
/// so norms below this floor need only agree to it.
const FLOOR: f64 = 1e-7;

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt()
}

/// Norm of the difference, relative to the norm of `want`.
fn relative_error(got: &[f32], want: &[f32]) -> f64 {
    assert_eq!(got.len(), want.len());
    let difference: Vec<f32> = got.iter().zip(want).map(|(a, b)| a - b).collect();
    norm(&difference) / norm(want)
}

#[test]
fn loss_and_gradients_of_a_training_step() {
    let device = Device::flex().autodiff();
    let golden = Golden::open("train_step");
    let picture = |name: &str| golden.picture(name, &device);
    let schedule = Schedule::new(ScheduleConfig::new(15, 0.3, 2.0)).unwrap();
    let config: UNetConfig = json("tiny_unet.config");
    let weights = Weights::new(Formula, &device);
    let unet = UNet::load(&config, &weights).unwrap();

    let (z_start, z_y, noise) = (picture("z_start"), picture("z_y"), picture("noise"));
    let steps = golden.steps("t");
    let one = |x: &Tensor<4>, i: usize| x.clone().slice([i..i + 1, 0..16, 0..16, 0..3]);
    let sample = |(i, &t): (usize, &usize)| q_sample(&schedule, t, one(&z_start, i), one(&z_y, i), one(&noise, i));
    let z_t: Vec<Tensor<4>> = steps.iter().enumerate().map(sample).collect();
    // Values up to 10 in f32.
    assert_close("z_t", &numbers(&Tensor::cat(z_t.clone(), 0)), &golden.f32("z_t"), 2e-6);

    let input = z_t.into_iter().zip(&steps).map(|(z, &t)| z / schedule.input_std(t)).collect();
    let predicted = unet.forward(Tensor::cat(input, 0), &steps, picture("lq"), None);
    assert_close("pred", &numbers(&predicted), &golden.f32("pred"), 2e-5);
    let loss = loss(predicted, z_start);
    let (got, want) = (f64::from(loss.clone().into_scalar::<f32>()), f64::from(golden.f32("loss").data[0]));
    println!("loss: |error| = {:.2e}, tolerance 1e-6", (got - want).abs());
    assert!((got - want).abs() <= 1e-6, "loss {got}, released {want}");

    let gradients = loss.backward();
    let leaves = weights.leaves();
    let gradient = |name: &str| -> Vec<f32> {
        leaves[name]
            .grad(&gradients)
            .unwrap_or_else(|| panic!("no gradient for {name}"))
            .into_data()
            .try_into_vec()
            .unwrap()
    };

    let norms: BTreeMap<String, f64> = serde_json::from_str(&golden.metadata("grad_l2")).unwrap();
    assert!(norms.keys().eq(leaves.keys()), "other parameters than the released network's");
    let (mut worst, mut zeros) = (0f64, 0);
    for (name, &want) in &norms {
        let error = (norm(&gradient(name)) - want).abs();
        if want < FLOOR {
            zeros += 1;
            assert!(error <= FLOOR, "{name}: gradient {error:e}, expected none");
        } else {
            worst = worst.max(error / want);
            assert!(error <= RELATIVE * want, "{name}: norm off by {:e}", error / want);
        }
    }
    println!("grad_l2 of {} tensors ({zeros} zero): max relative error = {worst:.2e}, tolerance 1e-4", norms.len());

    let mut worst = [0f64; 3];
    for name in golden.names("grad.") {
        let got = gradient(&name);
        let want = golden.f32(&format!("grad.{name}"));
        let error = relative_error(&got, &want.data);
        worst[0] = worst[0].max(error);
        assert!(error <= RELATIVE, "grad {name}: relative error {error:e}");

        let start = weight(&name, &want.shape).data;
        let stepped: Vec<f32> = start.iter().zip(&got).map(|(&w, &g)| adamw_first_step(w, g)).collect();
        let averaged: Vec<f32> = start.iter().zip(&stepped).map(|(&w, &s)| ema(w, s)).collect();
        for (i, (kind, got)) in [("after_adamw", stepped), ("after_ema", averaged)].into_iter().enumerate() {
            let after = golden.f32(&format!("{kind}.{name}")).data;
            for ((got, after), gradient) in got.iter().zip(&after).zip(&want.data) {
                let error = f64::from((got - after).abs());
                if gradient.abs() < SIGN_FLOOR {
                    assert!(error <= 2.0 * LEARNING_RATE + 3e-7, "{kind} {name}: {error:e}");
                } else {
                    worst[i + 1] = worst[i + 1].max(error);
                    // A rounding of a weight of order 1.
                    assert!(error <= 3e-7, "{kind} {name}: {error:e}");
                }
            }
        }
    }
    println!("grad: max relative error = {:.2e}, tolerance 1e-4", worst[0]);
    println!("after_adamw: max |error| = {:.2e}, tolerance 3e-7", worst[1]);
    println!("after_ema: max |error| = {:.2e}, tolerance 3e-7", worst[2]);
}

const LEARNING_RATE: f64 = 5e-5;

/// The first step of AdamW is the learning rate times the gradient's sign. Below this size the sign itself is
/// rounding (a key's bias, which softmax cancels, has no gradient at all), and only the step's size is certain.
const SIGN_FLOOR: f32 = 1e-6;

/// The released recipe's optimiser in its first step, where the moments are the gradient and its square:
/// no weight decay.
fn adamw_first_step(weight: f32, gradient: f32) -> f32 {
    let g = f64::from(gradient);
    (f64::from(weight) - LEARNING_RATE * g / (g.abs() + 1e-8)) as f32
}

/// The released recipe's running average, rate 0.999.
fn ema(average: f32, weight: f32) -> f32 {
    (0.999 * f64::from(average) + 0.001 * f64::from(weight)) as f32
}

/// The decoder's gradient passes the quantiser as if it were not there, while the picture is that of the codes.
#[test]
fn gradient_through_quantiser_and_decoder() {
    let device = Device::flex().autodiff();
    let golden = Golden::open("train_decoder_grad");
    let config: VqConfig = json("tiny_vq.config");
    let vq = VqAutoencoder::load(&config, &Weights::new(Formula, &device)).unwrap();
    let z = golden.picture("z", &device).require_grad();
    let picture = vq.decode(&vq.quantise(&z.clone().into()).0).host();
    assert_close("decode", &numbers(&picture), &golden.f32("decode"), 2e-5);
    let gradients = (picture * golden.picture("out_grad", &device)).sum().backward();
    let got = numbers(&z.grad(&gradients).unwrap());
    let error = relative_error(&got.data, &golden.f32("z_grad").data);
    println!("z_grad: relative error = {error:.2e}, tolerance 1e-4");
    assert!(error <= RELATIVE, "{error:e}");
}
