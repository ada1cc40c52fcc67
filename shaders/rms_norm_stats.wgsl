// Per-pixel RMS norm, step 1 of 2: one number per pixel, and gamma, beta and FiLM folded into two per channel, so that
// the norm is  y = x * scale * factor + offset.
//
//   scale  = 1 / sqrt(mean of x^2 over the pixel's channels + EPS)
//   factor = gamma * (1 + film scale),   offset = beta * (1 + film scale) + film shift
//
// Bindings
//   0 x      [n, pixels, c]; c, stride and offset are multiples of 4
//   1 gamma  [c]
//   2 beta   [c]
//   3 film   (with FILM) [n, 2, c]: scale, shift
//   last three: scale [n * pixels]; coefficients [n, 2, c]: factor, offset; size
// Workgroup: 64 invocations, each one pixel; the first n * c / 4 invocations also fold four channels.
// Constants: EPS, RESULT. Flag: FILM. X, f32 or f16: how x is stored.

struct Size {
    n: u32,
    pixels: u32,
    c: u32,
    // 0: one film for all pictures.
    films: u32,
    x_stride: u32,
    x_offset: u32,
    s_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<X4>;
@group(0) @binding(1) var<storage, read> gamma: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> beta: array<vec4<f32>>;
#if FILM
@group(0) @binding(3) var<storage, read> film: array<vec4<f32>>;
#endif
@group(0) @binding(RESULT) var<storage, read_write> scale: array<f32>;
@group(0) @binding(RESULT + 1) var<storage, read_write> coefficients: array<vec4<f32>>;
@group(0) @binding(RESULT + 2) var<uniform> size: Size;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let id = (group.y * groups.x + group.x) * 64u + lane;
    let c4 = size.c / 4u;
    if (id < size.n * c4) {
        let n = id / c4;
        let c = id % c4;
        var factor = gamma[c];
        var offset = beta[c];
#if FILM
        let at = n * size.films * 2u * c4 + c;
        let one = 1.0 + film[at];
        factor *= one;
        offset = fma(offset, one, film[at + c4]);
#endif
        coefficients[n * 2u * c4 + c] = factor;
        coefficients[(n * 2u + 1u) * c4 + c] = offset;
    }
    if (id >= size.n * size.pixels) { return; }
    let base = (id * size.x_stride + size.x_offset) / 4u;
    var square = vec4<f32>(0.0);
    for (var c = 0u; c < c4; c++) {
        let v = vec4<f32>(x[base + c]);
        square = fma(v, v, square);
    }
    scale[id + size.s_offset] = 1.0 / sqrt(dot(square, vec4<f32>(1.0)) / f32(size.c) + EPS);
}
