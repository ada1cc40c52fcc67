//! The choice among the forms of a convolution.

use super::direct::Direct;
use super::lanes;
use super::panels::VECTORS;
use super::picture::Picture;
use super::winograd::Winograd;
use crate::layer::ConvShape;
use std::ops::Range;

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

    /// Rows `out` of the result, `[n, rows, w', c_out]`, added to `residual` of that shape if there is one. `x` is what they
    /// read of the input: `[n, rows, w, c_in]`, and of a batch all rows. Pictures of a batch are computed one by one.
    pub fn forward(&self, x: Input<'_>, residual: Option<&[f32]>, out: Range<usize>) -> Vec<f32> {
        let Input { above, data, n, width, first } = x;
        let (c_in, c_out) = (self.shape.c_in, self.shape.c_out);
        let length = out.len() * self.shape.output(width) * c_out;
        let zeros = vec![0.0; c_in];
        let size = data.len() / n.max(1);
        let rows = (above.len() + size) / (width * c_in).max(1);
        let mut result = vec![0.0; n * length];
        for (i, result) in result.chunks_exact_mut(length.max(1)).enumerate() {
            let data = &data[i * size..][..size];
            let picture = Picture { above, data, rows, first, width, channels: c_in, zeros: &zeros };
            let residual = residual.map(|all| &all[i * length..][..length]);
            match &self.form {
                Form::Direct(form) => form.forward(picture, residual, out.start, result),
                Form::Winograd(form) => form.forward(picture, residual, out.start, result),
                Form::Upsampled(form) => form.forward(picture, residual, out.start, result),
            }
        }
        result
    }
}

/// Rows of an input, in two pieces where there is one picture.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The first rows, often none.
    pub above: &'a [f32],
    /// The rows below them.
    pub data: &'a [f32],
    /// Pictures in `data`.
    pub n: usize,
    /// Columns.
    pub width: usize,
    /// The first row's number.
    pub first: usize,
}
