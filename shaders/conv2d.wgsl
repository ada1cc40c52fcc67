// 2-D convolution with bias over a channels-last picture; linear layers are its 1x1 case.
//
//   y[n, oy, ox, o] = b[o] + sum over ky, kx, i of  x'[n, oy*STRIDE + ky - PAD, ox*STRIDE + kx - PAD, i] * w[ky, kx, i, o]
//
// x' is x, or x with every pixel doubled in both directions (UPSAMPLE); outside it is 0.
//
// Each invocation computes a register tile of 4 neighbouring pixels, or 8 (WIDE), by 8 output channels. Pixels are
// counted through the whole batch, so that rows, pictures and token lists are the same to it. Invocations side by side
// take neighbouring channels: their weights are neighbours in memory, and their pixels are the same.
//
// Bindings
//   0 x       [n, h, w, C_IN]
//   1 weight  [KERNEL, KERNEL, C_IN up to a multiple of 4, C_OUT up to a multiple of 8], the rest 0
//   2 bias    [C_OUT up to a multiple of 8]
//   3 y       [n, h', w', C_OUT]
//   4 size    n, h, w of x
// Workgroup: LANES channel tiles x ROWS pixel tiles; grid: pixel tiles in x and y, channel tiles in z.
// Constants: C_IN, C_OUT, KERNEL, STRIDE, PAD (top and left), PADDING (both sides together), UPSAMPLE, LANES, ROWS.
// Flags: WIDE; HALF, weights in f16 (needs shader-f16; sums stay f32); IN_VEC4 and OUT_VEC4 where C_IN and C_OUT are multiples of 4.

#if IN_VEC4
@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
#else
@group(0) @binding(0) var<storage, read> x: array<f32>;
#endif
#if HALF
@group(0) @binding(1) var<storage, read> weight: array<vec4<f16>>;
#else
@group(0) @binding(1) var<storage, read> weight: array<vec4<f32>>;
#endif
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

// Four neighbouring output pixels.
struct Quad {
    index: vec4<u32>,
    row: vec4<u32>,
    column: vec4<u32>,
    // First row of the pixel's picture in the batch.
    image: vec4<u32>,
}

fn quad(first: u32, count: u32, out_h: u32, out_w: u32) -> Quad {
    let index = min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(count - 1u));
    let line = index / out_w;
    return Quad(index, line % out_h, index % out_w, line / out_h * size.y);
}

// The input pixels under one tap of the kernel.
struct Source {
    pixel: vec4<u32>,
    inside: vec4<bool>,
}

fn source(q: Quad, ky: u32, kx: u32) -> Source {
    if (KERNEL == 1u && STRIDE == 1u && !UPSAMPLE) {
        return Source(q.index, vec4<bool>(true));
    }
    // Coordinates before the picture wrap around to huge ones.
    let iy = q.row * STRIDE + ky - PAD;
    let ix = q.column * STRIDE + kx - PAD;
    let inside = (iy < vec4<u32>(ZOOM * size.y)) & (ix < vec4<u32>(ZOOM * size.z));
    let pixel = (q.image + iy / ZOOM) * size.z + ix / ZOOM;
    return Source(select(vec4<u32>(0u), pixel, inside), inside);
}

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

// The same of four pixels (columns), 0 outside the picture.
fn gather(s: Source, c: u32) -> mat4x4<f32> {
    let zero = vec4<f32>(0.0);
    return mat4x4<f32>(
        select(zero, load(s.pixel.x, c), s.inside.x), select(zero, load(s.pixel.y, c), s.inside.y),
        select(zero, load(s.pixel.z, c), s.inside.z), select(zero, load(s.pixel.w, c), s.inside.w),
    );
}

// Weights of input channels i to i + 3 (columns) for output channels 4o to 4o + 3 (rows).
fn weights(i: u32, o: u32) -> mat4x4<f32> {
    let at = i * OUT4 + o;
    return mat4x4<f32>(
        vec4<f32>(weight[at]), vec4<f32>(weight[at + OUT4]),
        vec4<f32>(weight[at + 2u * OUT4]), vec4<f32>(weight[at + 3u * OUT4]),
    );
}

