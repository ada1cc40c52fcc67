//! `shaders/wiener.wgsl`.

use super::kernel::{Kernel, invocations};
use super::list::{Binding, Command, Node, Number};

/// The kernel.
pub fn wiener_kernel() -> Kernel {
    Kernel::new("wiener", include_str!("../../shaders/wiener.wgsl")).elements(&["N"])
}

/// Appends `wiener * z_t * sigmoid(g + 1) + correction * F`, with `g` and `F` the halves of `network` `[n, h, w, 2c]`, `z_t`
/// `[n, h, w, c]`, and the factors `[1, 1, 1, c]`.
pub fn wiener(z_t: &Node, network: &Node, wiener: &Node, correction: &Node) -> Node {
    let [z_t, network] = [z_t, network].map(Node::materialize);
    let list = &z_t.list;
    let [n, h, w, c] = z_t.dims;
    let y = list.result(z_t.dims);
    let reads = [z_t.id, network.id, wiener.id, correction.id].map(Binding::Read);
    let bindings = reads.into_iter().chain([Binding::Write(y.id)]).collect();
    list.push(Command {
        kernel: wiener_kernel(),
        bindings,
        elements: vec![network.id],
        numbers: Vec::from([n * h * w, c, 0, 0].map(|v| Number::Value(v as u32))),
        groups: invocations(z_t.count()),
        macs: 0,
    });
    y
}
