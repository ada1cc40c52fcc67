// Included by `bicubic` and `bicubic_residual`, which bind `x`, the picture [n, h, w, 3], and `size`.
//
//   enlarged(n, 4i + dy, 4j + dx) = sum over k, l in -1..2 of  K_k K_l x[n, i' + k, j' + l]
//
// Keys' kernel with a = -0.75 around the source position (4i + dy + 1/2) / 4 - 1/2; pixels beyond the border repeat it;
// overshoot is kept.
//
// Bindings: none of its own; x [n, h, w, 3].

struct Size {
    n: u32,
    h: u32,
    w: u32,
    // How many rows of x are enlarged, from which on.
    rows: u32,
    row: u32,
    // Before the first pixel of the residual, or of the picture, and of the result.
    r_offset: u32,
    y_offset: u32,
}

const A = -0.75;

// Weights of the four taps around a position that lies `t` behind the second.
fn taps(t: f32) -> vec4<f32> {
    let near = vec2<f32>(t, 1.0 - t);
    let far = near + 1.0;
    let inner = ((A + 2.0) * near - (A + 3.0)) * near * near + 1.0;
    let outer = ((A * far - 5.0 * A) * far + 8.0 * A) * far - 4.0 * A;
    return vec4<f32>(outer.x, inner.x, inner.y, outer.y);
}

// A pixel of picture `n`, enlarged by 4; row 0 is of x's row `size.row`.
fn enlarged(n: u32, row: u32, column: u32) -> vec3<f32> {
    let at = (vec2<f32>(f32(column), f32(row)) + 0.5) / 4.0 - 0.5;
    let first = vec2<i32>(floor(at)) - 1;
    let wx = taps(at.x - floor(at.x));
    let wy = taps(at.y - floor(at.y));
    var sum = vec3<f32>(0.0);
    for (var k = 0; k < 4; k++) {
        let source_row = u32(clamp(i32(size.row) + first.y + k, 0, i32(size.h) - 1));
        var line = vec3<f32>(0.0);
        for (var l = 0; l < 4; l++) {
            let source_column = u32(clamp(first.x + l, 0, i32(size.w) - 1));
            let i = ((n * size.h + source_row) * size.w + source_column) * 3u;
            line += wx[l] * vec3<f32>(x[i], x[i + 1u], x[i + 2u]);
        }
        sum += wy[k] * line;
    }
    return sum;
}
