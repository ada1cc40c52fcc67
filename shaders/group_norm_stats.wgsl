// GroupNorm, step 1 of 3: mean and squared deviation of every channel over a chunk of the picture.
//
//   mean = 1/m sum of x,   square = sum of (x - mean)^2      over the m pixels of the chunk
//
// Both are summed as differences from the chunk's first pixel. That pixel is part of the data, so the usual loss of
// digits where the mean is far from 0 cannot happen: (x - first) is never larger than the spread of the data itself.
//
// Bindings
//   0 x     [n, pixels, c], a slice of channels of a wider picture where the stride is larger than c
//   1 part  [n, chunks, 2, c]: mean, square
//   2 size
// Workgroup: 64 invocations, each 4 channels of one chunk; channels run fastest. X, f32 or f16: how x is stored.

struct Size {
    n: u32,
    pixels: u32,
    // A multiple of 4, as are stride and offset.
    c: u32,
    chunks: u32,
    // Pixels in a chunk; the last may be shorter, none is empty.
    chunk: u32,
    x_stride: u32,
    x_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<X4>;
@group(0) @binding(1) var<storage, read_write> part: array<vec4<f32>>;
@group(0) @binding(2) var<uniform> size: Size;

fn at(pixel: u32, c: u32) -> vec4<f32> {
    return vec4<f32>(x[(pixel * size.x_stride + size.x_offset) / 4u + c]);
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
    let job = id / c4; // n * chunks + chunk
    if (job >= size.n * size.chunks) { return; }
    let begin = job % size.chunks * size.chunk;
    let end = min(begin + size.chunk, size.pixels);
    let image = job / size.chunks * size.pixels;

    let first = at(image + begin, c);
    var sum = vec4<f32>(0.0);
    var square = vec4<f32>(0.0);
    for (var p = begin + 1u; p < end; p++) {
        let d = at(image + p, c) - first;
        sum += d;
        square = fma(d, d, square);
    }
    let mean = sum / f32(end - begin);
    part[job * 2u * c4 + c] = first + mean;
    part[(job * 2u + 1u) * c4 + c] = max(square - sum * mean, vec4<f32>(0.0));
}
