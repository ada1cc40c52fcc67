// RMS norm over the channels of each pixel, with FiLM and the activation.
//
//   y = act((x / sqrt(mean of x^2 over channels + EPS) * gamma + beta) * (1 + scale) + shift),   act = SiLU or nothing
//
// Bindings
//   0 x      [n, h * w, C]
//   1 gamma  [C]
//   2 beta   [C]
//   3 y      [n, h * w, C]
//   4 size   n, h * w
//   with FILM: 3 scale [n, C], 4 shift [n, C], 5 y, 6 size
// Workgroup: 64 invocations, each one pixel. Constants: C, a multiple of 4; EPS. Flags: FILM, SILU.

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> gamma: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> beta: array<vec4<f32>>;
#if FILM
@group(0) @binding(3) var<storage, read> scale: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> shift: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(6) var<uniform> size: vec4<u32>;
#else
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(4) var<uniform> size: vec4<u32>;
#endif

const C4 = C / 4u;

fn activation(v: vec4<f32>) -> vec4<f32> {
#if SILU
    // Below -80 SiLU is 0 to f32's precision, and exp would overflow.
    return v / (1.0 + exp(-max(v, vec4<f32>(-80.0))));
#else
    return v;
#endif
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let pixel = (group.y * groups.x + group.x) * 64u + lane;
    if (pixel >= size.x * size.y) { return; }
    let base = pixel * C4;

    var square = vec4<f32>(0.0);
    for (var c = 0u; c < C4; c++) {
        let v = x[base + c];
        square = fma(v, v, square);
    }
    let divisor = sqrt(dot(square, vec4<f32>(1.0)) / f32(C) + EPS);
#if FILM
    let film = pixel / size.y * C4;
#endif
    for (var c = 0u; c < C4; c++) {
        var v = fma(x[base + c] / divisor, gamma[c], beta[c]);
#if FILM
        v = fma(v, 1.0 + scale[film + c], shift[film + c]);
#endif
        y[base + c] = activation(v);
    }
}
