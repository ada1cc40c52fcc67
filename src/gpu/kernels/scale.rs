//! `shaders/scale.wgsl`.

use crate::gpu::kernel::{Kernel, invocations};
use crate::gpu::list::{Binding, Command, Node, Number, Slices, Start};
use crate::gpu::shapes::{Checked, expect};
use crate::layer::Window;

/// The kernel, with or without factors, and with them with or without a mean.
pub fn scale_kernel(factor: bool, mean: bool) -> Kernel {
    Kernel::new("scale", include_str!("../../../shaders/scale.wgsl"))
        .count("RESULT", 1 + usize::from(factor) + usize::from(mean))
        .flag("FACTOR", factor)
        .flag("MEAN", mean)
        .elements(&["X", "Y"])
}

/// Appends `(x - mean) * factor`, `x` and `mean` `[n, h, w, c]`, `factor` `[1, 1, 1, c]`; without a mean `x * factor`.
pub fn scale(x: &Node, factor: &Node, mean: Option<&Node>) -> Node {
    if !x.list.accepts("scale", check_shapes(x, factor, mean)) {
        return x.list.result(x.dims);
    }
    let x = x.materialize();
    let inputs: Vec<_> = [&x].into_iter().chain(mean).map(|map| (map.id, Window::ROW)).collect();
    let y = x.list.by_rows(&inputs, x.dims, Slices::Any);
    write(&x, Some(factor), mean, &y);
    y
}

fn check_shapes(x: &Node, factor: &Node, mean: Option<&Node>) -> Checked {
    expect("factor", &factor.dims, &[1, 1, 1, x.dims[3]])?;
    mean.map_or(Ok(()), |mean| expect("mean", &mean.dims, &x.dims))
}

/// Appends a packed copy of a map without a pending norm.
pub(crate) fn copy(x: &Node) -> Node {
    let y = x.list.by_rows(&[(x.id, Window::ROW)], x.dims, Slices::None);
    record(x, &y);
    y
}

/// Appends the copy of `x` to `y`.
pub(in crate::gpu) fn record(x: &Node, y: &Node) {
    write(x, None, None, y);
}

fn write(x: &Node, factor: Option<&Node>, mean: Option<&Node>, y: &Node) {
    let [n, _, w, c] = x.dims;
    let rows = y.rows();
    let first = Start::Row(rows.start);
    let mut bindings = vec![Binding::View(x.id)];
    bindings.extend(factor.into_iter().chain(mean).map(|map| Binding::Read(map.id)));
    bindings.push(Binding::Write(y.id));
    let numbers = vec![
        Number::Value((n * rows.len() * w) as u32),
        Number::Value(c as u32),
        Number::Stride(x.id),
        Number::Offset(x.id, first),
        Number::Stride(y.id),
        Number::Offset(y.id, first),
        mean.map_or(Number::Value(0), |mean| Number::Offset(mean.id, first)),
    ];
    let groups = invocations(n * rows.len() * w * c);
    let kernel = scale_kernel(factor.is_some(), mean.is_some());
    x.list.push_rows(y, Command { kernel, bindings, elements: vec![x.id, y.id], numbers, groups, macs: 0 });
}
