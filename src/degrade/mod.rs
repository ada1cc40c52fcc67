//! Test pictures from good ones: blur, shrink to a quarter, noise, JPEG. Not part of a page's engine.
//!
//! | kind | what |
//! |---|---|
//! | `clean` | bicubic as MATLAB's `imresize` |
//! | `mild` | the same, then weak noise for every other picture, then JPEG at quality 40 to 95 |
//! | `real` | two rounds of blur, resize, noise and JPEG after Real-ESRGAN, with the ranges of the ResShift release |
//! | `paper` | the paper's test model (§4.1), y = (x * k) down + n: one kernel, one of three resamplers, one noise |
//!
//! A result depends on the picture, the kind and the seed alone.

mod jpeg;
mod kernel;
mod random;
mod resize;

use crate::image::encode::to_u8;
use crate::image::{Picture, Pixels};
use crate::metrics::{Plane, imresize};
use jpeg::jpeg;
use kernel::Kernel;
use random::Random;
use resize::{Mode, resize};

/// How a picture became a low-resolution one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Degradation {
    /// Shrunk only.
    Clean,
    /// And compressed.
    Mild,
    /// As found on the web.
    Real,
    /// The paper's test model.
    Paper,
}

/// RGB in [0, 1], `[height, width, 3]`.
#[derive(Debug, Clone, PartialEq)]
struct Rgb {
    width: usize,
    height: usize,
    data: Vec<f32>,
}

/// A quarter of the picture's size, rounded down, in 8 bits.
///
/// # Panics
/// If a side is below 4 pixels.
pub fn degrade(picture: &Pixels, kind: Degradation, seed: u64) -> Pixels {
    let (width, height) = (picture.width / 4, picture.height / 4);
    assert!(width > 0 && height > 0, "a picture of at least 4 x 4 pixels");
    let rows = picture.data.chunks_exact(picture.width * picture.channels).take(4 * height);
    let pixels = rows.flat_map(|row| row.chunks_exact(picture.channels).take(4 * width));
    let data = pixels.flat_map(|pixel| pixel.iter().take(3)).map(|&v| f32::from(v) / 255.0).collect();
    let hr = Rgb { width: 4 * width, height: 4 * height, data };
    let rng = &mut Random::new(seed);
    let lr = match kind {
        Degradation::Clean => quarter(&hr),
        Degradation::Mild => mild(&hr, rng),
        Degradation::Real => real(&hr, rng),
        Degradation::Paper => paper(&hr, rng),
    };
    Pixels { width, height, channels: 3, data: lr.data.into_iter().map(to_u8).collect() }
}

/// 8-bit RGB as the sampler takes it.
pub fn to_picture(pixels: &Pixels) -> Picture {
    let rgb = pixels.data.iter().map(|&v| f32::from(v) / 255.0).collect();
    Picture { width: pixels.width, height: pixels.height, rgb, alpha: None }
}

fn quarter(hr: &Rgb) -> Rgb {
    let small = [0, 1, 2].map(|c| {
        let data = hr.data.iter().skip(c).step_by(3).map(|&v| f64::from(v)).collect();
        imresize(&Plane { width: hr.width, height: hr.height, data }, 0.25)
    });
    let [r, g, b] = &small;
    let data = r.data.iter().zip(&g.data).zip(&b.data).flat_map(|((&r, &g), &b)| [r, g, b]);
    Rgb { width: r.width, height: r.height, data: data.map(|v| v.clamp(0.0, 1.0) as f32).collect() }
}

fn mild(hr: &Rgb, rng: &mut Random) -> Rgb {
    let mut lr = quarter(hr);
    if rng.chance(0.5) {
        noise(&mut lr, rng, [1.0, 8.0], [0.05, 1.0]);
    }
    let quality = rng.between(40.0, 95.0);
    jpeg(&lr, quality)
}

fn paper(hr: &Rgb, rng: &mut Random) -> Rgb {
    let kernel = Kernel::blur(rng, &[7, 9, 11, 13, 15, 17, 19], [0.2, 2.5]);
    let mut lr = resize(&kernel.apply(hr), hr.width / 4, hr.height / 4, Mode::any(rng));
    noise(&mut lr, rng, [1.0, 15.0], [0.05, 1.5]);
    lr
}

fn real(hr: &Rgb, rng: &mut Random) -> Rgb {
    let (width, height) = (hr.width / 4, hr.height / 4);
    let mut x = Kernel::blur(rng, &[3, 5, 7, 9, 11, 13, 15, 17, 19], [0.2, 3.0]).apply(hr);
    x = scaled(&x, rng, [hr.width, hr.height], (0.2, 1.5), (0.7, 0.15));
    noise(&mut x, rng, [1.0, 30.0], [0.05, 3.0]);
    x = jpeg(&x, rng.between(30.0, 95.0));
    let small = [3, 5, 7, 9, 11, 13];
    if rng.chance(0.5) {
        if rng.chance(0.8) {
            x = Kernel::blur(rng, &small, [0.2, 1.5]).apply(&x);
        }
        x = scaled(&x, rng, [width, height], (0.3, 1.2), (0.4, 0.3));
        noise(&mut x, rng, [1.0, 25.0], [0.05, 2.5]);
    }
    let ringing = if rng.chance(0.8) { Kernel::sinc(rng, &small) } else { Kernel::identity() };
    let (quality, mode, jpeg_last) = (rng.between(30.0, 95.0), Mode::any(rng), rng.chance(0.5));
    if jpeg_last {
        jpeg(&ringing.apply(&resize(&x, width, height, mode)), quality)
    } else {
        ringing.apply(&resize(&jpeg(&x, quality), width, height, mode))
    }
}

/// Resized to `size` times a random factor: up with (probability, most), down with (probability, least).
fn scaled(x: &Rgb, rng: &mut Random, size: [usize; 2], up: (f64, f64), down: (f64, f64)) -> Rgb {
    let draw = rng.between(0.0, 1.0);
    let factor = if draw < up.0 {
        rng.between(1.0, up.1)
    } else if draw < up.0 + down.0 {
        rng.between(down.1, 1.0)
    } else {
        1.0
    };
    let [width, height] = size.map(|side| ((side as f64 * factor) as usize).max(8));
    resize(x, width, height, Mode::any(rng))
}

/// Gaussian noise (standard deviation in 1/255) or Poisson noise (scale, in its Gaussian limit of 256 levels), with equal
/// odds; 40 % of both are grey.
fn noise(x: &mut Rgb, rng: &mut Random, gaussian: [f64; 2], poisson: [f64; 2]) {
    let grey = rng.chance(0.4);
    let std = rng.chance(0.5).then(|| rng.between(gaussian[0], gaussian[1]) / 255.0);
    let scale = rng.between(poisson[0], poisson[1]);
    for pixel in x.data.chunks_exact_mut(3) {
        let mut draws = rng.normals();
        if grey {
            draws = [draws[0]; 3];
        }
        for (v, draw) in pixel.iter_mut().zip(draws) {
            let std = std.unwrap_or((f64::from(*v) / 256.0).sqrt() * scale);
            *v = (*v + std as f32 * draw).clamp(0.0, 1.0);
        }
    }
}
