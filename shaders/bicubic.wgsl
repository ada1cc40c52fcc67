// Bicubic enlargement by 4, and with RESIDUAL the residual of the compact model on top.
//
//   y[4i + dy, 4j + dx, c] = enlarged(x)[4i + dy, 4j + dx, c]  (+ residual[i, j, 16 c + 4 dy + dx])
//
// The residual is in space-to-depth order.
//
// Bindings
//   0 x         [n, h, w, 3]
//   1 residual  (with RESIDUAL) [n, h, w, 48]
//   last two: y [n, 4h, 4w, 3]; size
// Workgroup: 64 invocations, each one pixel of y. Constant: RESULT. Flag: RESIDUAL.
// R, f32 or f16: how residual is stored.

@group(0) @binding(0) var<storage, read> x: array<f32>;
#if RESIDUAL
@group(0) @binding(1) var<storage, read> residual: array<R>;
#endif
@group(0) @binding(RESULT) var<storage, read_write> y: array<f32>;
#include bicubic_sample
@group(0) @binding(RESULT + 1) var<uniform> size: Size;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let id = (group.y * groups.x + group.x) * 64u + lane;
    let width = 4u * size.w;
    let height = 4u * size.rows;
    if (id >= size.n * height * width) { return; }
    let column = id % width;
    let row = id / width % height;
    let n = id / width / height;
    let sum = enlarged(n, row, column);
    for (var c = 0u; c < 3u; c++) {
#if RESIDUAL
        let at = size.r_offset + ((n * size.rows + row / 4u) * size.w + column / 4u) * 48u + 16u * c + row % 4u * 4u + column % 4u;
        y[size.y_offset + id * 3u + c] = sum[c] + f32(residual[at]);
#else
        y[size.y_offset + id * 3u + c] = sum[c];
#endif
    }
}
