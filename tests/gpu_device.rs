//! What happens when the GPU fails: an error, never a panic and never a wrong result.

use burn::tensor::Tensor;
use pollster::block_on;
use resshift::gpu;

#[test]
fn a_lost_device_ends_in_an_error_and_a_new_one_works() {
    let first = block_on(gpu::open()).unwrap();
    let x = Tensor::<1>::ones([1000], &first.device) * 2.0;
    assert_eq!(block_on(x.clone().into_data_async()).unwrap().try_to_vec::<f32>().unwrap()[999], 2.0);
    first.destroy();
    for _ in 0..3 {
        assert!(block_on((x.clone() * 3.0).into_data_async()).is_err());
    }
    assert!(block_on(first.self_test()).is_err());
    println!("take {:?}", gpu::take_error());

    let second = block_on(gpu::open()).unwrap();
    block_on(second.self_test()).unwrap();
}

#[test]
fn a_tensor_beyond_the_limit_is_an_error() {
    let gpu = block_on(gpu::open()).unwrap();
    let count = gpu.max_tensor_bytes as usize / 4 + 1024;
    let x = Tensor::<1>::zeros([count], &gpu.device);
    println!("{:?}", block_on(x.into_data_async()).map(|_| ()));
    println!("take {:?}", gpu::take_error());
}
