//! Kernels for the CPU: operations of [`crate::ops`] on plain f32 numbers, channels last.
//!
//! | file | job |
//! |---|---|
//! | `conv2d` | the choice among the forms of a convolution |
//! | `winograd` | 3x3 of stride 1, also after upsampling |
//! | `direct` | every other window and stride; matrices |
//! | `panels` | the matrix product that both are made of |
//! | `rms_norm`, `silu` | norm, FiLM and activation in one pass |
//! | `lanes`, `threads`, `picture` | vectors, cores, zeros around a picture |
//!
//! They run on tensors of burn-flex. On an autodiff device they do not apply: they have no gradients.

mod conv2d;
mod direct;
mod lanes;
mod panels;
mod picture;
mod rms_norm;
mod silu;
mod threads;
mod winograd;

use crate::layer::ConvShape;
use burn::backend::DispatchDevice;
use burn::tensor::{DType, Tensor, TensorData};
use burn_flex::{Flex, FlexTensor};
use std::ops::Range;
use std::sync::Arc;

/// Whether the tensor lies in the computer's own memory as plain f32, where the kernels of this module apply.
pub fn holds<const D: usize>(x: &Tensor<D>) -> bool {
    matches!(x.device().as_dispatch(), DispatchDevice::Flex(_)) && x.dtype() == DType::F32
}

/// A convolution with packed weights.
#[derive(Clone, Debug)]
pub struct Conv2d(Arc<conv2d::Conv2d>);

impl Conv2d {
    /// Packs `weight` `[c_out, c_in, k, k]` and `bias` `[c_out]`; `None` if they lie elsewhere or nothing here computes
    /// the shape.
    pub fn pack(shape: ConvShape, weight: &Tensor<4>, bias: &Tensor<1>) -> Option<Self> {
        let (weight, bias) = (plain(weight.clone())?, plain(bias.clone())?);
        conv2d::Conv2d::new(shape, numbers(&weight)?, numbers(&bias)?).map(|layer| Self(Arc::new(layer)))
    }

    /// `x` `[n, h, w, c_in]` to `[n, h', w', c_out]`, plus `residual` of that shape; `None` as of [`Self::forward_rows`].
    pub fn forward(&self, x: &Tensor<4>, residual: Option<&Tensor<4>>) -> Option<Tensor<4>> {
        self.forward_rows(None, x, 0, residual, 0..self.0.shape().output(x.dims()[1]))
    }

    /// Rows `out` of the result, `[n, rows, w', c_out]`, plus `residual` of that shape. They are computed from rows of the
    /// input, `x` `[n, rows, w, c_in]`, of which the first is row `first`; rows `above` them come before. `None` if one of them
    /// lies elsewhere or is shaped otherwise.
    pub fn forward_rows(
        &self,
        above: Option<&Tensor<4>>,
        x: &Tensor<4>,
        first: usize,
        residual: Option<&Tensor<4>>,
        out: Range<usize>,
    ) -> Option<Tensor<4>> {
        let [n, _, width, c] = x.dims();
        let shape = &self.0.shape();
        let size = [n, out.len(), shape.output(width), shape.c_out];
        if c != shape.c_in || residual.is_some_and(|residual| residual.dims() != size) {
            return None;
        }
        let device = x.device();
        let optional = |x: Option<&Tensor<4>>| x.map_or(Some(None), |x| plain(x.clone()).map(Some));
        let (above, x, residual) = (optional(above)?, plain(x.clone())?, optional(residual)?);
        let above = above.as_ref().and_then(numbers).unwrap_or_default();
        let input = conv2d::Input { above, data: numbers(&x)?, n, width, first };
        let out = self.0.forward(input, residual.as_ref().and_then(numbers), out);
        Some(Tensor::from_data(TensorData::new(out, size), &device))
    }
}

/// A copy of rows of one picture `[1, h, w, c]`, which does not keep the others in memory; `None` if it lies elsewhere.
pub fn copy_rows(x: &Tensor<4>, rows: Range<usize>) -> Option<Tensor<4>> {
    let ([_, _, w, c], device) = (x.dims(), x.device());
    let x = plain(x.clone())?;
    let values = numbers(&x)?[rows.start * w * c..rows.end * w * c].to_vec();
    Some(Tensor::from_data(TensorData::new(values, [1, rows.len(), w, c]), &device))
}

/// The norm of [`crate::ops::RmsNorm`]: `x` `[n, h, w, c]`, `gamma` and `beta` `[c]`, FiLM `[n, c]`; `None` if one of
/// them lies elsewhere.
pub fn rms_norm(
    x: &Tensor<4>,
    gamma: &Tensor<1>,
    beta: &Tensor<1>,
    film: Option<&(Tensor<2>, Tensor<2>)>,
    eps: f32,
    with_silu: bool,
) -> Option<Tensor<4>> {
    let ([n, h, w, c], device) = (x.dims(), x.device());
    let (x, gamma, beta) = (plain(x.clone())?, plain(gamma.clone())?, plain(beta.clone())?);
    let (x, gamma, beta) = (numbers(&x)?, numbers(&gamma)?, numbers(&beta)?);
    let film = match film {
        Some((scale, shift)) => Some((plain(scale.clone())?, plain(shift.clone())?)),
        None => None,
    };
    let film = film.as_ref().and_then(|(scale, shift)| Some((numbers(scale)?, numbers(shift)?)));
    let length = h * w * c;
    let mut out = vec![0.0; n * length];
    for (i, out) in out.chunks_exact_mut(length.max(1)).enumerate() {
        let film = film.map(|(scale, shift)| (&scale[i * c..][..c], &shift[i * c..][..c]));
        let finish = rms_norm::Finish::new(gamma, beta, film, with_silu);
        rms_norm::rms_norm(&x[i * length..][..length], c, eps, &finish, out);
    }
    Some(Tensor::from_data(TensorData::new(out, [n, h, w, c]), &device))
}

/// The tensor as burn-flex holds it, its numbers in order; `None` if [`holds`] is false.
fn plain<const D: usize>(x: Tensor<D>) -> Option<FlexTensor> {
    if !holds(&x) {
        return None;
    }
    let x = x.try_into_primitive::<Flex>().ok()?;
    Some(if x.is_contiguous() { x } else { x.to_contiguous() })
}

fn numbers(x: &FlexTensor) -> Option<&[f32]> {
    x.as_slice()
}
