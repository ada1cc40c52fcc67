// SPAN's parameter-free attention, bounded.
//
//   z = clamp((x + y) (sigmoid(y) - 1/2), -BOUND, BOUND)
//
// Bindings
//   0 x     [pixels, c]
//   1 y     [pixels, c]
//   2 z     [pixels, c]; all three may be slices of channels of wider pictures, whose strides are larger than c
//   3 size
// Workgroup: 64 invocations, each one number. Constant: BOUND. X, Y and Z, f32 or f16: how x, y and z are stored.

struct Size {
    pixels: u32,
    c: u32,
    x_stride: u32,
    x_offset: u32,
    y_stride: u32,
    y_offset: u32,
    z_stride: u32,
    z_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<X>;
@group(0) @binding(1) var<storage, read> y: array<Y>;
@group(0) @binding(2) var<storage, read_write> z: array<Z>;
@group(0) @binding(3) var<uniform> size: Size;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let id = (group.y * groups.x + group.x) * 64u + lane;
    if (id >= size.pixels * size.c) { return; }
    let pixel = id / size.c;
    let c = id % size.c;
    let a = f32(x[pixel * size.x_stride + size.x_offset + c]);
    let b = f32(y[pixel * size.y_stride + size.y_offset + c]);
    // Clamped, or exp would overflow; sigmoid is 0 to f32's precision there.
    let gate = 1.0 / (1.0 + exp(-max(b, -80.0))) - 0.5;
    z[pixel * size.z_stride + size.z_offset + c] = Z(clamp((a + b) * gate, -BOUND, BOUND));
}
