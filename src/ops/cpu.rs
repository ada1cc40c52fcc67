//! Operations that are costly to mention: matrix product, convolution, enlargement and sums on the CPU.
//!
//! burn's own functions for them reach every backend, and so bring in CubeCL's kernels: a large part of the engine that a
//! page loads, for nothing, since GPUs run the kernels of [`crate::gpu`]. In a page these functions call the CPU backend by
//! its name. Elsewhere they are burn's, which autodiff needs.

use burn::tensor::ops::{ConvOptions, InterpolateMode, InterpolateOptions};
use burn::tensor::{Int, Tensor};

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

/// `x` `[n, c, h, w]`, bicubically to `[n, c, height, width]`; on the CPU.
pub fn bicubic(x: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let options = InterpolateOptions::new(InterpolateMode::Bicubic).with_align_corners(false).with_output_size(size);
    #[cfg(not(target_family = "wasm"))]
    return burn::tensor::module::interpolate(x, options);
    #[cfg(target_family = "wasm")]
    flex::interpolate(x, size, options)
}

/// Over the last axis; on the CPU.
pub fn softmax<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(not(target_family = "wasm"))]
    return burn::tensor::activation::softmax(x, D - 1);
    #[cfg(target_family = "wasm")]
    flex::softmax(x)
}

/// Along an axis, which is left with length 1; on the CPU.
pub fn mean_dim<const D: usize>(x: Tensor<D>, dim: usize) -> Tensor<D> {
    #[cfg(not(target_family = "wasm"))]
    return x.mean_dim(dim);
    #[cfg(target_family = "wasm")]
    flex::mean_dim(x, dim)
}

/// Where the least number along an axis stands, the first of equals; on the CPU.
pub fn argmin<const D: usize>(x: Tensor<D>, dim: usize) -> Tensor<D, Int> {
    #[cfg(not(target_family = "wasm"))]
    return x.argmin(dim);
    #[cfg(target_family = "wasm")]
    flex::argmin(x, dim)
}

#[cfg(target_family = "wasm")]
mod flex {
    use burn::backend::ops::{ActivationOps, FloatTensorOps, ModuleOps};
    use burn::tensor::ops::{ConvOptions, InterpolateOptions};
    use burn::tensor::{Int, IntDType, Tensor};
    use burn_flex::{Flex, FlexTensor};

    pub fn matmul<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
        Tensor::from_primitive::<Flex>(Flex::float_matmul(inner(a), inner(b)))
    }

    pub fn conv2d(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, options: ConvOptions<2>) -> Tensor<4> {
        Tensor::from_primitive::<Flex>(Flex::conv2d(inner(x), inner(weight), Some(inner(bias)), options))
    }

    pub fn interpolate(x: Tensor<4>, size: [usize; 2], options: InterpolateOptions) -> Tensor<4> {
        Tensor::from_primitive::<Flex>(Flex::interpolate(inner(x), size, options))
    }

    pub fn softmax<const D: usize>(x: Tensor<D>) -> Tensor<D> {
        Tensor::from_primitive::<Flex>(<Flex as ActivationOps<Flex>>::softmax(inner(x), D - 1))
    }

    pub fn mean_dim<const D: usize>(x: Tensor<D>, dim: usize) -> Tensor<D> {
        Tensor::from_primitive::<Flex>(Flex::float_mean_dim(inner(x), dim))
    }

    pub fn argmin<const D: usize>(x: Tensor<D>, dim: usize) -> Tensor<D, Int> {
        Tensor::from_primitive::<Flex>(Flex::float_argmin(inner(x), dim, IntDType::I32))
    }

    fn inner<const D: usize>(x: Tensor<D>) -> FlexTensor {
        match x.try_into_primitive::<Flex>() {
            Ok(x) => x,
            // The operations of this folder send tensors on a GPU to its kernels.
            Err(e) => unreachable!("a tensor of another device was given to the CPU: {e:?}"),
        }
    }
}
