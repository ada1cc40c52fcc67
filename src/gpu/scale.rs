//! `shaders/scale.wgsl`.

use super::kernel::{Kernel, invocations};
use super::list::{Binding, Command, Node, Number, Slices};

/// The kernel, with or without factors.
pub fn scale_kernel(factor: bool) -> Kernel {
    Kernel::new("scale", include_str!("../../shaders/scale.wgsl"))
        .count("RESULT", 1 + usize::from(factor))
        .flag("FACTOR", factor)
        .elements(&["X", "Y"])
}

/// Appends `x * factor`, `x` `[n, h, w, c]`, `factor` `[1, 1, 1, c]`.
pub fn scale(x: &Node, factor: &Node) -> Node {
    let x = x.materialize();
    let y = x.list.sliceable(x.dims, Slices::Any);
    record(&x, Some(factor), &y);
    y
}

/// Appends a packed copy of a map without a pending norm.
pub(crate) fn copy(x: &Node) -> Node {
    let y = x.list.result(x.dims);
    record(x, None, &y);
    y
}

/// Appends the kernel that writes `y`.
pub(super) fn record(x: &Node, factor: Option<&Node>, y: &Node) {
    let [n, h, w, c] = x.dims;
    let mut bindings = vec![Binding::View(x.id)];
    bindings.extend(factor.map(|factor| Binding::Read(factor.id)));
    bindings.push(Binding::Write(y.id));
    let numbers = vec![
        Number::Value((n * h * w) as u32),
        Number::Value(c as u32),
        Number::Stride(x.id),
        Number::Offset(x.id),
        Number::Stride(y.id),
        Number::Offset(y.id),
    ];
    let groups = invocations(x.count());
    let kernel = scale_kernel(factor.is_some());
    x.list.push(Command { kernel, bindings, elements: vec![x.id, y.id], numbers, groups, macs: 0 });
}
