// GroupNorm, step 2 of 3: joins the chunks' statistics to one mean and variance per group, and folds them with gamma,
// beta and FiLM into three numbers per channel, so that the norm is  y = (x - mean) * factor + offset.
//
//   mean   = sum of m_i mean_i / M                              over all chunks and channels i of the group
//   var    = sum of (square_i + m_i (mean_i - mean)^2) / M      (Chan, Golub, LeVeque 1979)
//   factor = gamma / sqrt(var + EPS) * (1 + scale),   offset = beta * (1 + scale) + shift
//
// Bindings
//   0 part   [n, chunks, 2, c]: mean, square
//   1 gamma  [c]
//   2 beta   [c]
//   3 film   (with FILM) [n, 2, c]: scale, shift
//   last two: coefficients [n, 3, c]: mean, factor, offset; size
// Workgroup: 64 invocations, each one group of one picture. Constants: EPS, RESULT. Flag: FILM.

struct Size {
    n: u32,
    pixels: u32,
    c: u32,
    chunks: u32,
    chunk: u32,
    groups: u32,
    // 0: one film for all pictures.
    films: u32,
}

@group(0) @binding(0) var<storage, read> part: array<f32>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
#if FILM
@group(0) @binding(3) var<storage, read> film: array<f32>;
#endif
@group(0) @binding(RESULT) var<storage, read_write> coefficients: array<f32>;
@group(0) @binding(RESULT + 1) var<uniform> size: Size;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let id = (group.y * groups.x + group.x) * 64u + lane;
    if (id >= size.n * size.groups) { return; }
    let width = size.c / size.groups;
    let n = id / size.groups;
    let channel = id % size.groups * width;
    let base = n * size.chunks * 2u * size.c + channel;
    let count = f32(size.pixels * width);

    // Differences from the first mean: exact where all means are alike and large.
    let first = part[base];
    var sum = 0.0;
    for (var chunk = 0u; chunk < size.chunks; chunk++) {
        let m = f32(min(size.chunk, size.pixels - chunk * size.chunk));
        let at = base + chunk * 2u * size.c;
        for (var k = 0u; k < width; k++) {
            sum = fma(m, part[at + k] - first, sum);
        }
    }
    let mean = first + sum / count;
    var square = 0.0;
    for (var chunk = 0u; chunk < size.chunks; chunk++) {
        let m = f32(min(size.chunk, size.pixels - chunk * size.chunk));
        let at = base + chunk * 2u * size.c;
        for (var k = 0u; k < width; k++) {
            let d = part[at + k] - mean;
            square += fma(m * d, d, part[at + size.c + k]);
        }
    }
    let deviation = sqrt(square / count + EPS);

    for (var k = 0u; k < width; k++) {
        let c = channel + k;
        var factor = gamma[c] / deviation;
        var offset = beta[c];
#if FILM
        let at = n * size.films * 2u * size.c + c;
        let one = 1.0 + film[at];
        factor *= one;
        offset = fma(offset, one, film[at + size.c]);
#endif
        coefficients[n * 3u * size.c + c] = mean;
        coefficients[(n * 3u + 1u) * size.c + c] = factor;
        coefficients[(n * 3u + 2u) * size.c + c] = offset;
    }
}
