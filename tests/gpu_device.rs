//! What happens when the GPU fails: an error, never a panic and never a wrong result. One test, because the errors that
//! a GPU reports on its own are the process's.

use burn::tensor::Tensor;
use pollster::block_on;
use resshift::gpu;

/// Natively a failed read may show only when the numbers are looked at.
fn read(x: Tensor<1>) -> Result<Vec<f32>, String> {
    let data = block_on(x.into_data_async()).map_err(|e| format!("{e:?}"))?;
    data.try_to_vec().map_err(|e| format!("{e:?}"))
}

#[test]
fn failures_are_errors() {
    let first = block_on(gpu::open()).unwrap();
    let x = Tensor::<1>::ones([1000], &first.device) * 2.0;
    assert_eq!(read(x.clone()).unwrap(), vec![2.0; 1000]);
    assert_eq!(gpu::take_error(), None);

    // Larger than the device allows.
    let count = first.max_tensor_bytes as usize / 4 + 1024;
    assert!(read(Tensor::zeros([count], &first.device)).unwrap_err().contains("allocate"));
    block_on(first.self_test()).unwrap();

    // Lost.
    first.destroy();
    for _ in 0..3 {
        assert!(read(x.clone() * 3.0).is_err());
    }
    assert!(block_on(first.self_test()).is_err());
    gpu::take_error();

    // A new device after that.
    let second = block_on(gpu::open()).unwrap();
    block_on(second.self_test()).unwrap();
    assert_eq!(gpu::take_error(), None);
}
