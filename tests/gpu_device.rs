//! What happens when the GPU fails: an error, never a panic and never a wrong result. One test, because the errors that
//! a GPU reports on its own are the process's.

use pollster::block_on;
use resshift::gpu::{self, Program, Weight};
use resshift::layer::ConvShape;
use resshift::{Error, checks};

#[test]
fn failures_are_errors() {
    let first = block_on(gpu::open()).unwrap();
    let x = Weight::new(&first, &[2.0; 1000]);
    assert_eq!(block_on(x.read()).unwrap(), vec![2.0; 1000]);
    assert_eq!(gpu::take_error(), None);

    // Larger than the device allows.
    let count = first.max_tensor_bytes as usize / 4 + 1024;
    assert!(Program::new(&first, &[[1, 1, 1, count]], |maps| gpu::peak::copy(&maps[0])).is_err());
    block_on(checks::self_test(&first)).unwrap();

    // Weights that are only counted, or another device's.
    let layer = ConvShape::same(4, 8, 1);
    let program = |weight: &Weight, bias: &Weight| {
        let (weight, bias) = gpu::pack_conv2d(weight, bias, &layer, false);
        Program::new(&first, &[[1, 1, 1, 4]], |maps| gpu::conv2d(&maps[0], &weight, &bias, &layer, None, None)).err()
    };
    let here = [32, 8].map(|count| Weight::zeros(&first, count));
    assert!(program(&here[0], &here[1]).is_none());
    let nowhere = [32, 8].map(|count| Weight::counted(&first.options(), count));
    assert!(matches!(program(&nowhere[0], &nowhere[1]), Some(Error::Internal(_))));
    assert!(matches!(block_on(nowhere[0].read()), Err(Error::Internal(_))));
    let other = block_on(gpu::open()).unwrap();
    let there = [32, 8].map(|count| Weight::zeros(&other, count));
    assert!(matches!(program(&there[0], &there[1]), Some(Error::Internal(_))));
    assert_eq!(gpu::take_error(), None);

    // Lost.
    first.destroy();
    for _ in 0..3 {
        assert!(block_on(x.read()).is_err());
    }
    assert!(block_on(checks::self_test(&first)).is_err());
    gpu::take_error();

    // A new device after that.
    let second = block_on(gpu::open()).unwrap();
    block_on(checks::self_test(&second)).unwrap();
    assert_eq!(gpu::take_error(), None);
}
