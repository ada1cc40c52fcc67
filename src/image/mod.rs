//! Pictures in memory, and their way from and to files.

/// A decoded picture. Colours are RGB in [0, 1] as stored (display-referred, no linearisation).
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// `[height, width, 3]`.
    pub rgb: Vec<f32>,
    /// `[height, width]`, if the file has transparency.
    pub alpha: Option<Vec<f32>>,
}

/// An upscaled picture, 8 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// 3 (RGB) or 4 (RGBA, not premultiplied).
    pub channels: usize,
    /// `[height, width, channels]`.
    pub data: Vec<u8>,
}
