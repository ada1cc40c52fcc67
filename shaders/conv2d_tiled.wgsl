// 2-D convolution through workgroup memory, with the norm before it applied on the way in: an implicit matrix product.
//
//   y = act(bias + conv(norm(x), weight)) + residual              as in `conv2d`, phases included
//   norm(x) = silu((x - mean) * factor + offset)                  NORM: group norm, numbers from `group_norm_*`
//   norm(x) = silu(x * scale[pixel] * factor + offset)            RMS: per-pixel norm, numbers from `rms_norm_stats`
//   norm(x) = x                                                   neither; silu only with NORM_SILU
//
// A workgroup computes 8x8 neighbouring pixels (1x1 kernels: 64 pixels in a row) by 64 channels, each of its 64
// invocations 8 pixels by 8 channels (WIDE); or by 16 channels, each 4 by 4, for layers that would fill too few
// workgroups. In turns of 4 input channels (1x1 kernels: 16) it brings the input patch under its pixels, normalised, and
// the weights to workgroup memory: every number that is read is used 64 or 16 times, and every normalisation is worked
// out once per workgroup that needs it, not once per tap. Outside the picture the *normalised* input is 0.
//
// Bindings
//   0 x, 1 weight, 2 bias  as in `conv2d`
//   with NORM  3 coefficients [n, 3, c_in]: mean, factor, offset
//   with RMS   3 coefficients [n, 2, c_in]: factor, offset;  4 scale [n * h * w]
//   then as in `conv2d`: residual, y, the layer's numbers
// Workgroup: 64 invocations, at most 14 KiB of workgroup memory; grid: pixel tiles in x and y, channel tiles of all phases in z.
// Constants: KERNEL, STRIDE, RESULT. Flags: WIDE, NORM, RMS, NORM_SILU and those of `conv2d`.

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
#if NORM
@group(0) @binding(3) var<storage, read> coefficients: array<vec4<f32>>;
#endif
#if RMS
@group(0) @binding(3) var<storage, read> coefficients: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
#endif
#include conv2d_store

const SIDE = 8u;
const SPATIAL = KERNEL > 1u;
const PATCH = (SIDE - 1u) * STRIDE + KERNEL;
const PIXELS = select(SIDE * SIDE, PATCH * PATCH, SPATIAL);
// Input channels of one turn, by four.
const CHUNK = select(4u, 1u, SPATIAL);
#if WIDE
const LANES = 8u; // invocations side by side, each with its own channels
const SPAN = 8u; // pixels of one invocation
const OUT4 = 16u; // output channels of the workgroup, by four
#else
const LANES = 4u;
const SPAN = 4u;
const OUT4 = 4u;
#endif
const PANEL = KERNEL * KERNEL * CHUNK * 4u * OUT4;

var<workgroup> patch_in: array<vec4<f32>, PIXELS * CHUNK>;
var<workgroup> panel: array<vec4<f32>, PANEL>;

// Input channels 4c to 4c + 3 of a pixel of picture n, normalised.
fn load(n: u32, pixel: u32, c: u32) -> vec4<f32> {
    let i = pixel * layer.x_stride + layer.x_offset + 4u * c;
#if IN_VEC4
    var v = vec4<f32>(x[i / 4u]);
#else
    let more = layer.c_in - 1u - 4u * c;
    var v = vec4<f32>(x[i], 0.0, 0.0, 0.0);
    if (more >= 1u) { v.y = x[i + 1u]; }
    if (more >= 2u) { v.z = x[i + 2u]; }
    if (more >= 3u) { v.w = x[i + 3u]; }
#endif
    let in4 = (layer.c_in + 3u) / 4u;
#if NORM
    let at = n * 3u * in4 + c;
    v = fma(v - coefficients[at], coefficients[at + in4], coefficients[at + 2u * in4]);
#endif
#if RMS
    let at = n * 2u * in4 + c;
    v = fma(v * scale[pixel + layer.s_offset], coefficients[at], coefficients[at + in4]);
#endif
#if NORM_SILU
    v = v / (1.0 + exp(-max(v, vec4<f32>(-80.0))));
#endif
    return v;
}

// sum + the four input channels v of one pixel times the rows of w.
fn add(sum: vec4<f32>, v: vec4<f32>, w: mat4x4<f32>) -> vec4<f32> {
    return fma(w[3], vec4<f32>(v.w), fma(w[2], vec4<f32>(v.z), fma(w[1], vec4<f32>(v.y), fma(w[0], vec4<f32>(v.x), sum))));
}

fn rows(at: u32) -> mat4x4<f32> {
    return mat4x4<f32>(panel[at], panel[at + OUT4], panel[at + 2u * OUT4], panel[at + 3u * OUT4]);
}

// The tile's place: picture, first row and column; or, for 1x1 kernels, the first pixel.
struct Place {
    n: u32,
    row: u32,
    column: u32,
}

fn place(tile: u32) -> Place {
    let across = (layer.out_w + SIDE - 1u) / SIDE;
    let down = (layer.out_h + SIDE - 1u) / SIDE;
    return Place(tile / (across * down), tile / across % down * SIDE, tile % across * SIDE);
}

