//! `shaders/parameter_free_attention.wgsl`.

use crate::gpu::kernel::{Kernel, invocations};
use crate::gpu::list::{Binding, Command, Node, Number, Slices, Start};
use crate::gpu::shapes::{Checked, expect};
use crate::layer::Window;

/// The kernel, which bounds what it gives.
pub fn parameter_free_attention_kernel(bound: f32) -> Kernel {
    let file = include_str!("../../../shaders/parameter_free_attention.wgsl");
    Kernel::new("parameter_free_attention", file).elements(&["X", "Y", "Z"]).real("BOUND", bound)
}

/// Appends `(x + y) (sigmoid(y) - 1/2)`, clamped to `[-bound, bound]`, `x` and `y` `[n, h, w, c]`.
pub fn parameter_free_attention(x: &Node, y: &Node, bound: f32) -> Node {
    if !x.list.accepts("parameter_free_attention", check_shapes(x, y)) {
        return x.list.result(x.dims);
    }
    let [x, y] = [x, y].map(Node::materialize);
    let [n, _, w, c] = x.dims;
    let z = x.list.by_rows(&[(x.id, Window::ROW), (y.id, Window::ROW)], x.dims, Slices::Any);
    let rows = z.rows();
    let mut numbers = Vec::from([n * rows.len() * w, c].map(|v| Number::Value(v as u32)));
    numbers.extend(
        [&x, &y, &z]
            .into_iter()
            .flat_map(|map| [Number::Stride(map.id), Number::Offset(map.id, Start::Row(rows.start))]),
    );
    x.list.push_rows(
        &z,
        Command {
            kernel: parameter_free_attention_kernel(bound),
            bindings: vec![Binding::View(x.id), Binding::View(y.id), Binding::Write(z.id)],
            elements: vec![x.id, y.id, z.id],
            numbers,
            groups: invocations(n * rows.len() * w * c),
            macs: 0,
        },
    );
    z
}

fn check_shapes(x: &Node, y: &Node) -> Checked {
    expect("y", &y.dims, &x.dims)
}
