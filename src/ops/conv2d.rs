//! 2-D convolution, 1x1 or 3x3, stride 1 or 2, with optional nearest x2 upsampling of its input, an activation, and the
//! addition of another map.

use super::{Map, Weight};
use crate::cpu as kernels;
use crate::gpu;
use crate::layer::{Activation, ConvShape, Window};
use burn::tensor::activation::{gelu, silu};
use burn::tensor::module::conv2d;
use burn::tensor::{Tensor, ops::ConvOptions};

/// A convolution layer with its weights on one device.
#[derive(Clone, Debug)]
pub struct Conv2d {
    /// Static shape.
    pub shape: ConvShape,
    weights: Packed,
}

/// Weights as the device reads them.
#[derive(Clone, Debug)]
enum Packed {
    /// `[c_out, c_in, k, k]` and `[c_out]`: on an autodiff device, and for shapes that the CPU's kernel lacks.
    Host(Tensor<4>, Tensor<1>),
    /// As the CPU's kernel reads them, and not a second time: a large model takes hundreds of megabytes.
    Cpu(kernels::Conv2d),
    /// As [`gpu::pack_conv2d`] lays them out.
    Gpu(gpu::Weight, gpu::Weight),
}

impl Conv2d {
    /// `weight` `[c_out, c_in, k, k]`, `bias` `[c_out]`.
    pub fn new(weight: impl Into<Weight<4>>, bias: impl Into<Weight<1>>, shape: ConvShape) -> Self {
        Self::packed(weight.into(), bias.into(), shape, false)
    }

    /// As [`Self::new`]; with `half` every weight is an f16 number, and a GPU that can keeps it as one: half the memory
    /// and half the reading for the same result.
    pub fn packed(weight: Weight<4>, bias: Weight<1>, shape: ConvShape, half: bool) -> Self {
        let weights = match (weight, bias) {
            (Weight::Gpu(weight, _), Weight::Gpu(bias, _)) => {
                let (weight, bias) = gpu::pack_conv2d(&weight, &bias, &shape, half);
                Packed::Gpu(weight, bias)
            }
            (weight, bias) => {
                let (weight, bias) = (weight.host(), bias.host());
                kernels::Conv2d::pack(shape, &weight, &bias).map_or(Packed::Host(weight, bias), Packed::Cpu)
            }
        };
        Self { shape, weights }
    }

    /// `[n, h, w, c_in]` to `[n, h', w', c_out]`.
    pub fn forward(&self, x: &Map) -> Map {
        self.forward_with(x, None, None)
    }

    /// `activation(conv(x)) + residual`.
    pub fn forward_with(&self, x: &Map, activation: Option<Activation>, residual: Option<&Map>) -> Map {
        match (x, &self.weights) {
            (Map::Gpu(x), Packed::Gpu(weight, bias)) => {
                let residual = residual.map(Map::node);
                Map::Gpu(gpu::conv2d(x, weight, bias, &self.shape, activation, residual))
            }
            (Map::Host(x), Packed::Host(weight, bias)) => {
                let y = self.on_host(x.clone(), weight, bias);
                Map::Host(finished(y, activation, residual.map(|residual| residual.clone().host())))
            }
            (Map::Host(_) | Map::Band(_), Packed::Cpu(kernel)) => self.on_cpu(x, kernel, activation, residual),
            // A model's weights and the maps it is given belong to one device.
            _ => unreachable!("a convolution was given a map of another device"),
        }
    }

    fn on_cpu(&self, x: &Map, kernel: &kernels::Conv2d, activation: Option<Activation>, residual: Option<&Map>) -> Map {
        // The kernel computes two rows at a time where that is less work.
        let window = self.shape.window(true);
        let [n, h, w, _] = x.dims();
        let dims = [n, self.shape.output(h), self.shape.output(w), self.shape.c_out];
        let inputs: Vec<(&Map, Window)> =
            [(x, window)].into_iter().chain(residual.map(|residual| (residual, Window::ROW))).collect();
        Map::by_rows(&inputs, dims, |inputs, out| {
            let residual = inputs.get(1).map(|residual| residual.of(out.clone()));
            // The kernel adds the residual itself, where nothing comes between.
            let (added, later) = if activation.is_none() { (residual, None) } else { (None, residual) };
            let (first, above, x) = match window == Window::ROW {
                true => (out.start, None, inputs[0].of(out.clone())),
                false => inputs[0].pieces(),
            };
            let Some(y) = kernel.forward_rows(above.as_ref(), &x, first, added.as_ref(), out) else {
                unreachable!("a convolution was given maps of other sizes")
            };
            finished(y, activation, later)
        })
    }

    fn on_host(&self, x: Tensor<4>, weight: &Tensor<4>, bias: &Tensor<1>) -> Tensor<4> {
        let s = &self.shape;
        let [n, h, w, c] = x.dims();
        let x = match s.upsample {
            false => x,
            true => x.reshape([n, h, 1, w, 1, c]).expand([n, h, 2, w, 2, c]).reshape([n, 2 * h, 2 * w, c]),
        };
        let mut x = x.permute([0, 3, 1, 2]);
        let mut padding = s.pad_begin;
        if s.pad_begin != s.pad_end {
            let (b, e) = (s.pad_begin, s.pad_end);
            x = x.pad((b, e, b, e), burn::tensor::ops::PadMode::Constant(0.0));
            padding = 0;
        }
        let options = ConvOptions::new([s.stride; 2], [padding; 2], [1, 1], 1);
        conv2d(x, weight.clone(), Some(bias.clone()), options).permute([0, 2, 3, 1])
    }
}

/// `activation(y) + residual`
fn finished(y: Tensor<4>, activation: Option<Activation>, residual: Option<Tensor<4>>) -> Tensor<4> {
    let y = match activation {
        Some(Activation::Silu) => silu(y),
        Some(Activation::Gelu) => gelu(y),
        None => y,
    };
    match residual {
        Some(residual) => residual + y,
        None => y,
    }
}
