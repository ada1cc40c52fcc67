// A picture with every channel times a number of its own, or as it is; also how pictures are put side by side.
//
//   y[p, c] = x[p, c] * factor[c]                  with FACTOR, else  y[p, c] = x[p, c]
//   y[p, c] = (x[p, c] - mean[p, c]) * factor[c]   with FACTOR and MEAN
//
// Bindings
//   0 x       [pixels, c]
//   1 factor  (with FACTOR) [c]
//   2 mean    (with MEAN) [pixels, c]
//   last two: y [pixels, c], a slice of channels of a wider picture where the stride is larger than c; size
// Workgroup: 64 invocations, each one number. Constant: RESULT. Flags: FACTOR, MEAN.
// X and Y, f32 or f16: how x and y are stored.

struct Size {
    pixels: u32,
    c: u32,
    x_stride: u32,
    x_offset: u32,
    y_stride: u32,
    y_offset: u32,
    mean_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<X>;
#if FACTOR
@group(0) @binding(1) var<storage, read> factor: array<f32>;
#endif
#if MEAN
@group(0) @binding(2) var<storage, read> mean: array<f32>;
#endif
@group(0) @binding(RESULT) var<storage, read_write> y: array<Y>;
@group(0) @binding(RESULT + 1) var<uniform> size: Size;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let id = (group.y * groups.x + group.x) * 64u + lane;
    if (id >= size.pixels * size.c) { return; }
    let pixel = id / size.c;
    let c = id % size.c;
    var v = f32(x[pixel * size.x_stride + size.x_offset + c]);
#if MEAN
    v -= mean[size.mean_offset + id];
#endif
#if FACTOR
    v *= factor[c];
#endif
    y[pixel * size.y_stride + size.y_offset + c] = Y(v);
}
