// What a picture has beyond the bicubic enlargement by 4: the residual that `bicubic` adds.
//
//   y[i, j, k] = clamp(picture[i, j, k], -1, 1) - enlarged(x)[4i + dy, 4j + dx, c],   k = 16 c + 4 dy + dx
//
// Bindings
//   0 x        [n, h, w, 3]
//   1 picture  [n, h, w, 48], in space-to-depth order
//   2 y        [n, h, w, 48]
//   3 size
// Workgroup: 64 invocations, each one pixel of the enlargement. P, f32 or f16: how picture is stored.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> picture: array<P>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
#include bicubic_sample
@group(0) @binding(3) var<uniform> size: Size;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let id = (group.y * groups.x + group.x) * 64u + lane;
    // Sixteen invocations share a pixel of x, and write its channels side by side.
    let pixel = id / 16u;
    if (pixel >= size.n * size.rows * size.w) { return; }
    let place = id % 16u;
    let column = pixel % size.w * 4u + place % 4u;
    let row = pixel / size.w % size.rows * 4u + place / 4u;
    let sum = enlarged(pixel / size.w / size.rows, row, column);
    for (var c = 0u; c < 3u; c++) {
        let at = pixel * 48u + 16u * c + place;
        y[size.y_offset + at] = clamp(f32(picture[size.r_offset + at]), -1.0, 1.0) - sum[c];
    }
}
