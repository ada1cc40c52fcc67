// 2-D convolution with bias over a channels-last picture, in registers alone; linear layers are its 1x1 case.
//
//   y[n, oy, ox, o] = act(b[o] + sum over ky, kx, i of  x[n, oy*STRIDE + ky - pad, ox*STRIDE + kx - pad, i] * w[ky, kx, i, o])
//                     + residual[n, oy, ox, o]
//
// x is 0 outside the picture (of which y may be some rows); act is nothing, SiLU or GELU. With PHASES the input counts as doubled in both directions:
// the 3x3 taps of an output pixel then fall on 2x2 input pixels, and which weights meet depends on whether its row and
// its column are even or odd. So the layer is four 2x2 convolutions over the input, one for each phase (exact):
//
//   y[n, 2i + p, 2j + q, o] = b[o] + sum over ky, kx in {0, 1}, i of  x[n, i + ky + p - 1, j + kx + q - 1, .] * w[p, q, ky, kx, ., o]
//
// Each invocation computes a register tile of 4 neighbouring pixels, or 8 (WIDE), by 8 output channels. Pixels are
// counted through the whole batch, so that rows, pictures and token lists are the same to it. Invocations side by side
// take neighbouring channels: their weights are neighbours in memory, and their pixels are the same. No barriers: the
// form for GPUs that are emulated on a CPU. `conv2d_tiled` is the form for the others.
//
// Bindings
//   0 x       [n, h, w, c_in], a slice of channels of a wider picture where the stride is larger than c_in
//   1 weight  [phases, KERNEL, KERNEL, c_in up to a multiple of 4, c_out up to a multiple of 8], the rest 0
//   2 bias    [c_out up to a multiple of 8]
//   3 residual (with RESIDUAL) [n, h', w', c_out]
//   last two: y [n, h', w', c_out]; the layer's numbers
// Workgroup: LANES channel tiles x ROWS pixel tiles; grid: pixel tiles in x and y, channel tiles of all phases in z.
// Constants: KERNEL, STRIDE, LANES, ROWS. Flags: PHASES; WIDE; HALF, weights in f16 (needs shader-f16; sums stay f32);
// X, R and Y, f32 or f16: how x, residual and y are stored. IN_VEC4 and OUT_VEC4 where channels, strides and offsets are multiples of 4; RESIDUAL; SILU; GELU.

#if IN_VEC4
@group(0) @binding(0) var<storage, read> x: array<X4>;
#else
@group(0) @binding(0) var<storage, read> x: array<f32>;
#endif
#if HALF
@group(0) @binding(1) var<storage, read> weight: array<vec4<f16>>;
#else
@group(0) @binding(1) var<storage, read> weight: array<vec4<f32>>;
#endif
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>;
#include conv2d_store

// Four neighbouring output pixels.
struct Quad {
    row: vec4<u32>,
    column: vec4<u32>,
    // First row of the pixel's picture in the batch.
    image: vec4<u32>,
    index: vec4<u32>,
}

fn quad(first: u32, count: u32) -> Quad {
    let index = min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(count - 1u));
    let line = index / layer.out_w;
    return Quad(line % layer.out_h, index % layer.out_w, line / layer.out_h * layer.h, index);
}

// The input pixels under one tap of the kernel.
struct Source {
    pixel: vec4<u32>,
    inside: vec4<bool>,
}

fn source(q: Quad, ky: u32, kx: u32, pad: vec2<u32>) -> Source {
    if (KERNEL == 1u) {
        return Source(q.index, vec4<bool>(true));
    }
    // Coordinates before the picture wrap around to huge ones.
    let iy = layer.row + q.row * STRIDE + ky - pad.y;
    let ix = q.column * STRIDE + kx - pad.x;
    let inside = (iy < vec4<u32>(layer.h)) & (ix < vec4<u32>(layer.w));
    let pixel = (q.image + iy) * layer.w + ix;
    return Source(select(vec4<u32>(0u), pixel, inside), inside);
}

// Input channels 4c to 4c + 3 of a pixel, 0 beyond the last.
fn load(pixel: u32, c: u32) -> vec4<f32> {
    let i = pixel * layer.x_stride + layer.x_offset + 4u * c;
#if IN_VEC4
    return vec4<f32>(x[i / 4u]);
#else
    let more = layer.c_in - 1u - 4u * c;
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
fn weights(i: u32, o: u32, out4: u32) -> mat4x4<f32> {
    let at = i * out4 + o;
    return mat4x4<f32>(
        vec4<f32>(weight[at]), vec4<f32>(weight[at + out4]),
        vec4<f32>(weight[at + 2u * out4]), vec4<f32>(weight[at + 3u * out4]),
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

fn place(pixel: u32, count: u32, phase: vec2<u32>, o: u32, v: vec4<f32>) {
    if (pixel >= count) { return; }
#if PHASES
    let line = pixel / layer.out_w;
    store((2u * line + phase.y) * 2u * layer.out_w + 2u * (pixel % layer.out_w) + phase.x, o, v);
#else
    store(pixel, o, v);
#endif
}

// Written out: an index that varies would push the sums out of their registers.
fn scatter(first: u32, count: u32, phase: vec2<u32>, o: u32, v: mat4x4<f32>) {
    place(first, count, phase, o, v[0]);
    place(first + 1u, count, phase, o, v[1]);
    place(first + 2u, count, phase, o, v[2]);
    place(first + 3u, count, phase, o, v[3]);
}

@compute @workgroup_size(LANES, ROWS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
) {
    let count = layer.n * layer.out_h * layer.out_w;
    let tile = ((layer.begin + group.y) * groups.x + group.x) * ROWS + local.y;
#if WIDE
    let first = 8u * tile;
    let q1 = quad(first + 4u, count);
#else
    let first = 4u * tile;
#endif
    if (first >= count) { return; }
    let q0 = quad(first, count);

    let in4 = (layer.c_in + 3u) / 4u;
    let out4 = 2u * ((layer.c_out + 7u) / 8u);
#if PHASES
    let slices = groups.z / 4u;
    let slice = group.z % slices;
    let number = group.z / slices;
    let phase = vec2<u32>(number % 2u, number / 2u);
    let pad = vec2<u32>(1u) - phase;
    let base = number * KERNEL * KERNEL * 4u * in4;
#else
    let slice = group.z;
    let phase = vec2<u32>(0u);
    let pad = vec2<u32>(layer.pad);
    let base = 0u;
#endif

    // Two times 4 output channels; the lanes of a workgroup share the first half of its channels, then the second.
    let oa = 2u * LANES * slice + local.x;
    let ob = oa + LANES;
    var a0 = mat4x4<f32>(bias[oa], bias[oa], bias[oa], bias[oa]);
    var b0 = mat4x4<f32>(bias[ob], bias[ob], bias[ob], bias[ob]);
#if WIDE
    var a1 = a0;
    var b1 = b0;
#endif

    for (var ky = 0u; ky < KERNEL; ky++) {
        for (var kx = 0u; kx < KERNEL; kx++) {
            let tap = base + (ky * KERNEL + kx) * 4u * in4;
            let s0 = source(q0, ky, kx, pad);
#if WIDE
            let s1 = source(q1, ky, kx, pad);
#endif
            for (var c = 0u; c < in4; c++) {
                let wa = weights(tap + 4u * c, oa, out4);
                let wb = weights(tap + 4u * c, ob, out4);
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

    scatter(first, count, phase, oa, a0);
    scatter(first, count, phase, ob, b0);
#if WIDE
    scatter(first + 4u, count, phase, oa, a1);
    scatter(first + 4u, count, phase, ob, b1);
#endif
}
