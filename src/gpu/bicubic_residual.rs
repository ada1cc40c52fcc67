//! `shaders/bicubic_residual.wgsl`.

use super::kernel::{Kernel, invocations};
use super::list::{Binding, Command, Node, Number};

/// The kernel.
pub fn bicubic_residual_kernel() -> Kernel {
    Kernel::new("bicubic_residual", include_str!("../../shaders/bicubic_residual.wgsl"))
        .including(include_str!("../../shaders/bicubic_sample.wgsl"))
        .elements(&["P"])
}

/// Appends `clamp(picture, -1, 1)` minus the enlargement of `lr` `[n, h, w, 3]` by 4; `picture` and the result `[n, h, w, 48]`
/// in space-to-depth order.
pub fn bicubic_residual(picture: &Node, lr: &Node) -> Node {
    let [picture, lr] = [picture, lr].map(Node::materialize);
    let list = &lr.list;
    let [n, h, w, c] = lr.dims;
    let y = list.result([n, h, w, 16 * c]);
    list.push(Command {
        kernel: bicubic_residual_kernel(),
        bindings: vec![Binding::Read(lr.id), Binding::Read(picture.id), Binding::Write(y.id)],
        elements: vec![picture.id],
        numbers: Vec::from([n, h, w, 0].map(|v| Number::Value(v as u32))),
        groups: invocations(16 * n * h * w),
        macs: 0,
    });
    y
}
