//! How the samples of a result are stored.

use ::png::{BitDepth, DeflateCompression};
use fast_image_resize::{PixelTrait, pixels};
use std::borrow::Cow;

/// How the samples of a result are stored: `u8` or `u16`.
pub trait Sample: bytemuck::Pod + PartialEq {
    /// In a PNG file.
    const DEPTH: BitDepth;
    /// Compression of a PNG file: the fastest that still makes it smaller.
    const COMPRESSION: DeflateCompression;
    /// One channel, for the resizer.
    type Plane: PixelTrait;
    /// A sample in [0, 1]: clamped, scaled, rounded half to even. NaN becomes 0.
    fn of(x: f32) -> Self;
    /// A colour times its alpha, rounded.
    fn weighted(self, alpha: Self) -> Self;
    /// A colour whose product with its alpha this is, rounded; 0 where alpha is.
    fn unweighted(self, alpha: Self) -> Self;
    /// In eight bits, rounded.
    fn eight(self) -> u8;
    /// Samples as a PNG file stores them.
    fn bytes(samples: &[Self]) -> Cow<'_, [u8]>;
    /// The samples, where they are bytes.
    fn bytes_only(samples: &[Self]) -> Option<&[u8]>;
}

impl Sample for u8 {
    const DEPTH: BitDepth = BitDepth::Eight;
    const COMPRESSION: DeflateCompression = DeflateCompression::FdeflateUltraFast;
    type Plane = pixels::U8;

    fn of(x: f32) -> Self {
        to_u8(x)
    }

    fn weighted(self, alpha: Self) -> Self {
        ((u32::from(self) * u32::from(alpha) + u32::from(u8::MAX) / 2) / u32::from(u8::MAX)) as u8
    }

    fn unweighted(self, alpha: Self) -> Self {
        let whole = (u32::from(self) * u32::from(u8::MAX) + u32::from(alpha) / 2).checked_div(u32::from(alpha));
        whole.unwrap_or(0).min(u32::from(u8::MAX)) as u8
    }

    fn eight(self) -> u8 {
        self
    }

    fn bytes(samples: &[Self]) -> Cow<'_, [u8]> {
        Cow::Borrowed(samples)
    }

    fn bytes_only(samples: &[Self]) -> Option<&[u8]> {
        Some(samples)
    }
}

impl Sample for u16 {
    const DEPTH: BitDepth = BitDepth::Sixteen;
    /// Lower bytes are nearly noise, which the other one makes larger.
    const COMPRESSION: DeflateCompression = DeflateCompression::Level(1);
    type Plane = pixels::U16;

    fn of(x: f32) -> Self {
        (x.clamp(0.0, 1.0) * 65535.0).round_ties_even() as u16
    }

    fn weighted(self, alpha: Self) -> Self {
        ((u32::from(self) * u32::from(alpha) + u32::from(u16::MAX) / 2) / u32::from(u16::MAX)) as u16
    }

    fn unweighted(self, alpha: Self) -> Self {
        let whole = (u32::from(self) * u32::from(u16::MAX) + u32::from(alpha) / 2).checked_div(u32::from(alpha));
        whole.unwrap_or(0).min(u32::from(u16::MAX)) as u16
    }

    fn eight(self) -> u8 {
        // 257 of them are one of 255.
        ((u32::from(self) + 128) / 257) as u8
    }

    fn bytes(samples: &[Self]) -> Cow<'_, [u8]> {
        Cow::Owned(samples.iter().flat_map(|sample| sample.to_be_bytes()).collect())
    }

    fn bytes_only(_: &[Self]) -> Option<&[u8]> {
        None
    }
}

/// A sample in [0, 1] to 8 bits: clamped, times 255, rounded half to even, as the released code writes its
/// results. NaN becomes 0.
pub fn to_u8(x: f32) -> u8 {
    (x.clamp(0.0, 1.0) * 255.0).round_ties_even() as u8
}
