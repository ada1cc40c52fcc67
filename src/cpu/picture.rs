//! A picture's pixels, and the zeros around it.

/// Rows of a picture, in two pieces, `[rows, width, channels]` each. What is beyond them counts as zero.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    /// Row-major values of the first rows, often none.
    pub above: &'a [f32],
    /// Of the rows below them.
    pub data: &'a [f32],
    /// Rows of both.
    pub rows: usize,
    /// The first row's number in the picture.
    pub first: usize,
    /// Columns.
    pub width: usize,
    /// Values per pixel.
    pub channels: usize,
    /// As many zeros as a pixel has channels.
    pub zeros: &'a [f32],
}

impl<'a> Picture<'a> {
    /// The channels of a pixel, wherever it lies.
    #[inline(always)]
    pub fn pixel(&self, y: isize, x: isize) -> &'a [f32] {
        // A negative position becomes one beyond every border.
        let (y, x) = ((y - self.first as isize) as usize, x as usize);
        if y >= self.rows || x >= self.width {
            return self.zeros;
        }
        let begin = (y * self.width + x) * self.channels;
        match begin < self.above.len() {
            true => &self.above[begin..][..self.channels],
            false => &self.data[begin - self.above.len()..][..self.channels],
        }
    }
}
