//! A file that is read piece by piece.

use crate::{Error, Result};

/// Bytes of known length, of which any part can be read: memory, a file, a `Blob` of a page.
#[allow(clippy::len_without_is_empty)]
pub trait Bytes {
    /// How many there are.
    fn len(&self) -> u64;

    /// Fills `buffer` with the bytes from `offset` on.
    ///
    /// # Errors
    /// [`Error::BadCheckpoint`] if the bytes end before, or what the medium says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()>;
}

impl Bytes for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let begin = usize::try_from(offset).ok();
        let part = begin.and_then(|begin| self.get(begin..begin.checked_add(buffer.len())?));
        buffer.copy_from_slice(part.ok_or_else(|| Error::BadCheckpoint("it is cut short".into()))?);
        Ok(())
    }
}

impl Bytes for Vec<u8> {
    fn len(&self) -> u64 {
        Bytes::len(self.as_slice())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.as_slice().read_at(offset, buffer)
    }
}
