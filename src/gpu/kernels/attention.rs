//! `shaders/attention.wgsl`.

use crate::gpu::kernel::{Kernel, WORKGROUP, fold};
use crate::gpu::list::{Binding, Command, Node, Number};
use crate::gpu::shapes::{Checked, expect, require};

/// Queries of a workgroup.
const QUERIES: usize = 8;
/// Most channels: an invocation's share of the sums must fit its registers.
pub const MAX_CHANNELS: usize = 512;

/// The kernel for `dim` channels.
pub fn attention_kernel(dim: usize) -> Kernel {
    Kernel::new("attention", include_str!("../../../shaders/attention.wgsl"))
        .count("DIM", dim)
        .count("SHARE", dim.div_ceil(4 * WORKGROUP))
        .elements(&["Q", "K", "V", "Y"])
}

/// Appends attention over all tokens, `q`, `k` and `v` `[n, h, w, c]`; returns the same size. c is a multiple of 4 and at
/// most [`MAX_CHANNELS`].
pub fn attention(q: &Node, k: &Node, v: &Node) -> Node {
    if !q.list.accepts("attention", check_shapes(q, k, v)) {
        return q.list.result(q.dims);
    }
    let [q, k, v] = [q, k, v].map(Node::materialize);
    let list = &q.list;
    let [n, h, w, c] = q.dims;
    let tokens = h * w;
    let y = list.result(q.dims);
    list.push(Command {
        kernel: attention_kernel(c),
        bindings: vec![Binding::Read(q.id), Binding::Read(k.id), Binding::Read(v.id), Binding::Write(y.id)],
        elements: vec![q.id, k.id, v.id, y.id],
        numbers: vec![Number::Value(n as u32), Number::Value(tokens as u32), Number::Begin],
        groups: fold(tokens.div_ceil(QUERIES), n),
        macs: (2 * n * tokens * tokens * c) as u64,
    });
    y
}

fn check_shapes(q: &Node, k: &Node, v: &Node) -> Checked {
    let c = q.dims[3];
    require(c > 0 && c.is_multiple_of(4) && c <= MAX_CHANNELS, "the channels are no multiple of 4, or too many")?;
    expect("k", &k.dims, &q.dims)?;
    expect("v", &v.dims, &q.dims)
}
