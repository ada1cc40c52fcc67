//! Bicubic resizing as MATLAB's `imresize` does it: Keys with a = -0.5, stretched over the source when shrinking.

use super::Plane;

fn keys(x: f64) -> f64 {
    let x = x.abs();
    if x <= 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x <= 2.0 {
        ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    } else {
        0.0
    }
}

/// Resizes both sides by `scale`, rounded up. The picture is mirrored at its borders. Not clamped.
pub fn imresize(plane: &Plane, scale: f64) -> Plane {
    transposed(&resize_rows(&transposed(&resize_rows(plane, scale)), scale))
}

/// Resizes the width.
fn resize_rows(plane: &Plane, scale: f64) -> Plane {
    let source = plane.width as i64;
    let width = (plane.width as f64 * scale).ceil() as usize;
    let stretch = scale.min(1.0);
    let reach = 4.0 / stretch;
    let taps: Vec<(Vec<usize>, Vec<f64>)> = (1..=width)
        .map(|x| {
            let centre = x as f64 / scale + 0.5 * (1.0 - 1.0 / scale);
            let first = (centre - reach / 2.0).floor() as i64;
            let positions: Vec<i64> = (first..first + reach.ceil() as i64 + 2).collect();
            let mut weights: Vec<f64> = positions.iter().map(|&at| keys((centre - at as f64) * stretch)).collect();
            let sum: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|w| *w /= sum);
            let mirrored = |at: i64| {
                let at = (at - 1).rem_euclid(2 * source);
                (if at < source { at } else { 2 * source - 1 - at }) as usize
            };
            (positions.into_iter().map(mirrored).collect(), weights)
        })
        .collect();
    let resized = |row: &[f64]| -> Vec<f64> {
        taps.iter().map(|(at, weights)| at.iter().zip(weights).map(|(&i, w)| row[i] * w).sum()).collect()
    };
    let data = plane.data.chunks_exact(plane.width.max(1)).flat_map(resized).collect();
    Plane { width, height: plane.height, data }
}

fn transposed(plane: &Plane) -> Plane {
    let Plane { width, height, data } = plane;
    let data = (0..width * height).map(|i| data[i % height * width + i / height]).collect();
    Plane { width: *height, height: *width, data }
}
