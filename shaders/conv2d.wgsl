// 2-D convolution with bias over a channels-last picture; linear layers are its 1x1 case.
//
//   y[n, oy, ox, o] = b[o] + sum over ky, kx, i of  x'[n, oy*STRIDE + ky - PAD, ox*STRIDE + kx - PAD, i] * w[ky, kx, i, o]
//
// x' is x, or x with every pixel doubled in both directions (UPSAMPLE); outside it is 0.
//
// Each invocation computes a register tile of 4 neighbouring pixels (counted through the whole batch, so that rows,
// pictures and token lists are the same to it) and 8 output channels. Invocations side by side take neighbouring
// channels, so their weights are neighbours in memory and their pixels are the same. The input channels go by in
// blocks: within a block all taps read the same few cache lines.
//
// Bindings
//   0 x       [n, h, w, C_IN]
//   1 weight  [KERNEL, KERNEL, C_IN up to a multiple of 4, C_OUT up to a multiple of 8], the rest 0
//   2 bias    [C_OUT up to a multiple of 8]
//   3 y       [n, h', w', C_OUT]
//   4 size    n, h, w of x
// Workgroup: LANES channel tiles x ROWS pixel tiles; grid: pixel tiles in x and y, channel tiles in z.
// Constants: C_IN, C_OUT, KERNEL, STRIDE, PAD (top and left), PADDING (both sides together), UPSAMPLE, LANES, ROWS.
// Flags: IN_VEC4 and OUT_VEC4 where C_IN and C_OUT are multiples of 4.

#if IN_VEC4
@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
#else
@group(0) @binding(0) var<storage, read> x: array<f32>;
#endif
@group(0) @binding(1) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>;
#if OUT_VEC4
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
#else
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
#endif
@group(0) @binding(4) var<uniform> size: vec4<u32>;

const IN4 = (C_IN + 3u) / 4u;
const OUT4 = 2u * ((C_OUT + 7u) / 8u);
const ZOOM = select(1u, 2u, UPSAMPLE);
const BLOCK = 8u;
// A 1x1 convolution reads where it writes: no coordinates needed.
const POINTWISE = KERNEL == 1u && STRIDE == 1u && !UPSAMPLE;

// Input channels 4c to 4c + 3 of a pixel, 0 beyond C_IN.
fn load(pixel: u32, c: u32) -> vec4<f32> {
#if IN_VEC4
    return x[pixel * IN4 + c];
#else
    let i = pixel * C_IN + 4u * c;
    let more = C_IN - 1u - 4u * c;
    var v = vec4<f32>(x[i], 0.0, 0.0, 0.0);
    if (more >= 1u) { v.y = x[i + 1u]; }
    if (more >= 2u) { v.z = x[i + 2u]; }
    if (more >= 3u) { v.w = x[i + 3u]; }
    return v;
#endif
}

// Output channels 4o to 4o + 3 of a pixel; those beyond C_OUT are dropped.
fn store(pixel: u32, o: u32, v: vec4<f32>) {
#if OUT_VEC4
    if (4u * o < C_OUT) { y[pixel * (C_OUT / 4u) + o] = v; }
#else
    let i = pixel * C_OUT + 4u * o;
    if (4u * o < C_OUT) { y[i] = v.x; }
    if (4u * o + 1u < C_OUT) { y[i + 1u] = v.y; }
    if (4u * o + 2u < C_OUT) { y[i + 2u] = v.z; }
    if (4u * o + 3u < C_OUT) { y[i + 3u] = v.w; }
#endif
}

// Weights of input channels i to i + 3 (columns) for output channels 4o to 4o + 3 (rows).
fn weights(i: u32, o: u32) -> mat4x4<f32> {
    let at = i * OUT4 + o;
    return mat4x4<f32>(weight[at], weight[at + OUT4], weight[at + 2u * OUT4], weight[at + 3u * OUT4]);
}

// sum + w * v, in the order that fused multiply-adds take.
fn add_product(sum: vec4<f32>, w: mat4x4<f32>, v: vec4<f32>) -> vec4<f32> {
    return fma(w[3], vec4<f32>(v.w), fma(w[2], vec4<f32>(v.z), fma(w[1], vec4<f32>(v.y), fma(w[0], vec4<f32>(v.x), sum))));
}

@compute @workgroup_size(LANES, ROWS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
) {
    let h = ZOOM * size.y;
    let w = ZOOM * size.z;
    let out_h = (h + PADDING - KERNEL) / STRIDE + 1u;
    let out_w = (w + PADDING - KERNEL) / STRIDE + 1u;
    let count = size.x * out_h * out_w;
    let first = 4u * ((group.y * groups.x + group.x) * ROWS + local.y);
    if (first >= count) { return; }

    let pixel = min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(count - 1u));
    var column = vec4<u32>(0u);
    var row = vec4<u32>(0u);
    var image = vec4<u32>(0u);
    if (!POINTWISE) {
        let line = pixel / out_w;
        column = pixel % out_w;
        row = line % out_h;
        image = line / out_h * size.y;
    }

    // Two times 4 output channels; the lanes of a workgroup share the first half of its channels, then the second.
    let o = 2u * LANES * group.z + local.x;
    let low_bias = bias[o];
    let high_bias = bias[o + LANES];
    var low = mat4x4<f32>(low_bias, low_bias, low_bias, low_bias);
    var high = mat4x4<f32>(high_bias, high_bias, high_bias, high_bias);

    for (var begin = 0u; begin < IN4; begin += BLOCK) {
        let end = min(begin + BLOCK, IN4);
        for (var ky = 0u; ky < KERNEL; ky++) {
            for (var kx = 0u; kx < KERNEL; kx++) {
                var source = pixel;
                var inside = vec4<bool>(true);
                if (!POINTWISE) {
                    // Coordinates before the picture wrap around to huge ones.
                    let iy = row * STRIDE + ky - PAD;
                    let ix = column * STRIDE + kx - PAD;
                    inside = (iy < vec4<u32>(h)) & (ix < vec4<u32>(w));
                    source = select(vec4<u32>(0u), (image + iy / ZOOM) * size.z + ix / ZOOM, inside);
                }
                if (!any(inside)) { continue; }
                let tap = (ky * KERNEL + kx) * 4u * IN4;
                for (var c = begin; c < end; c++) {
                    let w0 = weights(tap + 4u * c, o);
                    let w1 = weights(tap + 4u * c, o + LANES);
                    let v0 = select(vec4<f32>(0.0), load(source.x, c), inside.x);
                    let v1 = select(vec4<f32>(0.0), load(source.y, c), inside.y);
                    let v2 = select(vec4<f32>(0.0), load(source.z, c), inside.z);
                    let v3 = select(vec4<f32>(0.0), load(source.w, c), inside.w);
                    low = mat4x4<f32>(
                        add_product(low[0], w0, v0), add_product(low[1], w0, v1),
                        add_product(low[2], w0, v2), add_product(low[3], w0, v3),
                    );
                    high = mat4x4<f32>(
                        add_product(high[0], w1, v0), add_product(high[1], w1, v1),
                        add_product(high[2], w1, v2), add_product(high[3], w1, v3),
                    );
                }
            }
        }
    }

    for (var j = 0u; j < 4u && first + j < count; j++) {
        store(first + j, o, low[j]);
        store(first + j, o + LANES, high[j]);
    }
}
