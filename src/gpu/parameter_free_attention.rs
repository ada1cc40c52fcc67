//! `shaders/parameter_free_attention.wgsl`.

use super::kernel::{Kernel, invocations};
use super::list::{Binding, Command, Node, Number, Slices};

/// The kernel, which bounds what it gives.
pub fn parameter_free_attention_kernel(bound: f32) -> Kernel {
    let file = include_str!("../../shaders/parameter_free_attention.wgsl");
    Kernel::new("parameter_free_attention", file).elements(&["X", "Y", "Z"]).real("BOUND", bound)
}

/// Appends `(x + y) (sigmoid(y) - 1/2)`, clamped to `[-bound, bound]`, `x` and `y` `[n, h, w, c]`.
pub fn parameter_free_attention(x: &Node, y: &Node, bound: f32) -> Node {
    let [x, y] = [x, y].map(Node::materialize);
    let [n, h, w, c] = x.dims;
    let z = x.list.sliceable(x.dims, Slices::Any);
    let mut numbers = Vec::from([n * h * w, c].map(|v| Number::Value(v as u32)));
    numbers.extend([&x, &y, &z].into_iter().flat_map(|map| [Number::Stride(map.id), Number::Offset(map.id)]));
    x.list.push(Command {
        kernel: parameter_free_attention_kernel(bound),
        bindings: vec![Binding::View(x.id), Binding::View(y.id), Binding::Write(z.id)],
        elements: vec![x.id, y.id, z.id],
        numbers,
        groups: invocations(x.count()),
        macs: 0,
    });
    z
}
