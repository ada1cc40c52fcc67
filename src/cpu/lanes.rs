//! Vectors of f32: 4 lanes in WebAssembly and on ARM, 8 with AVX2, one where there is nothing.
//!
//! A kernel is an operation of [`macerator`]: compiled once per instruction set, and chosen at run time. AVX-512 is left out: its 32 columns of a panel would be half empty for most layers here.

use macerator::{Arch, Scalar, Simd, VMulAdd, Vector, WithSimd};

/// A vector.
pub type Lanes<S> = Vector<S, f32>;

/// Most lanes of any instruction set.
const WIDEST: usize = 16;

/// Runs `op` with the widest vectors of this machine. What it calls must be inlined into it.
pub fn run<Op: WithSimd>(op: Op) -> Op::Output {
    let best = Arch::detect();
    #[cfg(target_arch = "x86_64")]
    let best = if matches!(best, Arch::Scalar | Arch::V2) { best } else { Arch::V3 };
    // SAFETY: the machine has been asked for it, or for V4, which holds all of V3.
    unsafe { best.dispatch(op) }
}

/// Lanes of a vector on this machine.
pub fn count() -> usize {
    run(Count)
}

struct Count;

impl WithSimd for Count {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self) -> usize {
        f32::lanes::<S>()
    }
}

/// The first values of `x`, which holds at least a vector.
#[inline(always)]
pub fn load<S: Simd>(x: &[f32]) -> Lanes<S> {
    let x = &x[..f32::lanes::<S>()];
    // SAFETY: as many values as there are lanes have just been taken.
    unsafe { f32::vload_unaligned(x.as_ptr()) }
}

/// Over the first values of `x`, which holds at least a vector.
#[inline(always)]
pub fn store<S: Simd>(x: &mut [f32], value: Lanes<S>) {
    let x = &mut x[..f32::lanes::<S>()];
    // SAFETY: as in `load`.
    unsafe { f32::vstore_unaligned(x.as_mut_ptr(), value) }
}

/// As [`load`], with zeros beyond the end of `x`.
#[inline(always)]
pub fn load_padded<S: Simd>(x: &[f32]) -> Lanes<S> {
    if x.len() >= f32::lanes::<S>() {
        return load::<S>(x);
    }
    let mut all = [0.0; WIDEST];
    all[..x.len()].copy_from_slice(x);
    load::<S>(&all)
}

/// As [`store`]; what does not fit into `x` is dropped.
#[inline(always)]
pub fn store_cut<S: Simd>(x: &mut [f32], value: Lanes<S>) {
    if x.len() >= f32::lanes::<S>() {
        return store::<S>(x, value);
    }
    let mut all = [0.0; WIDEST];
    store::<S>(&mut all, value);
    let length = x.len();
    x.copy_from_slice(&all[..length]);
}

/// The same number in every lane.
#[inline(always)]
pub fn splat<S: Simd>(x: f32) -> Lanes<S> {
    x.splat::<S>()
}

/// `a * b + c`, rounded once where that is as fast.
#[inline(always)]
pub fn mul_add<S: Simd>(a: Lanes<S>, b: Lanes<S>, c: Lanes<S>) -> Lanes<S> {
    f32::vmul_add::<S>(a, b, c)
}
