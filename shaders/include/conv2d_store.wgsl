// What the two forms of the convolution share: the layer's numbers, and the way of a sum to memory.
//
//   y[pixel, o] = act(sum) + residual[pixel, o],   act = nothing, SiLU or GELU
//
// Bindings: with RESIDUAL  RESULT - 1 residual; then  RESULT y, RESULT + 1 layer.
// Constant: RESULT. Flags: OUT_VEC4, RESIDUAL, SILU, GELU.

struct Layer {
    // The input: pictures, height, width, channels.
    n: u32,
    h: u32,
    w: u32,
    c_in: u32,
    // The grid of output pixels (with PHASES: of one phase), channels, zeros before the first row and column.
    out_h: u32,
    out_w: u32,
    c_out: u32,
    pad: u32,
    // Numbers from pixel to pixel, and before a pixel's first channel.
    x_stride: u32,
    x_offset: u32,
    y_stride: u32,
    y_offset: u32,
    // Rows of workgroups before the first, where the layer is dispatched in parts.
    begin: u32,
    // The row of the input, as it lies in memory, over which the kernel begins, but for its padding; and what the scale of its
    // first pixel has before it.
    row: u32,
    s_offset: u32,
    r_stride: u32,
    r_offset: u32,
}

#if OUT_VEC4
#if RESIDUAL
@group(0) @binding(RESULT - 1) var<storage, read> residual: array<R4>;
#endif
@group(0) @binding(RESULT) var<storage, read_write> y: array<Y4>;
#else
#if RESIDUAL
@group(0) @binding(RESULT - 1) var<storage, read> residual: array<f32>;
#endif
@group(0) @binding(RESULT) var<storage, read_write> y: array<f32>;
#endif
@group(0) @binding(RESULT + 1) var<uniform> layer: Layer;

#if GELU
// erf by Abramowitz and Stegun 7.1.26: within 1.5e-7.
fn erf(v: vec4<f32>) -> vec4<f32> {
    let a = abs(v);
    let t = 1.0 / (1.0 + 0.3275911 * a);
    let p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    return sign(v) * (1.0 - p * exp(-a * a));
}
#endif

fn activation(v: vec4<f32>) -> vec4<f32> {
#if SILU
    // Below -80 SiLU is 0 to f32's precision, and exp would overflow.
    return v / (1.0 + exp(-max(v, vec4<f32>(-80.0))));
#else
#if GELU
    return 0.5 * v * (1.0 + erf(v * 0.70710678));
#else
    return v;
#endif
#endif
}

// Output channels 4o to 4o + 3 of a pixel; those beyond the last are dropped.
fn store(pixel: u32, o: u32, sum: vec4<f32>) {
    if (4u * o >= layer.c_out) { return; }
    let i = pixel * layer.y_stride + layer.y_offset + 4u * o;
    var v = activation(sum);
#if RESIDUAL
    let r = pixel * layer.r_stride + layer.r_offset + 4u * o;
#endif
#if OUT_VEC4
#if RESIDUAL
    v += vec4<f32>(residual[r / 4u]);
#endif
    y[i / 4u] = Y4(v);
#else
    for (var k = 0u; k < min(4u, layer.c_out - 4u * o); k++) {
#if RESIDUAL
        y[i + k] = v[k] + residual[r + k];
#else
        y[i + k] = v[k];
#endif
    }
#endif
}
