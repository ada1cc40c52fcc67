// Vector quantisation: the nearest codebook entry of every token.
//
//   index[t] = the lowest e that minimises  sum over i of (z[t, i] - codebook[e, i])^2
//
// Summed from differences and in order: the usual |z|^2 + |e|^2 - 2 z.e loses the digits that decide near-ties.
//
// Bindings
//   0 z         [tokens, DIM]
//   1 codebook  [codes, DIM]
//   2 index     [tokens]
//   3 size      tokens, codes
// Workgroup: 64 invocations, each one token. Constant: DIM.

@group(0) @binding(0) var<storage, read> z: array<f32>;
@group(0) @binding(1) var<storage, read> codebook: array<f32>;
@group(0) @binding(2) var<storage, read_write> index: array<i32>;
@group(0) @binding(3) var<uniform> size: vec4<u32>;

fn distance_to(code: u32, token: array<f32, DIM>) -> f32 {
    var sum = 0.0;
    for (var i = 0u; i < DIM; i++) {
        let d = token[i] - codebook[code * DIM + i];
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
    for (var code = 1u; code < size.y; code++) {
        let d = distance_to(code, token);
        if (d < shortest) {
            shortest = d;
            best = code;
        }
    }
    index[t] = i32(best);
}
