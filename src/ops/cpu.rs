//! The two operations that are costly to mention: matrix product and convolution on the CPU.
//!
//! burn's own functions for them reach every backend, and so bring in CubeCL's matrix products: a quarter of the engine
//! that a page loads, for nothing, since GPUs run the kernels of [`crate::gpu`]. In a page these functions call the CPU
//! backend by its name. Elsewhere they are burn's, which autodiff needs.

use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;

/// `a b`, over the last two axes; tensors on the CPU.
pub fn matmul<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
    #[cfg(not(target_family = "wasm"))]
    return a.matmul(b);
    #[cfg(target_family = "wasm")]
    flex::matmul(a, b)
}

/// `x` `[n, c_in, h, w]`, `weight` `[c_out, c_in, k, k]`; tensors on the CPU.
pub fn conv2d(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, options: ConvOptions<2>) -> Tensor<4> {
    #[cfg(not(target_family = "wasm"))]
    return burn::tensor::module::conv2d(x, weight, Some(bias), options);
    #[cfg(target_family = "wasm")]
    flex::conv2d(x, weight, bias, options)
}

#[cfg(target_family = "wasm")]
mod flex {
    use burn::backend::ops::{FloatTensorOps, ModuleOps};
    use burn::tensor::Tensor;
    use burn::tensor::ops::ConvOptions;
    use burn_flex::{Flex, FlexTensor};

    pub fn matmul<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
        Tensor::from_primitive::<Flex>(Flex::float_matmul(inner(a), inner(b)))
    }

    pub fn conv2d(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, options: ConvOptions<2>) -> Tensor<4> {
        Tensor::from_primitive::<Flex>(Flex::conv2d(inner(x), inner(weight), Some(inner(bias)), options))
    }

    fn inner<const D: usize>(x: Tensor<D>) -> FlexTensor {
        match x.try_into_primitive::<Flex>() {
            Ok(x) => x,
            // The operations of this folder send tensors on a GPU to its kernels.
            Err(e) => unreachable!("a tensor of another device was given to the CPU: {e:?}"),
        }
    }
}
