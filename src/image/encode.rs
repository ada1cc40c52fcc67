//! A picture to a PNG file.

use super::Pixels;
use crate::{Error, Result};
use ::png::{BitDepth, ColorType, Compression, Encoder, Filter};

/// A sample in [0, 1] to 8 bits: clamped, times 255, rounded half to even, as the released code writes its
/// results. NaN becomes 0.
pub fn to_u8(x: f32) -> u8 {
    (x.clamp(0.0, 1.0) * 255.0).round_ties_even() as u8
}

/// An 8-bit RGB or RGBA PNG file; fast compression, a filter chosen for each row.
///
/// # Errors
/// [`Error::Internal`] if `pixels.data` does not have the size that the other fields say.
pub fn encode_png(pixels: &Pixels) -> Result<Vec<u8>> {
    let Pixels { width, height, channels, data } = pixels;
    let wrong = || Error::Internal(format!("{} bytes are not {width} x {height} x {channels}", data.len()));
    let colour = match channels {
        3 => ColorType::Rgb,
        4 => ColorType::Rgba,
        _ => return Err(wrong()),
    };
    let size = width.checked_mul(*height).and_then(|pixels| pixels.checked_mul(*channels));
    let (Ok(columns), Ok(rows)) = (u32::try_from(*width), u32::try_from(*height)) else { return Err(wrong()) };
    if size != Some(data.len()) {
        return Err(wrong());
    }

    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, columns, rows);
    encoder.set_color(colour);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    encoder.set_filter(Filter::Adaptive);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(data)?;
        writer.finish()
    });
    written.map_err(|e| Error::Internal(format!("PNG: {e}")))?;
    Ok(file)
}
