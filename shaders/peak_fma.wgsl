// How fast the adapter multiplies and adds: chains of fused multiply-adds in registers, nothing else.
//
//   a <- a m + m, 64 ROUNDS times for each of a to h;   y = (a + b + c + d) . (e + f + g + h)
//
// Each invocation runs these 8 independent chains of vec4s: 4096 ROUNDS operations (an fma counts as two).
//
// Bindings
//   0 y     [invocations]
//   1 size  invocations, ROUNDS
// Workgroup: 64 invocations.

@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<uniform> size: vec4<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let id = (group.y * groups.x + group.x) * 64u + lane;
    if (id >= size.x) { return; }
    // Unknown to the compiler, and small enough to stay finite.
    let m = vec4<f32>(f32(id % 7u) * 0.01 + 0.9);
    var a = vec4<f32>(0.1);
    var b = vec4<f32>(0.2);
    var c = vec4<f32>(0.3);
    var d = vec4<f32>(0.4);
    var e = vec4<f32>(0.5);
    var f = vec4<f32>(0.6);
    var g = vec4<f32>(0.7);
    var h = vec4<f32>(0.8);
    for (var i = 0u; i < 64u * size.y; i++) {
        a = fma(a, m, m);
        b = fma(b, m, m);
        c = fma(c, m, m);
        d = fma(d, m, m);
        e = fma(e, m, m);
        f = fma(f, m, m);
        g = fma(g, m, m);
        h = fma(h, m, m);
    }
    y[id] = dot(a + b + c + d, e + f + g + h);
}
