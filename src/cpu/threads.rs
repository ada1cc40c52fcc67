//! Parts of a result, computed on all cores where there are threads.

/// Calls `fill` with the index of every run of `length` values of `out`, and the run. The last one may be shorter.
#[cfg(not(target_family = "wasm"))]
pub fn fill_runs(out: &mut [f32], length: usize, fill: impl Fn(usize, &mut [f32]) + Sync + Send) {
    use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSliceMut};
    out.par_chunks_mut(length.max(1)).enumerate().for_each(|(index, run)| fill(index, run));
}

/// Calls `fill` with the index of every run of `length` values of `out`, and the run. The last one may be shorter.
#[cfg(target_family = "wasm")]
pub fn fill_runs(out: &mut [f32], length: usize, fill: impl Fn(usize, &mut [f32])) {
    out.chunks_mut(length.max(1)).enumerate().for_each(|(index, run)| fill(index, run));
}
