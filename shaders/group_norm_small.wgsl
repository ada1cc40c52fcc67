// GroupNorm, steps 1 and 2 in one, for small pictures: a workgroup per group finds its mean and variance and folds
// them with gamma, beta and FiLM into the coefficients of `group_norm_combine`.
//
//   mean = 1/M sum of x,   var = 1/M sum of (x - mean)^2        over the M numbers of the group
//
// Every invocation sums its share of the group as differences from the group's first number; one joins the 64 shares,
// centred on the mean (Chan, Golub, LeVeque 1979).
//
// Bindings
//   0 x      [n, pixels, c], a slice of channels of a wider picture where the stride is larger than c
//   1 gamma  [c]
//   2 beta   [c]
//   3 film   (with FILM) [n, 2, c]: scale, shift
//   last two: coefficients [n, 3, c]: mean, factor, offset; size
// Workgroup: 64 invocations; grid: the groups of all pictures. Constants: EPS, RESULT. Flag: FILM.
// X, f32 or f16: how x is stored.

struct Size {
    n: u32,
    pixels: u32,
    c: u32,
    groups: u32,
    // 0: one film for all pictures.
    films: u32,
    x_stride: u32,
    x_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<X>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
#if FILM
@group(0) @binding(3) var<storage, read> film: array<f32>;
#endif
@group(0) @binding(RESULT) var<storage, read_write> coefficients: array<f32>;
@group(0) @binding(RESULT + 1) var<uniform> size: Size;

// Of one invocation: how many numbers, their mean, the sum of their squared deviations.
var<workgroup> shares: array<vec3<f32>, 64>;
var<workgroup> mean_and_deviation: vec2<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let id = group.y * groups.x + group.x;
    let width = size.c / size.groups;
    // Those beyond the last group repeat it, so that all meet at the barriers.
    let job = min(id, size.n * size.groups - 1u);
    let n = job / size.groups;
    let channel = job % size.groups * width;
    let base = n * size.pixels * size.x_stride + size.x_offset + channel;
    let total = size.pixels * width;

    let first = f32(x[base]);
    var count = 0.0;
    var sum = 0.0;
    var square = 0.0;
    for (var i = lane; i < total; i += 64u) {
        let d = f32(x[base + i / width * size.x_stride + i % width]) - first;
        count += 1.0;
        sum += d;
        square = fma(d, d, square);
    }
    let mean = sum / max(count, 1.0);
    shares[lane] = vec3<f32>(count, mean, max(square - sum * mean, 0.0));
    workgroupBarrier();

    if (lane == 0u) {
        var all = 0.0;
        for (var i = 0u; i < 64u; i++) {
            all = fma(shares[i].x, shares[i].y, all);
        }
        let centre = all / f32(total);
        var spread = 0.0;
        for (var i = 0u; i < 64u; i++) {
            let d = shares[i].y - centre;
            spread += fma(shares[i].x * d, d, shares[i].z);
        }
        mean_and_deviation = vec2<f32>(first + centre, sqrt(spread / f32(total) + EPS));
    }
    workgroupBarrier();

    if (id >= size.n * size.groups) { return; }
    for (var k = lane; k < width; k += 64u) {
        let c = channel + k;
        var factor = gamma[c] / mean_and_deviation.y;
        var offset = beta[c];
#if FILM
        let at = n * size.films * 2u * size.c + c;
        let one = 1.0 + film[at];
        factor *= one;
        offset = fma(offset, one, film[at + size.c]);
#endif
        coefficients[n * 3u * size.c + c] = mean_and_deviation.x;
        coefficients[(n * 3u + 1u) * size.c + c] = factor;
        coefficients[(n * 3u + 2u) * size.c + c] = offset;
    }
}
