//! What the operations of this folder are trained on: numbers on the device whose maps they meet.

use crate::gpu;
use burn::tensor::Tensor;

/// A tensor of weights, row-major.
#[derive(Clone, Debug)]
pub enum Weight<const D: usize> {
    /// For maps on the host: a tensor of burn's CPU backend (or of its autodiff).
    Host(Tensor<D>),
    /// For maps of a GPU, and its shape.
    Gpu(gpu::Weight, [usize; D]),
}

impl<const D: usize> From<Tensor<D>> for Weight<D> {
    fn from(x: Tensor<D>) -> Self {
        Weight::Host(x)
    }
}

impl<const D: usize> Weight<D> {
    /// Its shape.
    pub fn dims(&self) -> [usize; D] {
        match self {
            Weight::Host(x) => x.dims(),
            Weight::Gpu(_, dims) => *dims,
        }
    }

    /// The same numbers in another shape of as many.
    pub fn reshape<const E: usize>(self, dims: [usize; E]) -> Weight<E> {
        match self {
            Weight::Host(x) => Weight::Host(x.reshape(dims)),
            Weight::Gpu(x, _) => Weight::Gpu(x, dims),
        }
    }

    /// The buffer of a weight on a GPU.
    pub fn gpu(&self) -> Option<&gpu::Weight> {
        match self {
            Weight::Host(_) => None,
            Weight::Gpu(x, _) => Some(x),
        }
    }

    /// The tensor of a weight on the host.
    pub fn host(&self) -> Tensor<D> {
        match self {
            Weight::Host(x) => x.clone(),
            // A model's weights and the maps it is given belong to one device.
            Weight::Gpu(..) => unreachable!("a weight on a GPU met a map on the host"),
        }
    }
}
