// A convolution's weights from the order in which they are stored to the one in which both convolutions read them. Runs
// once for each layer, when its weights have come.
//
//   packed[p, y, x, i, o] = w[o, i, y, x], and 0 where i or o is beyond the layer's
//   with PHASES, for pixels that are doubled first: along an axis even positions see w0 and w1 + w2, odd ones w0 + w1 and
//   w2; p = 2 (row is odd) + (column is odd)
//
// Bindings
//   0 w       [c_out, c_in, k, k]
//   1 packed  [phases, taps, taps, in, out], in a multiple of 4, out of 8; taps = 2 with PHASES, else k
//   2 size
// Workgroup: 64 invocations, each two numbers side by side. Flags: PHASES, HALVES: packed as f16.

struct Size {
    c_in: u32,
    c_out: u32,
    kernel: u32,
    inputs: u32,
    outputs: u32,
    // Pairs of packed numbers.
    count: u32,
}

@group(0) @binding(0) var<storage, read> w: array<f32>;
#if HALVES
@group(0) @binding(1) var<storage, read_write> packed: array<u32>;
#else
@group(0) @binding(1) var<storage, read_write> packed: array<vec2<f32>>;
#endif
@group(0) @binding(2) var<uniform> size: Size;

fn stored(o: u32, i: u32, y: u32, x: u32) -> f32 {
    return w[((o * size.c_in + i) * size.kernel + y) * size.kernel + x];
}

#if PHASES
// Taps of the 3 that fall on tap `t` of 2: the first, and how many.
fn taps(odd: u32, t: u32) -> vec2<u32> {
    if (odd == 0u) { return vec2(t, 1u + t); }
    return vec2(2u * t, 2u - t);
}

fn value(o: u32, i: u32, row: u32, column: u32) -> f32 {
    let phase = row / 2u;
    let rows = taps(phase / 2u, row % 2u);
    let columns = taps(phase % 2u, column);
    var sum = 0.0;
    for (var x = 0u; x < columns.y; x++) {
        var line = 0.0;
        for (var y = 0u; y < rows.y; y++) { line += stored(o, i, rows.x + y, columns.x + x); }
        sum += line;
    }
    return sum;
}
#else
fn value(o: u32, i: u32, row: u32, column: u32) -> f32 { return stored(o, i, row, column); }
#endif

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let id = (group.y * groups.x + group.x) * 64u + lane;
    if (id >= size.count) { return; }
    let o = 2u * (id % (size.outputs / 2u));
    let rest = id / (size.outputs / 2u);
    let i = rest % size.inputs;
    let tap = rest / size.inputs;
#if PHASES
    let columns = 2u;
#else
    let columns = size.kernel;
#endif
    var pair = vec2(0.0);
    if (i < size.c_in && o < size.c_out) { pair.x = value(o, i, tap / columns, tap % columns); }
    if (i < size.c_in && o + 1u < size.c_out) { pair.y = value(o + 1u, i, tap / columns, tap % columns); }
#if HALVES
    packed[id] = pack2x16float(pair);
#else
    packed[id] = pair;
#endif
}
