// Single-head attention over all tokens of a picture, without a score matrix (FlashAttention's running softmax).
//
//   y[q] = softmax over k of (q . k / sqrt(DIM)) v
//
// A workgroup holds 8 queries. In turns of 64 keys each invocation scores one key against all 8 queries; the scores go
// to workgroup memory; then each invocation adds its own channels of the 64 values to its part of the 8 sums. Sums and
// totals are rescaled where a turn has raised the highest score.
//
// Bindings
//   0 q, 1 k, 2 v  [n, tokens, DIM]
//   3 y            [n, tokens, DIM]
//   4 size         n, tokens, rows of workgroups before the first (where it is dispatched in parts)
// Workgroup: 64 invocations, 2.2 KiB of workgroup memory; grid: blocks of 8 queries in x and y, pictures in z.
// Constant: DIM, a multiple of 4, up to 512: SHARE vec4s of channels for each invocation.
// Q, K, V and Y, f32 or f16: how they are stored.

@group(0) @binding(0) var<storage, read> q: array<Q4>;
@group(0) @binding(1) var<storage, read> k: array<K4>;
@group(0) @binding(2) var<storage, read> v: array<V4>;
@group(0) @binding(3) var<storage, read_write> y: array<Y4>;
@group(0) @binding(4) var<uniform> size: vec4<u32>;

const QUERIES = 8u;
const KEYS = 64u;
const D4 = DIM / 4u;

// weight[key * QUERIES + query]
var<workgroup> weight: array<f32, KEYS * QUERIES>;
var<workgroup> highest: array<f32, QUERIES>;
var<workgroup> fade: array<f32, QUERIES>;
var<workgroup> total: array<f32, QUERIES>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let tokens = size.y;
    let image = group.z * tokens;
    let first = ((size.z + group.y) * groups.x + group.x) * QUERIES;
    // Beyond the last query the last one is repeated, so that all meet at the barriers.
    var at: array<u32, QUERIES>;
    for (var i = 0u; i < QUERIES; i++) {
        at[i] = (image + min(first + i, tokens - 1u)) * D4;
    }
    if (lane < QUERIES) {
        highest[lane] = -1.0e30;
        total[lane] = 0.0;
    }
    var sum: array<vec4<f32>, QUERIES * SHARE>;
    for (var i = 0u; i < QUERIES * SHARE; i++) {
        sum[i] = vec4<f32>(0.0);
    }
    workgroupBarrier();

    for (var begin = 0u; begin < tokens; begin += KEYS) {
        let key = begin + lane;
        var score: array<f32, QUERIES>;
        for (var i = 0u; i < QUERIES; i++) {
            score[i] = 0.0;
        }
        if (key < tokens) {
            for (var d = 0u; d < D4; d++) {
                let c = vec4<f32>(k[(image + key) * D4 + d]);
                for (var i = 0u; i < QUERIES; i++) {
                    score[i] += dot(vec4<f32>(q[at[i] + d]), c);
                }
            }
        }
        for (var i = 0u; i < QUERIES; i++) {
            weight[lane * QUERIES + i] = select(-1.0e30, score[i] * inverseSqrt(f32(DIM)), key < tokens);
        }
        workgroupBarrier();
        if (lane < QUERIES) {
            let before = highest[lane];
            var now = before;
            for (var j = 0u; j < KEYS; j++) {
                now = max(now, weight[j * QUERIES + lane]);
            }
            var all = total[lane] * exp(before - now);
            for (var j = 0u; j < KEYS; j++) {
                let w = exp(weight[j * QUERIES + lane] - now);
                weight[j * QUERIES + lane] = w;
                all += w;
            }
            highest[lane] = now;
            fade[lane] = exp(before - now);
            total[lane] = all;
        }
        workgroupBarrier();
        for (var i = 0u; i < QUERIES; i++) {
            for (var s = 0u; s < SHARE; s++) {
                sum[i * SHARE + s] *= fade[i];
            }
        }
        for (var j = 0u; j < min(KEYS, tokens - begin); j++) {
            for (var s = 0u; s < SHARE; s++) {
                let d = s * 64u + lane;
                if (d < D4) {
                    let value = vec4<f32>(v[(image + begin + j) * D4 + d]);
                    for (var i = 0u; i < QUERIES; i++) {
                        sum[i * SHARE + s] = fma(vec4<f32>(weight[j * QUERIES + i]), value, sum[i * SHARE + s]);
                    }
                }
            }
        }
        workgroupBarrier();
    }

    for (var i = 0u; i < QUERIES; i++) {
        for (var s = 0u; s < SHARE; s++) {
            let d = s * 64u + lane;
            if (d < D4 && first + i < tokens) {
                y[at[i] + d] = Y4(sum[i * SHARE + s] / total[i]);
            }
        }
    }
}
