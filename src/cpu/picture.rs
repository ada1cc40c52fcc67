//! A picture's pixels, and the zeros around it.

/// One picture, `[height, width, channels]`, that is zero beyond its borders.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    /// Row-major values.
    pub data: &'a [f32],
    /// Rows.
    pub height: usize,
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
        let (y, x) = (y as usize, x as usize);
        if y < self.height && x < self.width {
            &self.data[(y * self.width + x) * self.channels..][..self.channels]
        } else {
            self.zeros
        }
    }
}
