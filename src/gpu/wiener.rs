//! `shaders/wiener.wgsl`.

use super::kernel::{Kernel, invocations};
use super::list::{Binding, Command, Node, Number};

/// The kernel, with or without a prior mean.
pub fn wiener_kernel(mean: bool) -> Kernel {
    Kernel::new("wiener", include_str!("../../shaders/wiener.wgsl"))
        .count("RESULT", 4 + usize::from(mean))
        .flag("MEAN", mean)
        .elements(&["N"])
}

/// Appends `mean + wiener * (z_t - mean) * sigmoid(g + 1) + correction * F`, with `g` and `F` the halves of `network`
/// `[n, h, w, 2c]`, `z_t` and `mean` `[n, h, w, c]`, and the factors `[1, 1, 1, c]`; without a mean it is 0.
pub fn wiener(z_t: &Node, network: &Node, wiener: &Node, correction: &Node, mean: Option<&Node>) -> Node {
    let [z_t, network] = [z_t, network].map(Node::materialize);
    let list = &z_t.list;
    let [n, h, w, c] = z_t.dims;
    let y = list.result(z_t.dims);
    let reads = [&z_t, &network, wiener, correction].into_iter().chain(mean).map(|map| Binding::Read(map.id));
    let bindings = reads.chain([Binding::Write(y.id)]).collect();
    list.push(Command {
        kernel: wiener_kernel(mean.is_some()),
        bindings,
        elements: vec![network.id],
        numbers: Vec::from([n * h * w, c, 0, 0].map(|v| Number::Value(v as u32))),
        groups: invocations(z_t.count()),
        macs: 0,
    });
    y
}
