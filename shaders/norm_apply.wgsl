// The last step of both norms, for readers that do not apply it themselves (`conv2d_tiled` does): one pass over the
// picture.
//
//   y = act((x - mean) * factor + offset)               group norm
//   y = act(x * scale[pixel] * factor + offset)         RMS, the per-pixel norm
//   act = SiLU (NORM_SILU) or nothing
//
// Bindings
//   0 x             [n, pixels, c]; c, stride and offset are multiples of 4
//   1 coefficients  [n, 3, c]: mean, factor, offset;  RMS: [n, 2, c]: factor, offset
//   2 scale         (with RMS) [n * pixels]
//   last two: y [n, pixels, c]; size
// Workgroup: 64 invocations, each 4 channels of 4 pixels; channels run fastest. Constant: RESULT. Flags: RMS, NORM_SILU.
// X and Y, f32 or f16: how x and y are stored.

struct Size {
    n: u32,
    pixels: u32,
    c: u32,
    x_stride: u32,
    x_offset: u32,
    y_offset: u32,
    s_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<X4>;
@group(0) @binding(1) var<storage, read> coefficients: array<vec4<f32>>;
#if RMS
@group(0) @binding(2) var<storage, read> scale: array<f32>;
#endif
@group(0) @binding(RESULT) var<storage, read_write> y: array<Y4>;
@group(0) @binding(RESULT + 1) var<uniform> size: Size;

const PIXELS = 4u;

fn activation(v: vec4<f32>) -> vec4<f32> {
#if NORM_SILU
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
    let id = (group.y * groups.x + group.x) * 64u + lane;
    let c4 = size.c / 4u;
    let c = id % c4;
    let strips = (size.pixels + PIXELS - 1u) / PIXELS;
    let job = id / c4; // n * strips + strip
    if (job >= size.n * strips) { return; }
    let n = job / strips;
#if RMS
    let factor = coefficients[n * 2u * c4 + c];
    let offset = coefficients[(n * 2u + 1u) * c4 + c];
#else
    let mean = coefficients[n * 3u * c4 + c];
    let factor = coefficients[(n * 3u + 1u) * c4 + c];
    let offset = coefficients[(n * 3u + 2u) * c4 + c];
#endif

    let begin = job % strips * PIXELS;
    let end = min(begin + PIXELS, size.pixels);
    for (var p = begin; p < end; p++) {
        let pixel = n * size.pixels + p;
        let v = vec4<f32>(x[(pixel * size.x_stride + size.x_offset) / 4u + c]);
#if RMS
        y[size.y_offset / 4u + pixel * c4 + c] = Y4(activation(fma(v * scale[pixel + size.s_offset], factor, offset)));
#else
        y[size.y_offset / 4u + pixel * c4 + c] = Y4(activation(fma(v - mean, factor, offset)));
#endif
    }
}
