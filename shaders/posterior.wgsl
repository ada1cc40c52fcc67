// A step of the chain with its noise (paper Eq. 7), in place:
//
//   x_t <- a x_t + b x0 + deviation * n,   n standard normal, a function of seed, draw, position and channel (`src/paper/noise.rs`)
//
// Bits come from PCG4D (Jarzynski and Olano 2020); the top 16 select one of 65,536 normal quantiles. With b = 0 the
// prior: x_T = y0 + deviation * n for x_t = y0.
//
// Bindings
//   0 x0         [h, w, c]
//   1 quantiles  [65536]
//   2 x_t        [h, w, c]
//   3 step
// Workgroup: 64 invocations, each 4 channels (or the last of a pixel) of one position.

struct Step {
    pixels: u32,
    w: u32,
    c: u32,
    // Bits of f32.
    a: u32,
    b: u32,
    deviation: u32,
    seed: u32,
    // High word of the seed, mixed with the draw.
    draw: u32,
}

@group(0) @binding(0) var<storage, read> x0: array<f32>;
@group(0) @binding(1) var<storage, read> quantiles: array<f32>;
@group(0) @binding(2) var<storage, read_write> x_t: array<f32>;
@group(0) @binding(3) var<uniform> now: Step;

fn mix(v: vec4<u32>) -> vec4<u32> {
    var m = v;
    m.x += m.y * m.w;
    m.y += m.z * m.x;
    m.z += m.x * m.y;
    m.w += m.y * m.z;
    return m;
}

fn pcg4d(counter: vec4<u32>) -> vec4<u32> {
    var v = mix(counter * 1664525u + 1013904223u);
    v ^= v >> vec4<u32>(16u);
    return mix(v);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let id = (group.y * groups.x + group.x) * 64u + lane;
    let quads = (now.c + 3u) / 4u;
    let pixel = id / quads;
    let quad = id % quads;
    if (pixel >= now.pixels) { return; }
    let counter = vec4<u32>(pixel % now.w, pixel / now.w, now.seed + quad * 0x85EBCA6Bu, now.draw);
    let index = pcg4d(counter) >> vec4<u32>(16u);
    let noise = vec4<f32>(quantiles[index.x], quantiles[index.y], quantiles[index.z], quantiles[index.w]);
    let b = bitcast<f32>(now.b);
    for (var k = 0u; k < min(4u, now.c - 4u * quad); k++) {
        let at = pixel * now.c + 4u * quad + k;
        var mean = bitcast<f32>(now.a) * x_t[at];
        // Before the first prediction x0 holds nothing.
        if (b != 0.0) { mean += b * x0[at]; }
        x_t[at] = mean + bitcast<f32>(now.deviation) * noise[k];
    }
}
