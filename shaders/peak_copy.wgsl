// How fast the adapter reads and writes memory: a copy, 16 bytes at a time.
//
//   y[i] = x[i]
//
// Bindings
//   0 x     [count]
//   1 y     [count]
//   2 size  count, by four
// Workgroup: 64 invocations, each one vec4.

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(2) var<uniform> size: vec4<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let id = (group.y * groups.x + group.x) * 64u + lane;
    if (id < size.x) { y[id] = x[id]; }
}
