//! The choice among the forms of a convolution.

use super::direct::Direct;
use super::lanes;
use super::panels::VECTORS;
use super::picture::Picture;
use super::winograd::Winograd;
use crate::layer::ConvShape;

/// A convolution with its weights as one of the forms reads them.
#[derive(Debug)]
pub struct Conv2d {
    shape: ConvShape,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Direct(Direct),
    Winograd(Winograd<4>),
    Upsampled(Winograd<3>),
}

impl Conv2d {
    /// Packs `weight` `[c_out, c_in, k, k]` and `bias` `[c_out]`; `None` if there is no form for the shape.
    pub fn new(shape: ConvShape, weight: &[f32], bias: &[f32]) -> Option<Self> {
        let ConvShape { c_in, c_out, kernel, stride, pad_begin, pad_end, upsample } = shape;
        if c_in == 0 || c_out == 0 || weight.len() != c_out * c_in * kernel * kernel || bias.len() != c_out {
            return None;
        }
        let mut bias = bias.to_vec();
        bias.resize(c_out.next_multiple_of(VECTORS * lanes::count()), 0.0);
        let form = match (kernel, stride, upsample) {
            (3, 1, false) => Form::Winograd(Winograd::new(shape, weight, bias)),
            (3, 1, true) if (pad_begin, pad_end) == (1, 1) => Form::Upsampled(Winograd::new(shape, weight, bias)),
            (_, 1.., false) => Form::Direct(Direct::new(shape, weight, bias)),
            _ => return None,
        };
        Some(Self { shape, form })
    }

    /// What was packed.
    pub fn shape(&self) -> &ConvShape {
        &self.shape
    }

    /// `x` `[n, h, w, c_in]` of the `size` `[n, h, w]` to `[n, h', w', c_out]`, added to `residual` of that shape if
    /// there is one. Pictures of a batch are computed one by one.
    pub fn forward(&self, x: &[f32], size: [usize; 3], residual: Option<&[f32]>) -> Vec<f32> {
        let [n, height, width] = size;
        let (c_in, c_out) = (self.shape.c_in, self.shape.c_out);
        let length = self.shape.output(height) * self.shape.output(width) * c_out;
        let zeros = vec![0.0; c_in];
        let mut out = vec![0.0; n * length];
        for (i, out) in out.chunks_exact_mut(length.max(1)).enumerate() {
            let data = &x[i * height * width * c_in..][..height * width * c_in];
            let picture = Picture { data, height, width, channels: c_in, zeros: &zeros };
            let residual = residual.map(|all| &all[i * length..][..length]);
            match &self.form {
                Form::Direct(form) => form.forward(picture, residual, out),
                Form::Winograd(form) => form.forward(picture, residual, out),
                Form::Upsampled(form) => form.forward(picture, residual, out),
            }
        }
        out
    }
}
