//! SiLU on vectors.

use super::lanes::{Lanes, mul_add, splat};
use macerator::{Scalar, Simd, VOrd};

/// `1 / ln 2`
const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// `ln 2` in two parts: the first has 9 bits, so that its products with whole numbers are exact.
const LN_2_HIGH: f32 = 355.0 / 512.0;
const LN_2_LOW: f32 = (std::f64::consts::LN_2 - 355.0 / 512.0) as f32;

/// `x / (1 + e^-x)`; NaN where `x` is.
#[inline(always)]
pub fn silu<S: Simd>(x: Lanes<S>) -> Lanes<S> {
    let one = splat::<S>(1.0);
    x / (one + exp::<S>(splat::<S>(0.0) - x))
}

/// `e^x` for x in [-87, 87] with a relative error below 3e-7; beyond, its value at the nearer end.
///
/// `e^x = 2^n e^r` with n the whole number nearest to `x / ln 2`; the series of `e^r`, |r| <= ln 2 / 2, is cut off after
/// r^7, which leaves out less than 6e-9 of it.
#[inline(always)]
pub fn exp<S: Simd>(x: Lanes<S>) -> Lanes<S> {
    let x = f32::vmin::<S>(f32::vmax::<S>(x, splat::<S>(-87.0)), splat::<S>(87.0));
    let whole = (x * splat::<S>(LOG2_E)).round_to_int();
    let n = whole.to_float();
    let r = mul_add::<S>(n, splat::<S>(-LN_2_HIGH), x);
    let r = mul_add::<S>(n, splat::<S>(-LN_2_LOW), r);
    let mut sum = splat::<S>(1.0 / 5040.0);
    for factorial in [720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0] {
        sum = mul_add::<S>(sum, r, splat::<S>(1.0 / factorial));
    }
    // 2^n, by its exponent's bits.
    let exponent = (whole + 127.splat::<S>()) << 23;
    sum * S::typed::<f32>(*exponent)
}

#[cfg(test)]
mod tests {
    use super::super::lanes::{self, load_padded, store_cut};
    use super::*;
    use macerator::WithSimd;

    /// `e^x` and SiLU of every number.
    struct Both<'a>(&'a [f32], &'a mut [[f32; 2]]);

    impl WithSimd for Both<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self) {
            for (x, out) in self.0.iter().zip(self.1) {
                let x = load_padded::<S>(&[*x]);
                store_cut::<S>(&mut out[..1], exp::<S>(x));
                store_cut::<S>(&mut out[1..], silu::<S>(x));
            }
        }
    }

    fn both(x: &[f32]) -> Vec<[f32; 2]> {
        let mut out = vec![[0.0; 2]; x.len()];
        lanes::run(Both(x, &mut out));
        out
    }

    /// The stated bound; SiLU adds two roundings, of the sum and of the quotient, of 6e-8 each.
    #[test]
    fn errors_are_below_their_bounds() {
        let x: Vec<f32> = (-87_000..=87_000).map(|i| i as f32 / 1000.0).collect();
        let mut worst = [0f64; 2];
        for (x, [e, s]) in x.iter().zip(both(&x)) {
            let x = f64::from(*x);
            worst[0] = worst[0].max((f64::from(e) / x.exp() - 1.0).abs());
            if x != 0.0 {
                worst[1] = worst[1].max((f64::from(s) / (x / (1.0 + (-x).exp())) - 1.0).abs());
            }
        }
        println!("exp: {:.1e}, tolerance 3e-7; silu: {:.1e}, tolerance 5e-7", worst[0], worst[1]);
        assert!(worst[0] < 3e-7 && worst[1] < 5e-7);
    }

    #[test]
    fn ends_are_the_limits() {
        let ends = both(&[f32::NAN, f32::NEG_INFINITY, -1e30, 1e30, f32::INFINITY, 0.0]);
        assert!(ends[0][1].is_nan());
        assert!(ends[2][1].abs() < 1e-6);
        assert_eq!([ends[3][1], ends[4][1], ends[5][1]], [1e30, f32::INFINITY, 0.0]);
    }
}
