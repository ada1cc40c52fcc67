//! Launch of `shaders/nearest_code.wgsl`.

use super::kernel::{Kernel, buffer, invocations};
use burn::tensor::{DType, Int, Tensor};
use burn_cubecl::CubeBackend;

/// The kernel for codes of `dim` channels.
pub fn nearest_code_kernel(dim: usize) -> Kernel {
    Kernel::new("nearest_code", include_str!("../../shaders/nearest_code.wgsl")).count("DIM", dim)
}

/// Index of the nearest code of `codebook` `[codes, c]` for every row of `z` `[tokens, c]`; `[tokens]`, i32.
pub fn nearest_code(z: Tensor<2>, codebook: &Tensor<2>) -> Tensor<1, Int> {
    let [tokens, dim] = z.dims();
    let codes = codebook.dims()[0];
    let inputs = vec![buffer(z), buffer(codebook.clone())];
    let size = [tokens, codes, 0, 0];
    let index = nearest_code_kernel(dim).launch(inputs, ([tokens], DType::I32), size, invocations(tokens));
    Tensor::from_primitive::<CubeBackend>(index)
}
