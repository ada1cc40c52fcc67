//! What an adapter can do at most, measured with kernels that do nothing else: the yardstick of the benchmarks.

use crate::gpu::kernel::{Kernel, invocations};
use crate::gpu::list::{Binding, Command, Node, Number};
use crate::gpu::shapes::{Checked, require};

/// Operations of one invocation and round of [`multiply_add`]: 64 times 8 fused multiply-adds of vec4s.
pub const OPERATIONS: usize = 64 * 8 * 4 * 2;

/// The kernels.
pub fn peak_kernels() -> [Kernel; 2] {
    [
        Kernel::new("peak_fma", include_str!("../../../shaders/peak_fma.wgsl")),
        Kernel::new("peak_copy", include_str!("../../../shaders/peak_copy.wgsl")),
    ]
}

/// Appends `rounds` rounds of multiply-adds for every number of `x`; returns a map of its size.
pub fn multiply_add(x: &Node, rounds: usize) -> Node {
    let list = &x.list;
    let y = list.result(x.dims);
    let [kernel, _] = peak_kernels();
    let numbers = Vec::from([x.count(), rounds, 0, 0].map(|v| Number::Value(v as u32)));
    let (bindings, groups) = (vec![Binding::Write(y.id)], invocations(x.count()));
    list.push(Command { kernel, bindings, elements: Vec::new(), numbers, groups, macs: 0 });
    y
}

/// Appends a copy of `x`, whose count is a multiple of four.
pub fn copy(x: &Node) -> Node {
    let list = &x.list;
    let y = list.result(x.dims);
    if !list.accepts("peak_copy", check_shapes(x)) {
        return y;
    }
    let [_, kernel] = peak_kernels();
    let numbers = Vec::from([x.count() / 4, 0, 0, 0].map(|v| Number::Value(v as u32)));
    let (bindings, groups) = (vec![Binding::Read(x.id), Binding::Write(y.id)], invocations(x.count() / 4));
    list.push(Command { kernel, bindings, elements: Vec::new(), numbers, groups, macs: 0 });
    y
}

fn check_shapes(x: &Node) -> Checked {
    require(x.count().is_multiple_of(4), "the count is no multiple of 4")
}
