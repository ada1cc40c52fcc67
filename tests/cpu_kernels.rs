//! Every CPU kernel against burn's own operations.

use burn::tensor::activation::silu;
use burn::tensor::module::conv2d as burn_conv2d;
use burn::tensor::ops::{ConvOptions, PadMode};
use burn::tensor::{Device, Tensor, TensorData};
use resshift::cpu;
use resshift::layer::ConvShape;

/// Sums of up to 9 * 96 products of numbers of size 1, in another order: measured 2e-6 at most.
const SUMS: f64 = 2e-5;
/// A quotient, two products and SiLU, each rounded once or twice: measured 2e-6 at most.
const NORMS: f64 = 1e-5;

fn device() -> Device {
    Device::flex()
}

/// Numbers in [-1, 1), always the same ones for a shape and a seed.
fn numbers<const D: usize>(shape: [usize; D], seed: u32) -> Tensor<D> {
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    let data: Vec<f32> = (0..shape.iter().product())
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect();
    Tensor::from_data(TensorData::new(data, shape), &device())
}

fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_into_vec().unwrap()
}

fn compare(name: &str, got: Tensor<4>, want: Tensor<4>, tolerance: f64) {
    assert_eq!(got.dims(), want.dims(), "{name}");
    let error = values(got)
        .into_iter()
        .zip(values(want))
        .map(|(a, b)| (f64::from(a) - f64::from(b)).abs())
        .fold(0.0, |worst, e| if e <= worst { worst } else { e });
    println!("{name}: max |error| = {error:.1e}, tolerance {tolerance:.0e}");
    assert!(error <= tolerance, "{name}: {error:e}");
}

/// The definition, from burn's operations.
fn convolution(s: &ConvShape, x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>) -> Tensor<4> {
    let [n, h, w, c] = x.dims();
    let x = match s.upsample {
        false => x,
        true => x.reshape([n, h, 1, w, 1, c]).expand([n, h, 2, w, 2, c]).reshape([n, 2 * h, 2 * w, c]),
    };
    let (b, e) = (s.pad_begin, s.pad_end);
    let x = x.permute([0, 3, 1, 2]).pad((b, e, b, e), PadMode::Constant(0.0));
    let options = ConvOptions::new([s.stride; 2], [0; 2], [1, 1], 1);
    burn_conv2d(x, weight, Some(bias), options).permute([0, 2, 3, 1])
}

fn check(shape: ConvShape, [n, h, w]: [usize; 3]) {
    let k = shape.kernel;
    let weight = numbers([shape.c_out, shape.c_in, k, k], 1) * (1.0 / (shape.c_in * k * k) as f64).sqrt();
    let bias = numbers([shape.c_out], 2);
    let x = numbers([n, h, w, shape.c_in], 3);
    let layer = cpu::Conv2d::pack(shape, &weight, &bias).unwrap();
    let want = convolution(&shape, x.clone(), weight, bias);
    let got = layer.forward(&x, None).unwrap();
    compare(&format!("{shape:?} on {n}x{h}x{w}"), got.clone(), want.clone(), SUMS);
    let residual = numbers(want.dims(), 4);
    compare("  with a residual", layer.forward(&x, Some(&residual)).unwrap(), want + residual, SUMS);
    // Two pictures at once are the two alone, to the bit.
    let alone = (0..n).map(|i| layer.forward(&x.clone().slice([i..i + 1]), None).unwrap()).collect();
    assert_eq!(values(got), values(Tensor::cat(alone, 0)));
}

#[test]
fn conv2d_winograd() {
    for (c_in, c_out) in [(48, 48), (51, 48), (96, 96), (3, 5), (1, 1), (7, 33)] {
        for size in [[1, 1, 1], [1, 2, 2], [2, 5, 7], [1, 16, 16], [1, 9, 70]] {
            check(ConvShape::same(c_in, c_out, 3), size);
        }
    }
    // Other borders.
    check(ConvShape { pad_begin: 0, pad_end: 0, ..ConvShape::same(6, 9, 3) }, [2, 7, 4]);
    check(ConvShape { pad_begin: 0, pad_end: 1, ..ConvShape::same(6, 9, 3) }, [1, 4, 6]);
    check(ConvShape { pad_begin: 2, pad_end: 2, ..ConvShape::same(6, 9, 3) }, [1, 4, 5]);
}

