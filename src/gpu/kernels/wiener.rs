//! `shaders/wiener.wgsl`.

use crate::gpu::kernel::{Kernel, invocations};
use crate::gpu::list::{Binding, Command, Node, Number, Slices, Start};
use crate::gpu::shapes::{Checked, expect};
use crate::layer::Window;

/// The kernel, with or without a prior mean.
pub fn wiener_kernel(mean: bool) -> Kernel {
    Kernel::new("wiener", include_str!("../../../shaders/wiener.wgsl"))
        .count("RESULT", 4 + usize::from(mean))
        .flag("MEAN", mean)
        .elements(&["N"])
}

/// Appends `mean + wiener * (z_t - mean) * sigmoid(g + 1) + correction * F`, with `g` and `F` the halves of `network`
/// `[n, h, w, 2c]`, `z_t` and `mean` `[n, h, w, c]`, and the factors `[1, 1, 1, c]`; without a mean it is 0.
pub fn wiener(z_t: &Node, network: &Node, wiener: &Node, correction: &Node, mean: Option<&Node>) -> Node {
    if !z_t.list.accepts("wiener", check_shapes(z_t, network, [wiener, correction], mean)) {
        return z_t.list.result(z_t.dims);
    }
    let [z_t, network] = [z_t, network].map(Node::materialize);
    let list = &z_t.list;
    let [n, _, w, c] = z_t.dims;
    let inputs: Vec<_> = [&z_t, &network].into_iter().chain(mean).map(|map| (map.id, Window::ROW)).collect();
    let y = list.by_rows(&inputs, z_t.dims, Slices::None);
    let rows = y.rows();
    let pixels = n * rows.len() * w;
    let mut numbers = Vec::from([pixels, c].map(|v| Number::Value(v as u32)));
    let maps = [Some(&z_t), Some(&network), mean, Some(&y)];
    numbers.extend(maps.map(|map| map.map_or(Number::Value(0), |map| Number::Offset(map.id, Start::Row(rows.start)))));
    let reads = [&z_t, &network, wiener, correction].into_iter().chain(mean).map(|map| Binding::Read(map.id));
    let bindings = reads.chain([Binding::Write(y.id)]).collect();
    list.push_rows(
        &y,
        Command {
            kernel: wiener_kernel(mean.is_some()),
            bindings,
            elements: vec![network.id],
            numbers,
            groups: invocations(pixels * c),
            macs: 0,
        },
    );
    y
}

fn check_shapes(z_t: &Node, network: &Node, factors: [&Node; 2], mean: Option<&Node>) -> Checked {
    let [n, h, w, c] = z_t.dims;
    expect("network", &network.dims, &[n, h, w, 2 * c])?;
    factors.into_iter().try_for_each(|factor| expect("a factor", &factor.dims, &[1, 1, 1, c]))?;
    mean.map_or(Ok(()), |mean| expect("mean", &mean.dims, &z_t.dims))
}
