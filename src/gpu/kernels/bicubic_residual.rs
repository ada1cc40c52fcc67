//! `shaders/bicubic_residual.wgsl`.

use super::bicubic::size;
use crate::gpu::kernel::{Kernel, invocations};
use crate::gpu::list::{Binding, Command, Node, Number, Slices, Start};
use crate::gpu::shapes::{Checked, expect};
use crate::layer::Window;

/// The kernel.
pub fn bicubic_residual_kernel() -> Kernel {
    Kernel::new("bicubic_residual", include_str!("../../../shaders/bicubic_residual.wgsl"))
        .including(include_str!("../../../shaders/include/bicubic_sample.wgsl"))
        .elements(&["P"])
}

/// Appends `clamp(picture, -1, 1)` minus the enlargement of `lr` `[n, h, w, 3]` by 4; `picture` and the result `[n, h, w, 48]`
/// in space-to-depth order.
pub fn bicubic_residual(picture: &Node, lr: &Node) -> Node {
    if !lr.list.accepts("bicubic_residual", check_shapes(picture, lr)) {
        return lr.list.result(picture.dims);
    }
    let [picture, lr] = [picture, lr].map(Node::materialize);
    let list = &lr.list;
    let [n, h, w, c] = lr.dims;
    let taps = Window { above: 2, below: 2, ..Window::ROW };
    let y = list.by_rows(&[(picture.id, Window::ROW), (lr.id, taps)], [n, h, w, 16 * c], Slices::None);
    let rows = y.rows();
    let mut numbers = size(&lr, rows.len(), rows.start);
    numbers.extend([&picture, &y].map(|map| Number::Offset(map.id, Start::Row(rows.start))));
    list.push_rows(
        &y,
        Command {
            kernel: bicubic_residual_kernel(),
            bindings: vec![Binding::Read(lr.id), Binding::Read(picture.id), Binding::Write(y.id)],
            elements: vec![picture.id],
            numbers,
            groups: invocations(16 * n * rows.len() * w),
            macs: 0,
        },
    );
    y
}

fn check_shapes(picture: &Node, lr: &Node) -> Checked {
    let [n, h, w, _] = lr.dims;
    expect("lr", &lr.dims, &[n, h, w, 3])?;
    expect("picture", &picture.dims, &[n, h, w, 48])
}
