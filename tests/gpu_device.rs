//! What happens when the GPU fails: an error, never a panic and never a wrong result. One test, because the errors that
//! a GPU reports on its own are the process's.

use pollster::block_on;
use resshift::checks;
use resshift::gpu::{self, Program, Weight};

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
