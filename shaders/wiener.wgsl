// The compact model's prediction: the network's gate and correction around the Wiener estimate of z0 from z_t.
//
//   z0[c] = wiener[c] * z_t[c] * sigmoid(g[c] + 1) + correction[c] * F[c]
//   z0[c] = wiener[c] * (z_t[c] - mean[c]) * sigmoid(g[c] + 1) + correction[c] * F[c] + mean[c]   with MEAN
//
// Bindings
//   0 z_t         [pixels, c]
//   1 network     [pixels, 2, c]: gate g, correction F
//   2 wiener      [c]
//   3 correction  [c]
//   4 mean        (with MEAN) [pixels, c]
//   last two: z0  [pixels, c]; size
// Workgroup: 64 invocations, each one number. Constant: RESULT. Flag: MEAN. N, f32 or f16: how network is stored.

struct Size {
    pixels: u32,
    c: u32,
    // Before the first pixel of each map.
    z_t: u32,
    network: u32,
    mean: u32,
    z0: u32,
}

@group(0) @binding(0) var<storage, read> z_t: array<f32>;
@group(0) @binding(1) var<storage, read> network: array<N>;
@group(0) @binding(2) var<storage, read> wiener: array<f32>;
@group(0) @binding(3) var<storage, read> correction: array<f32>;
#if MEAN
@group(0) @binding(4) var<storage, read> mean: array<f32>;
#endif
@group(0) @binding(RESULT) var<storage, read_write> z0: array<f32>;
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
    let at = size.network + pixel * 2u * size.c + c;
    let z = z_t[size.z_t + id];
    // Clamped, or exp would overflow; sigmoid is 0 to f32's precision there.
    let gate = 1.0 / (1.0 + exp(-max(f32(network[at]) + 1.0, -80.0)));
#if MEAN
    let m = mean[size.mean + id];
    z0[size.z0 + id] = fma(wiener[c] * (z - m), gate, fma(correction[c], f32(network[at + size.c]), m));
#else
    z0[size.z0 + id] = fma(wiener[c] * z, gate, correction[c] * f32(network[at + size.c]));
#endif
}