// sum + w * v for one pixel, in the order that fused multiply-adds take.
fn add_column(sum: vec4<f32>, w: mat4x4<f32>, v: vec4<f32>) -> vec4<f32> {
    return fma(w[3], vec4<f32>(v.w), fma(w[2], vec4<f32>(v.z), fma(w[1], vec4<f32>(v.y), fma(w[0], vec4<f32>(v.x), sum))));
}

// sum + w * v for four pixels.
fn add_product(sum: mat4x4<f32>, w: mat4x4<f32>, v: mat4x4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(
        add_column(sum[0], w, v[0]), add_column(sum[1], w, v[1]),
        add_column(sum[2], w, v[2]), add_column(sum[3], w, v[3]),
    );
}

// Output channels 4o to 4o + 3 of a pixel; those beyond C_OUT, and pixels beyond the last, are dropped.
fn store(pixel: u32, count: u32, o: u32, v: vec4<f32>) {
    if (pixel >= count || 4u * o >= C_OUT) { return; }
#if OUT_VEC4
    y[pixel * (C_OUT / 4u) + o] = v;
#else
    let i = pixel * C_OUT + 4u * o;
    y[i] = v.x;
    if (4u * o + 1u < C_OUT) { y[i + 1u] = v.y; }
    if (4u * o + 2u < C_OUT) { y[i + 2u] = v.z; }
    if (4u * o + 3u < C_OUT) { y[i + 3u] = v.w; }
#endif
}

// Written out: an index that varies would push the sums out of their registers.
fn scatter(first: u32, count: u32, o: u32, v: mat4x4<f32>) {
    store(first, count, o, v[0]);
    store(first + 1u, count, o, v[1]);
    store(first + 2u, count, o, v[2]);
    store(first + 3u, count, o, v[3]);
}

@compute @workgroup_size(LANES, ROWS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
) {
    let out_h = (ZOOM * size.y + PADDING - KERNEL) / STRIDE + 1u;
    let out_w = (ZOOM * size.z + PADDING - KERNEL) / STRIDE + 1u;
    let count = size.x * out_h * out_w;
    let tile = (group.y * groups.x + group.x) * ROWS + local.y;
#if WIDE
    let first = 8u * tile;
    let q1 = quad(first + 4u, count, out_h, out_w);
#else
    let first = 4u * tile;
#endif
    if (first >= count) { return; }
    let q0 = quad(first, count, out_h, out_w);

    // Two times 4 output channels; the lanes of a workgroup share the first half of its channels, then the second.
    let oa = 2u * LANES * group.z + local.x;
    let ob = oa + LANES;
    var a0 = mat4x4<f32>(bias[oa], bias[oa], bias[oa], bias[oa]);
    var b0 = mat4x4<f32>(bias[ob], bias[ob], bias[ob], bias[ob]);
#if WIDE
    var a1 = a0;
    var b1 = b0;
#endif

    for (var ky = 0u; ky < KERNEL; ky++) {
        for (var kx = 0u; kx < KERNEL; kx++) {
            let tap = (ky * KERNEL + kx) * 4u * IN4;
            let s0 = source(q0, ky, kx);
#if WIDE
            let s1 = source(q1, ky, kx);
#endif
            for (var c = 0u; c < IN4; c++) {
                let wa = weights(tap + 4u * c, oa);
                let wb = weights(tap + 4u * c, ob);
                let v0 = gather(s0, c);
                a0 = add_product(a0, wa, v0);
                b0 = add_product(b0, wb, v0);
#if WIDE
                let v1 = gather(s1, c);
                a1 = add_product(a1, wa, v1);
                b1 = add_product(b1, wb, v1);
#endif
            }
        }
    }

    scatter(first, count, oa, a0);
    scatter(first, count, ob, b0);
#if WIDE
    scatter(first + 4u, count, oa, a1);
    scatter(first + 4u, count, ob, b1);
#endif
}
