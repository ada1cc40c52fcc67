// GroupNorm, step 1 of 3: mean and squared deviation of every channel over a chunk of the picture.
//
//   mean = 1/m sum of x,   square = sum of (x - mean)^2      over the m pixels of the chunk
//
// Both are summed as differences from the chunk's first pixel. That pixel is part of the data, so the usual loss of
// digits where the mean is far from 0 cannot happen: (x - first) is never larger than the spread of the data itself.
//
// Bindings
//   0 x     [n, h * w, C]
//   1 part  [n, chunks, 2, C]: mean, square
//   2 size  n, h * w, chunks, pixels in a chunk (the last may be shorter, none is empty)
// Workgroup: 64 invocations, each 4 channels of one chunk; channels run fastest. Constant: C, a multiple of 4.

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> part: array<vec4<f32>>;
@group(0) @binding(2) var<uniform> size: vec4<u32>;

const C4 = C / 4u;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let id = (group.y * groups.x + group.x) * 64u + lane;
    let c = id % C4;
    let job = id / C4; // n * chunks + chunk
    if (job >= size.x * size.z) { return; }
    let begin = job % size.z * size.w;
    let end = min(begin + size.w, size.y);
    let image = job / size.z * size.y;

    let first = x[(image + begin) * C4 + c];
    var sum = vec4<f32>(0.0);
    var square = vec4<f32>(0.0);
    for (var p = begin + 1u; p < end; p++) {
        let d = x[(image + p) * C4 + c] - first;
        sum += d;
        square = fma(d, d, square);
    }
    let mean = sum / f32(end - begin);
    part[job * 2u * C4 + c] = first + mean;
    part[(job * 2u + 1u) * C4 + c] = max(square - sum * mean, vec4<f32>(0.0));
}
