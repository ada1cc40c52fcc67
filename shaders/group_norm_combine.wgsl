// GroupNorm, step 2 of 3: joins the chunks' statistics to one mean and variance per group, and folds them with gamma,
// beta and FiLM into three numbers per channel, so that step 3 is  y = act((x - mean) * factor + offset).
//
//   mean   = sum of m_i mean_i / M                              over all chunks and channels i of the group
//   var    = sum of (square_i + m_i (mean_i - mean)^2) / M      (Chan, Golub, LeVeque 1979)
//   factor = gamma / sqrt(var + EPS) * (1 + scale),   offset = beta * (1 + scale) + shift
//
// Bindings
//   0 part   [n, chunks, 2, C]: mean, square
//   1 gamma  [C]
//   2 beta   [C]
//   3 coefficients [n, 3, C]: mean, factor, offset
//   4 size   n, h * w, chunks, pixels in a chunk
//   with FILM: 3 scale [n, C], 4 shift [n, C], 5 coefficients, 6 size
// Workgroup: 64 invocations, each one group of one picture. Constants: C, GROUPS, EPS. Flag: FILM.

@group(0) @binding(0) var<storage, read> part: array<f32>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
#if FILM
@group(0) @binding(3) var<storage, read> scale: array<f32>;
@group(0) @binding(4) var<storage, read> shift: array<f32>;
@group(0) @binding(5) var<storage, read_write> coefficients: array<f32>;
@group(0) @binding(6) var<uniform> size: vec4<u32>;
#else
@group(0) @binding(3) var<storage, read_write> coefficients: array<f32>;
@group(0) @binding(4) var<uniform> size: vec4<u32>;
#endif

const WIDTH = C / GROUPS;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let id = (group.y * groups.x + group.x) * 64u + lane;
    if (id >= size.x * GROUPS) { return; }
    let n = id / GROUPS;
    let channel = id % GROUPS * WIDTH;
    let base = n * size.z * 2u * C + channel;
    let count = f32(size.y * WIDTH);

    // Differences from the first mean: exact where all means are alike and large.
    let first = part[base];
    var sum = 0.0;
    for (var chunk = 0u; chunk < size.z; chunk++) {
        let m = f32(min(size.w, size.y - chunk * size.w));
        let at = base + chunk * 2u * C;
        for (var k = 0u; k < WIDTH; k++) {
            sum = fma(m, part[at + k] - first, sum);
        }
    }
    let mean = first + sum / count;
    var square = 0.0;
    for (var chunk = 0u; chunk < size.z; chunk++) {
        let m = f32(min(size.w, size.y - chunk * size.w));
        let at = base + chunk * 2u * C;
        for (var k = 0u; k < WIDTH; k++) {
            let d = part[at + k] - mean;
            square += fma(m * d, d, part[at + C + k]);
        }
    }
    let deviation = sqrt(square / count + EPS);

    for (var k = 0u; k < WIDTH; k++) {
        let c = channel + k;
        var factor = gamma[c] / deviation;
        var offset = beta[c];
#if FILM
        let one = 1.0 + scale[n * C + c];
        factor *= one;
        offset = fma(offset, one, shift[n * C + c]);
#endif
        coefficients[n * 3u * C + c] = mean;
        coefficients[(n * 3u + 1u) * C + c] = factor;
        coefficients[(n * 3u + 2u) * C + c] = offset;
    }
}
