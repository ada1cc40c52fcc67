//! A result on its way: rows of pixels from the top down, and who takes them.

use super::neutral::is_grey;
use super::{Encoder, Format, Picture, Pixels, Reducer, Sample, Tags};
use crate::{Result, alloc};

/// Takes a result.
pub trait Rows<T> {
    /// Most bytes that it holds of the result, which a run reserves before it begins.
    fn bytes(&self) -> usize;
    /// The next rows, `[rows, width, channels]`.
    fn take(&mut self, rows: &[T]) -> impl Future<Output = Result<()>>;
}

/// All of them, in pixels that have none yet.
impl<T: Sample> Rows<T> for Pixels<T> {
    fn bytes(&self) -> usize {
        self.width * self.height * self.channels * size_of::<T>()
    }

    async fn take(&mut self, rows: &[T]) -> Result<()> {
        if self.data.is_empty() {
            alloc::reserve(&mut self.data, self.width * self.height * self.channels)?;
        }
        self.data.extend_from_slice(rows);
        Ok(())
    }
}

/// Takes a file piece by piece.
pub trait Pieces {
    /// The next bytes.
    fn take(&mut self, piece: &[u8]) -> impl Future<Output = Result<()>>;
}

/// Bytes of a piece, at least; but the last.
const PIECE: usize = 1 << 22;

/// A file of a result, reduced on its way.
pub struct FileRows<T, P> {
    reducer: Reducer<T>,
    encoder: Encoder<T>,
    pieces: P,
}

impl<T: Sample, P: Pieces> FileRows<T, P> {
    /// Of the result of `picture`, `scale` times as large, in a file with a picture of `size`, width and height, which goes to
    /// `pieces`. The rest are arguments of [`super::encode()`].
    ///
    /// # Errors
    /// As [`super::encode()`].
    pub fn new(
        picture: &Picture,
        scale: usize,
        size: (usize, usize),
        tags: &Tags,
        (format, quality): (Format, Option<u8>),
        pieces: P,
    ) -> Result<Self> {
        let channels = picture.channels();
        let reducer = Reducer::new((scale * picture.width, scale * picture.height), size, channels);
        Ok(Self { reducer, encoder: Encoder::new(size, channels, is_grey(picture), tags, format, quality)?, pieces })
    }

    /// The file's end, when all rows have come; where it went.
    ///
    /// # Errors
    /// As [`Encoder::finish`], or what `pieces` return.
    pub async fn finish(mut self) -> Result<P> {
        self.pieces.take(&self.encoder.finish()?).await?;
        Ok(self.pieces)
    }
}

impl<T: Sample, P: Pieces> Rows<T> for FileRows<T, P> {
    fn bytes(&self) -> usize {
        self.encoder.bytes()
    }

    async fn take(&mut self, rows: &[T]) -> Result<()> {
        self.encoder.write(&self.reducer.push(rows)?)?;
        match self.encoder.drain(PIECE) {
            Some(piece) => self.pieces.take(&piece).await,
            None => Ok(()),
        }
    }
}
