// Multi-head attention inside shifted windows (Swin): everything between the qkv and the output projection.
//
//   out = softmax over the keys k of the window of (q . k / sqrt(DIM) + bias[query - key] + mask) v
//
// Windows lie on the picture rolled by -SHIFT. Roll, partition and their inverses are only index arithmetic here: the
// token (ty, tx) of window (wy, wx) is the pixel ((wy*WINDOW + ty + SHIFT) mod h, (wx*WINDOW + tx + SHIFT) mod w), for
// the query, for every key and for the result. The softmax is taken in one pass with a running maximum.
//
// Where SHIFT is not 0, pairs of tokens that the roll has brought together are lowered by 100, in one of two ways:
//   MASK 0 (as released): in the last row of windows, pairs on different sides of column WINDOW - SHIFT
//   MASK 1 (textbook):    in the last row and the last column of windows, pairs on different sides of the seam there
//
// Bindings
//   0 qkv    [n, h, w, 3, HEADS, DIM]
//   1 table  [(2 WINDOW - 1)^2, HEADS]
//   2 y      [n, h, w, HEADS, DIM]
//   3 size   n, h, w; h and w are multiples of WINDOW
// Workgroup: the WINDOW^2 queries of one head of one window. Constants: HEADS, DIM (a multiple of 4, up to 64), WINDOW
// (up to 8), SHIFT, MASK. X and Y, f32 or f16: how qkv and y are stored.

@group(0) @binding(0) var<storage, read> qkv: array<X4>;
@group(0) @binding(1) var<storage, read> table: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<Y4>;
@group(0) @binding(3) var<uniform> size: vec4<u32>;

const D4 = DIM / 4u;
const C4 = HEADS * D4;
const TOKENS = WINDOW * WINDOW;
const SIDE = 2u * WINDOW - 1u;

// Which pairs the mask separates.
fn separated(last: vec2<bool>, q: vec2<u32>, k: vec2<u32>) -> bool {
    let seam = vec2<u32>(WINDOW - SHIFT);
    let apart = (q >= seam) != (k >= seam); // x: columns, y: rows
    if (MASK == 0u) {
        return last.y && apart.x;
    }
    return any(last & apart);
}

@compute @workgroup_size(TOKENS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) query: u32,
) {
    let windows = size.zy / WINDOW; // x: columns, y: rows
    let job = group.y * groups.x + group.x;
    let head = job % HEADS;
    let window = job / HEADS % (windows.x * windows.y);
    let n = job / HEADS / (windows.x * windows.y);
    if (n >= size.x) { return; }
    let tile = vec2<u32>(window % windows.x, window / windows.x);
    let last = tile + 1u == windows;
    let corner = tile * WINDOW + SHIFT;

    let q_token = vec2<u32>(query % WINDOW, query / WINDOW);
    let q_at = (corner + q_token) % size.zy;
    let q_pixel = (n * size.y + q_at.y) * size.z + q_at.x;
    var q: array<vec4<f32>, D4>;
    var sum: array<vec4<f32>, D4>;
    for (var i = 0u; i < D4; i++) {
        q[i] = vec4<f32>(qkv[q_pixel * 3u * C4 + head * D4 + i]) * inverseSqrt(f32(DIM));
        sum[i] = vec4<f32>(0.0);
    }

    var highest = -1.0e30;
    var total = 0.0;
    for (var key = 0u; key < TOKENS; key++) {
        let k_token = vec2<u32>(key % WINDOW, key / WINDOW);
        let k_at = (corner + k_token) % size.zy;
        let k = ((n * size.y + k_at.y) * size.z + k_at.x) * 3u * C4 + C4 + head * D4;

        let apart = q_token + WINDOW - 1u - k_token;
        var score = table[(apart.y * SIDE + apart.x) * HEADS + head];
        for (var i = 0u; i < D4; i++) {
            score += dot(q[i], vec4<f32>(qkv[k + i]));
        }
        if (SHIFT != 0u && separated(last, q_token, k_token)) {
            score -= 100.0;
        }

        let before = highest;
        highest = max(highest, score);
        let fade = exp(before - highest);
        let weight = exp(score - highest);
        total = fma(total, fade, weight);
        for (var i = 0u; i < D4; i++) {
            sum[i] = fma(sum[i], vec4<f32>(fade), weight * vec4<f32>(qkv[k + C4 + i]));
        }
    }

    for (var i = 0u; i < D4; i++) {
        y[q_pixel * C4 + head * D4 + i] = Y4(sum[i] / total);
    }
}
