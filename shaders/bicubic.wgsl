// Bicubic enlargement by 4, and with RESIDUAL the residual of the compact model on top.
//
//   y[4i + dy, 4j + dx, c] = sum over k, l in -1..2 of  K_k K_l x[i' + k, j' + l, c]  (+ residual[i, j, 16 c + 4 dy + dx])
//
// Keys' kernel with a = -0.75 around the source position (4i + dy + 1/2) / 4 - 1/2; pixels beyond the border repeat it;
// overshoot is kept. The residual is in space-to-depth order.
//
// Bindings
//   0 x         [n, h, w, 3]
//   1 residual  (with RESIDUAL) [n, h, w, 48]
//   last two: y [n, 4h, 4w, 3]; size: n, h, w
// Workgroup: 64 invocations, each one pixel of y. Constant: RESULT. Flag: RESIDUAL.
// R, f32 or f16: how residual is stored.

@group(0) @binding(0) var<storage, read> x: array<f32>;
#if RESIDUAL
@group(0) @binding(1) var<storage, read> residual: array<R>;
#endif
@group(0) @binding(RESULT) var<storage, read_write> y: array<f32>;
@group(0) @binding(RESULT + 1) var<uniform> size: vec4<u32>;

const A = -0.75;

// Weights of the four taps around a position that lies `t` behind the second.
fn taps(t: f32) -> vec4<f32> {
    let near = vec2<f32>(t, 1.0 - t);
    let far = near + 1.0;
    let inner = ((A + 2.0) * near - (A + 3.0)) * near * near + 1.0;
    let outer = ((A * far - 5.0 * A) * far + 8.0 * A) * far - 4.0 * A;
    return vec4<f32>(outer.x, inner.x, inner.y, outer.y);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let id = (group.y * groups.x + group.x) * 64u + lane;
    let width = 4u * size.z;
    let height = 4u * size.y;
    if (id >= size.x * height * width) { return; }
    let column = id % width;
    let row = id / width % height;
    let n = id / width / height;
    let at = (vec2<f32>(f32(column), f32(row)) + 0.5) / 4.0 - 0.5;
    let first = vec2<i32>(floor(at)) - 1;
    let wx = taps(at.x - floor(at.x));
    let wy = taps(at.y - floor(at.y));

    var sum = vec3<f32>(0.0);
    for (var k = 0; k < 4; k++) {
        let source_row = u32(clamp(first.y + k, 0, i32(size.y) - 1));
        var line = vec3<f32>(0.0);
        for (var l = 0; l < 4; l++) {
            let source_column = u32(clamp(first.x + l, 0, i32(size.z) - 1));
            let i = ((n * size.y + source_row) * size.z + source_column) * 3u;
            line += wx[l] * vec3<f32>(x[i], x[i + 1u], x[i + 2u]);
        }
        sum += wy[k] * line;
    }
    for (var c = 0u; c < 3u; c++) {
#if RESIDUAL
        let at = ((n * size.y + row / 4u) * size.z + column / 4u) * 48u + 16u * c + row % 4u * 4u + column % 4u;
        y[id * 3u + c] = sum[c] + f32(residual[at]);
#else
        y[id * 3u + c] = sum[c];
#endif
    }
}
