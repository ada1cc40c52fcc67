//! `shaders/bicubic.wgsl`.

use super::kernel::{Kernel, invocations};
use super::list::{Binding, Command, Node, Number};

/// The kernel, with or without a residual in space-to-depth order.
pub fn bicubic_kernel(residual: bool) -> Kernel {
    Kernel::new("bicubic", include_str!("../../shaders/bicubic.wgsl"))
        .including(include_str!("../../shaders/bicubic_sample.wgsl"))
        .count("RESULT", 1 + usize::from(residual))
        .flag("RESIDUAL", residual)
        .elements(if residual { &["R"] } else { &[] })
}

/// Appends the enlargement of `x` `[n, h, w, 3]` by 4, plus `residual` `[n, h, w, 48]`; returns `[n, 4h, 4w, 3]`.
pub fn bicubic(x: &Node, residual: Option<&Node>) -> Node {
    let x = x.materialize();
    let residual = residual.map(Node::materialize);
    let list = &x.list;
    let [n, h, w, c] = x.dims;
    let y = list.result([n, 4 * h, 4 * w, c]);
    let mut bindings = vec![Binding::Read(x.id)];
    bindings.extend(residual.as_ref().map(|residual| Binding::Read(residual.id)));
    bindings.push(Binding::Write(y.id));
    list.push(Command {
        kernel: bicubic_kernel(residual.is_some()),
        bindings,
        elements: residual.iter().map(|residual| residual.id).collect(),
        numbers: Vec::from([n, h, w, 0].map(|v| Number::Value(v as u32))),
        groups: invocations(16 * n * h * w),
        macs: 0,
    });
    y
}