#[test]
fn conv2d_winograd_upsampled() {
    for (c_in, c_out) in [(64, 48), (96, 64), (3, 5), (1, 1)] {
        for size in [[1, 1, 1], [2, 5, 3], [1, 16, 16], [1, 3, 40]] {
            check(ConvShape::up(c_in, c_out), size);
        }
    }
}

#[test]
fn conv2d_direct() {
    for (c_in, c_out) in [(48, 64), (3, 5), (1, 1)] {
        for size in [[1, 2, 2], [2, 5, 7], [1, 16, 18]] {
            check(ConvShape::down(c_in, c_out, 1, 1), size);
            check(ConvShape::down(c_in, c_out, 0, 1), size);
            check(ConvShape::same(c_in, c_out, 1), size);
        }
    }
    check(ConvShape::same(160, 320, 1), [1, 1, 131]);
}

/// Only what is asked for in a shape that fits has a kernel.
#[test]
fn conv2d_elsewhere() {
    let pack = |shape: ConvShape, device: &Device| {
        let k = shape.kernel;
        let weight = Tensor::zeros([shape.c_out, shape.c_in, k, k], device);
        cpu::Conv2d::pack(shape, &weight, &Tensor::zeros([shape.c_out], device))
    };
    assert!(pack(ConvShape::up(4, 4), &device().autodiff()).is_none());
    assert!(pack(ConvShape { stride: 2, ..ConvShape::up(4, 4) }, &device()).is_none());
    let layer = pack(ConvShape::same(4, 8, 3), &device()).unwrap();
    assert!(layer.forward(&Tensor::zeros([1, 3, 3, 5], &device()), None).is_none());
    assert!(layer.forward(&Tensor::zeros([1, 3, 3, 4], &device().autodiff()), None).is_none());
    let residual = Tensor::zeros([1, 3, 4, 8], &device());
    assert!(layer.forward(&Tensor::zeros([1, 3, 3, 4], &device()), Some(&residual)).is_none());
}

/// A view with strides of its own is read as what it stands for.
#[test]
fn conv2d_of_a_view() {
    let shape = ConvShape::same(6, 8, 3);
    let (weight, bias) = (numbers([8, 6, 3, 3], 1), numbers([8], 2));
    let layer = cpu::Conv2d::pack(shape, &weight, &bias).unwrap();
    let x = numbers([1, 6, 5, 4], 3).permute([0, 2, 3, 1]);
    compare("a view", layer.forward(&x, None).unwrap(), convolution(&shape, x, weight, bias), SUMS);
}

#[test]
fn rms_norm() {
    const EPS: f32 = 1e-5;
    for [n, h, w, c] in [[1, 8, 9, 48], [2, 5, 3, 64], [1, 1, 1, 1], [3, 2, 2, 7], [1, 12, 12, 96]] {
        let x = numbers([n, h, w, c], 1) * 3.0;
        let (gamma, beta) = (numbers([c], 2) + 1.0, numbers([c], 3));
        let film = (numbers([n, c], 4), numbers([n, c], 5));
        let square = (x.clone() * x.clone()).mean_dim(3);
        let plain = x.clone() / (square + EPS).sqrt() * gamma.clone().reshape([1, 1, 1, c])
            + beta.clone().reshape([1, 1, 1, c]);
        let steered =
            plain.clone() * (film.0.clone().reshape([n, 1, 1, c]) + 1.0) + film.1.clone().reshape([n, 1, 1, c]);
        for (name, film, want) in [("plain", None, plain), ("with FiLM", Some(&film), steered)] {
            for (with_silu, want) in [(false, want.clone()), (true, silu(want))] {
                let got = cpu::rms_norm(&x, &gamma, &beta, film, EPS, with_silu).unwrap();
                compare(&format!("{name}, silu {with_silu}, {n}x{h}x{w}x{c}"), got, want, NORMS);
            }
        }
    }
    let x = Tensor::zeros([1, 2, 2, 4], &device().autodiff());
    let one = Tensor::ones([4], &device());
    assert!(cpu::rms_norm(&x, &one, &one, None, EPS, true).is_none());
}
