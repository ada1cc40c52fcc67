// Vector quantisation: the nearest codebook entry of every token.
//
//   code[t] = codebook[e] for the lowest e that minimises  sum over i of (z[t, i] - codebook[e, i])^2
//
// Summed from differences and in order: the usual |z|^2 + |e|^2 - 2 z.e loses the digits that decide near-ties.
//
// Bindings
//   0 z         [tokens, DIM]
//   1 codebook  [codes, DIM]
//   2 code      [tokens, DIM]
//   3 index     [tokens], e as a float, which holds every index exactly
//   4 size      tokens, codes
// Workgroup: 64 invocations, each one token. Constant: DIM.

@group(0) @binding(0) var<storage, read> z: array<f32>;
@group(0) @binding(1) var<storage, read> codebook: array<f32>;
@group(0) @binding(2) var<storage, read_write> code: array<f32>;
@group(0) @binding(3) var<storage, read_write> index: array<f32>;
@group(0) @binding(4) var<uniform> size: vec4<u32>;

fn distance_to(entry: u32, token: array<f32, DIM>) -> f32 {
    var sum = 0.0;
    for (var i = 0u; i < DIM; i++) {
        let d = token[i] - codebook[entry * DIM + i];
        sum = fma(d, d, sum);
    }
    return sum;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let t = (group.y * groups.x + group.x) * 64u + lane;
    if (t >= size.x) { return; }
    var token: array<f32, DIM>;
    for (var i = 0u; i < DIM; i++) {
        token[i] = z[t * DIM + i];
    }
    var best = 0u;
    var shortest = distance_to(0u, token);
    for (var entry = 1u; entry < size.y; entry++) {
        let d = distance_to(entry, token);
        if (d < shortest) {
            shortest = d;
            best = entry;
        }
    }
    for (var i = 0u; i < DIM; i++) {
        code[t * DIM + i] = codebook[best * DIM + i];
    }
    index[t] = f32(best);
}
