//! Parts of a result, computed on all cores where there are threads.

/// Calls `fill` with a thread's own `scratch`, the index of every run of `length` values of `out`, and the run. The last
/// run may be shorter.
#[cfg(not(target_family = "wasm"))]
pub fn fill_runs<T>(
    out: &mut [f32],
    length: usize,
    scratch: impl Fn() -> T + Sync + Send,
    fill: impl Fn(&mut T, usize, &mut [f32]) + Sync + Send,
) {
    use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSliceMut};
    let runs = out.par_chunks_mut(length.max(1)).enumerate();
    runs.for_each_init(scratch, |scratch, (index, run)| fill(scratch, index, run));
}

/// Calls `fill` with `scratch`, the index of every run of `length` values of `out`, and the run. The last run may be
/// shorter.
#[cfg(target_family = "wasm")]
pub fn fill_runs<T>(out: &mut [f32], length: usize, scratch: impl Fn() -> T, fill: impl Fn(&mut T, usize, &mut [f32])) {
    let mut scratch = scratch();
    out.chunks_mut(length.max(1)).enumerate().for_each(|(index, run)| fill(&mut scratch, index, run));
}
