// GroupNorm, step 3 of 3: normalisation, gamma, beta, FiLM and the activation in one pass over the picture.
//
//   y = act((x - mean) * factor + offset),   act = SiLU or nothing
//
// Bindings
//   0 x             [n, h * w, C]
//   1 coefficients  [n, 3, C]: mean, factor, offset
//   2 y             [n, h * w, C]
//   3 size          n, h * w
// Workgroup: 64 invocations, each 4 channels of 4 pixels; channels run fastest. Constant: C, a multiple of 4. Flag: SILU.

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> coefficients: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(3) var<uniform> size: vec4<u32>;

const C4 = C / 4u;
const PIXELS = 4u;

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
    let id = (group.y * groups.x + group.x) * 64u + lane;
    let c = id % C4;
    let strips = (size.y + PIXELS - 1u) / PIXELS;
    let job = id / C4; // n * strips + strip
    if (job >= size.x * strips) { return; }
    let n = job / strips;
    let mean = coefficients[n * 3u * C4 + c];
    let factor = coefficients[(n * 3u + 1u) * C4 + c];
    let offset = coefficients[(n * 3u + 2u) * C4 + c];

    let begin = job % strips * PIXELS;
    let end = min(begin + PIXELS, size.y);
    for (var p = begin; p < end; p++) {
        let i = (n * size.y + p) * C4 + c;
        y[i] = activation(fma(x[i] - mean, factor, offset));
    }
}
