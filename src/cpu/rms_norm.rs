//! RMS norm, FiLM and SiLU in one pass over the pixels.

use super::lanes::{self, load, load_padded, mul_add, splat, store_cut};
use super::silu::silu;
use super::threads::fill_runs;
use macerator::{Scalar, Simd, WithSimd};

/// Pixels that one thread computes at a time.
const RUN: usize = 64;

/// What happens to a pixel's normalised channels: times `factor`, plus `offset`, then SiLU or nothing.
pub struct Finish {
    /// Of each channel, filled up with zeros to a multiple of the lanes.
    factor: Vec<f32>,
    /// As `factor`.
    offset: Vec<f32>,
    silu: bool,
}

impl Finish {
    /// The norm's own `gamma` and `beta`, then FiLM `x * (1 + scale) + shift`; all `[c]`.
    pub fn new(gamma: &[f32], beta: &[f32], film: Option<(&[f32], &[f32])>, silu: bool) -> Self {
        let padded = |values: Vec<f32>| {
            let mut values = values;
            values.resize(values.len().next_multiple_of(lanes::count()), 0.0);
            values
        };
        let (factor, offset) = match film {
            None => (gamma.to_vec(), beta.to_vec()),
            Some((scale, shift)) => (
                gamma.iter().zip(scale).map(|(gamma, scale)| gamma * (1.0 + scale)).collect(),
                beta.iter().zip(scale).zip(shift).map(|((beta, scale), shift)| beta * (1.0 + scale) + shift).collect(),
            ),
        };
        Self { factor: padded(factor), offset: padded(offset), silu }
    }
}

/// `finish(x / sqrt(mean over channels of x^2 + eps))`; `x` and `out` `[pixels, channels]`.
pub fn rms_norm(x: &[f32], channels: usize, eps: f32, finish: &Finish, out: &mut [f32]) {
    fill_runs(
        out,
        RUN * channels,
        || (),
        |(), index, out| {
            let x = &x[index * RUN * channels..][..out.len()];
            lanes::run(Pixels { x, channels, eps, finish, out });
        },
    );
}

struct Pixels<'a> {
    x: &'a [f32],
    channels: usize,
    eps: f32,
    finish: &'a Finish,
    out: &'a mut [f32],
}

impl WithSimd for Pixels<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self) {
        let Pixels { x, channels, eps, finish, out } = self;
        let lanes = f32::lanes::<S>();
        for (x, out) in x.chunks_exact(channels).zip(out.chunks_exact_mut(channels)) {
            let whole = x.chunks_exact(lanes);
            let rest = load_padded::<S>(whole.remainder());
            let squares = whole.map(load::<S>).fold(rest * rest, |sum, x| mul_add::<S>(x, x, sum));
            let scale = splat::<S>(1.0 / (squares.reduce_add() / channels as f32 + eps).sqrt());
            let weights = finish.factor.chunks_exact(lanes).zip(finish.offset.chunks_exact(lanes));
            for ((x, out), (factor, offset)) in x.chunks(lanes).zip(out.chunks_mut(lanes)).zip(weights) {
                let y = mul_add::<S>(load_padded::<S>(x) * scale, load::<S>(factor), load::<S>(offset));
                store_cut::<S>(out, if finish.silu { silu::<S>(y) } else { y });
            }
        }
    }
}