fn put(p: Place, local: u32, phase: vec2<u32>, o: u32, v: vec4<f32>) {
    if (SPATIAL) {
        let row = p.row + local / SIDE;
        let column = p.column + local % SIDE;
        if (p.n >= layer.n || row >= layer.out_h || column >= layer.out_w) { return; }
        let line = p.n * layer.out_h + row;
#if PHASES
        store((2u * line + phase.y) * 2u * layer.out_w + 2u * column + phase.x, o, v);
#else
        store(line * layer.out_w + column, o, v);
#endif
    } else {
        let pixel = p.row + local;
        if (pixel < layer.n * layer.out_h * layer.out_w) { store(pixel, o, v); }
    }
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let tile = (layer.begin + group.y) * groups.x + group.x;
    var p = Place(0u, tile * SIDE * SIDE, 0u);
    if (SPATIAL) { p = place(tile); }
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
    let o = lane % LANES;
    let first = lane / LANES * SPAN;
    let oa = slice * OUT4 + o;

    var a0 = vec4<f32>(0.0);
    if (oa < out4) { a0 = bias[oa]; }
    var a1 = a0;
    var a2 = a0;
    var a3 = a0;
#if WIDE
    var a4 = a0;
    var a5 = a0;
    var a6 = a0;
    var a7 = a0;
    var b0 = vec4<f32>(0.0);
    if (oa + LANES < out4) { b0 = bias[oa + LANES]; }
    var b1 = b0;
    var b2 = b0;
    var b3 = b0;
    var b4 = b0;
    var b5 = b0;
    var b6 = b0;
    var b7 = b0;
#endif

    for (var c0 = 0u; c0 < in4; c0 += CHUNK) {
        for (var i = lane; i < PIXELS * CHUNK; i += 64u) {
            let c = c0 + i % CHUNK;
            let local = i / CHUNK;
            var v = vec4<f32>(0.0);
            if (SPATIAL) {
                // Coordinates before the picture wrap around to huge ones.
                let row = layer.row + p.row * STRIDE + local / PATCH - pad.y;
                let column = p.column * STRIDE + local % PATCH - pad.x;
                if (p.n < layer.n && row < layer.h && column < layer.w) {
                    v = load(p.n, (p.n * layer.h + row) * layer.w + column, c);
                }
            } else {
                let pixel = p.row + local;
                if (c < in4 && pixel < layer.n * layer.h * layer.w) {
                    v = load(pixel / (layer.h * layer.w), pixel, c);
                }
            }
            patch_in[i] = v;
        }
        for (var i = lane; i < PANEL; i += 64u) {
            let column = slice * OUT4 + i % OUT4;
            let row = i / OUT4 % (4u * CHUNK);
            let tap = i / (OUT4 * 4u * CHUNK);
            var w = vec4<f32>(0.0);
            if (column < out4 && 4u * c0 + row < 4u * in4) {
                w = vec4<f32>(weight[(base + tap * 4u * in4 + 4u * c0 + row) * out4 + column]);
            }
            panel[i] = w;
        }
        workgroupBarrier();

        for (var tap = 0u; tap < KERNEL * KERNEL; tap++) {
            for (var c = 0u; c < CHUNK; c++) {
                let wa = rows((tap * CHUNK + c) * 4u * OUT4 + o);
#if WIDE
                let wb = rows((tap * CHUNK + c) * 4u * OUT4 + o + LANES);
#endif
                var at = first * CHUNK + c;
                if (SPATIAL) {
                    at = (first / SIDE * STRIDE + tap / KERNEL) * PATCH + first % SIDE * STRIDE + tap % KERNEL;
                }
                let step = STRIDE * CHUNK;
                let v0 = patch_in[at];
                let v1 = patch_in[at + step];
                let v2 = patch_in[at + 2u * step];
                let v3 = patch_in[at + 3u * step];
                a0 = add(a0, v0, wa);
                a1 = add(a1, v1, wa);
                a2 = add(a2, v2, wa);
                a3 = add(a3, v3, wa);
#if WIDE
                b0 = add(b0, v0, wb);
                b1 = add(b1, v1, wb);
                b2 = add(b2, v2, wb);
                b3 = add(b3, v3, wb);
                let v4 = patch_in[at + 4u * step];
                let v5 = patch_in[at + 5u * step];
                let v6 = patch_in[at + 6u * step];
                let v7 = patch_in[at + 7u * step];
                a4 = add(a4, v4, wa);
                a5 = add(a5, v5, wa);
                a6 = add(a6, v6, wa);
                a7 = add(a7, v7, wa);
                b4 = add(b4, v4, wb);
                b5 = add(b5, v5, wb);
                b6 = add(b6, v6, wb);
                b7 = add(b7, v7, wb);
#endif
            }
        }
        workgroupBarrier();
    }

    put(p, first, phase, oa, a0);
    put(p, first + 1u, phase, oa, a1);
    put(p, first + 2u, phase, oa, a2);
    put(p, first + 3u, phase, oa, a3);
#if WIDE
    put(p, first + 4u, phase, oa, a4);
    put(p, first + 5u, phase, oa, a5);
    put(p, first + 6u, phase, oa, a6);
    put(p, first + 7u, phase, oa, a7);
    put(p, first, phase, oa + LANES, b0);
    put(p, first + 1u, phase, oa + LANES, b1);
    put(p, first + 2u, phase, oa + LANES, b2);
    put(p, first + 3u, phase, oa + LANES, b3);
    put(p, first + 4u, phase, oa + LANES, b4);
    put(p, first + 5u, phase, oa + LANES, b5);
    put(p, first + 6u, phase, oa + LANES, b6);
    put(p, first + 7u, phase, oa + LANES, b7);
#endif
}
