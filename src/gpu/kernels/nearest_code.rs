//! `shaders/nearest_code.wgsl`.

use crate::gpu::kernel::{Kernel, invocations};
use crate::gpu::list::{Binding, Command, Node, Number};
use crate::gpu::shapes::{Checked, expect_weight, require};
use crate::gpu::weight::Weight;

/// The kernel for codes of `dim` channels.
pub fn nearest_code_kernel(dim: usize) -> Kernel {
    Kernel::new("nearest_code", include_str!("../../../shaders/nearest_code.wgsl")).count("DIM", dim)
}

/// Appends the search in `codebook` of `codes` `[codes, c]` for every pixel of `z` `[n, h, w, c]`; returns the codes, `[n, h, w, c]`,
/// and their indices as floats, `[n, h, w, 1]`.
pub fn nearest_code(z: &Node, codebook: Option<&Weight>, codes: usize) -> (Node, Node) {
    let accepted = z.list.accepts("nearest_code", check_shapes(z, codebook, codes));
    let z = if accepted { z.materialize() } else { z.clone() };
    let list = &z.list;
    let [n, h, w, c] = z.dims;
    let (code, index) = (list.result(z.dims), list.result([n, h, w, 1]));
    if !accepted {
        return (code, index);
    }
    let mut bindings = vec![Binding::Read(z.id)];
    bindings.extend(codebook.cloned().map(Binding::Weight));
    bindings.extend([Binding::Write(code.id), Binding::Write(index.id)]);
    let tokens = n * h * w;
    list.push(Command {
        kernel: nearest_code_kernel(c),
        bindings,
        elements: Vec::new(),
        numbers: Vec::from([tokens, codes, 0, 0].map(|v| Number::Value(v as u32))),
        groups: invocations(tokens),
        macs: 0,
    });
    (code, index)
}

fn check_shapes(z: &Node, codebook: Option<&Weight>, codes: usize) -> Checked {
    require(codes > 0, "there are no codes")?;
    expect_weight("codebook", codebook, codes * z.dims[3])
}
