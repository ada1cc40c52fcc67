//! Buffers that grow with the picture. They are asked for, so that a refusal is an error and not the end of the program.

use crate::{Error, Result};
use std::hint::black_box;
use std::io;

/// An empty buffer with room for `count` values.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub fn with_capacity<T>(count: usize) -> Result<Vec<T>> {
    let mut data = Vec::new();
    reserve(&mut data, count)?;
    Ok(data)
}

/// Room for `count` more values.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub fn reserve<T>(data: &mut Vec<T>, count: usize) -> Result<()> {
    data.try_reserve_exact(count).map_err(|_| Error::OutOfMemory)
}

/// `count` times the same value.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub fn filled<T: Clone>(value: T, count: usize) -> Result<Vec<T>> {
    let mut data = with_capacity(count)?;
    data.resize(count, value);
    Ok(data)
}

/// The `count` values of an iterator.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub fn try_collect<T>(count: usize, values: impl Iterator<Item = T>) -> Result<Vec<T>> {
    let mut data = with_capacity(count)?;
    data.extend(values);
    Ok(data)
}

/// Whether so many bytes can be had now. A page's memory grows by them and stays so large.
///
/// # Errors
/// [`Error::OutOfMemory`] if not.
pub fn check(bytes: usize) -> Result<()> {
    // Unless someone looks at it, the compiler leaves out an allocation that is freed at once.
    black_box(with_capacity::<u8>(bytes)?);
    Ok(())
}

/// A file that grows in memory as an encoder writes it.
#[derive(Debug, Default)]
pub struct GrowableFile(pub Vec<u8>);

impl io::Write for GrowableFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_reserve(bytes.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
