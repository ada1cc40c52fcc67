//! `shaders/bicubic.wgsl`.

use crate::gpu::kernel::{Kernel, invocations};
use crate::gpu::list::{Binding, Command, Node, Number, Slices, Start};
use crate::gpu::shapes::{Checked, expect};
use crate::layer::Window;

/// The kernel, with or without a residual in space-to-depth order.
pub fn bicubic_kernel(residual: bool) -> Kernel {
    Kernel::new("bicubic", include_str!("../../../shaders/bicubic.wgsl"))
        .including(include_str!("../../../shaders/include/bicubic_sample.wgsl"))
        .count("RESULT", 1 + usize::from(residual))
        .flag("RESIDUAL", residual)
        .elements(if residual { &["R"] } else { &[] })
}

/// Appends the enlargement of `x` `[n, h, w, 3]` by 4, plus `residual` `[n, h, w, 48]`; returns `[n, 4h, 4w, 3]`.
pub fn bicubic(x: &Node, residual: Option<&Node>) -> Node {
    if !x.list.accepts("bicubic", check_shapes(x, residual)) {
        let [n, h, w, c] = x.dims;
        return x.list.result([n, 4 * h, 4 * w, c]);
    }
    let x = x.materialize();
    let residual = residual.map(Node::materialize);
    let list = &x.list;
    let [n, h, w, c] = x.dims;
    let enlarged = Window { rows_out: 4, ..Window::ROW };
    let mut inputs = vec![(x.id, Window { above: 2, below: 2, ..enlarged })];
    inputs.extend(residual.as_ref().map(|residual| (residual.id, enlarged)));
    let y = list.by_rows(&inputs, [n, 4 * h, 4 * w, c], Slices::None);
    let (new, rows) = (y.rows().start, y.rows().len() / 4);
    let mut bindings = vec![Binding::Read(x.id)];
    bindings.extend(residual.as_ref().map(|residual| Binding::Read(residual.id)));
    bindings.push(Binding::Write(y.id));
    let mut numbers = size(&x, rows, new / 4);
    numbers
        .push(residual.as_ref().map_or(Number::Value(0), |residual| Number::Offset(residual.id, Start::Row(new / 4))));
    numbers.push(Number::Offset(y.id, Start::Row(new)));
    list.push_rows(
        &y,
        Command {
            kernel: bicubic_kernel(residual.is_some()),
            bindings,
            elements: residual.iter().map(|residual| residual.id).collect(),
            numbers,
            groups: invocations(16 * n * rows * w),
            macs: 0,
        },
    );
    y
}

fn check_shapes(x: &Node, residual: Option<&Node>) -> Checked {
    let [n, h, w, _] = x.dims;
    expect("x", &x.dims, &[n, h, w, 3])?;
    residual.map_or(Ok(()), |residual| expect("residual", &residual.dims, &[n, h, w, 48]))
}

/// What `shaders/include/bicubic_sample.wgsl` needs to know of `x` `[n, h, w, 3]`, of which `rows` rows from row `first` on are enlarged.
pub(super) fn size(x: &Node, rows: usize, first: usize) -> Vec<Number> {
    let [n, _, w, _] = x.dims;
    let value = |v: usize| Number::Value(v as u32);
    vec![value(n), Number::Height(x.id), value(w), value(rows), Number::Row(x.id, first)]
}
