//! Contact sheets.

use resshift::image::Pixels;
use resshift::model::UPSCALE;

/// Side of one picture on the sheet, at most.
const SIDE: usize = 256;

/// The middle of a picture four times: input (each pixel as a block), bicubic, result, reference (white without one).
pub fn row(lr: &Pixels, base: &Pixels, ours: &Pixels, hr: Option<&Pixels>) -> Pixels {
    let (width, height) = (ours.width, ours.height);
    let [w, h] = [width, height].map(|side| side.min(SIDE));
    let (left, top) = ((width - w) / 2, (height - h) / 2);
    let mut out = Pixels { width: 4 * w, height: h, channels: 3, data: Vec::with_capacity(12 * w * h) };
    for y in top..top + h {
        for (picture, scale) in [(Some(lr), UPSCALE), (Some(base), 1), (Some(ours), 1), (hr, 1)] {
            for x in left..left + w {
                let pixel = picture.and_then(|p| p.data.get((y / scale * p.width + x / scale) * 3..)?.get(..3));
                out.data.extend_from_slice(pixel.unwrap_or(&[255; 3]));
            }
        }
    }
    out
}

/// Rows one below the other, filled up with white on the right.
pub fn stack(rows: &[Pixels]) -> Pixels {
    let width = rows.iter().map(|row| row.width).max().unwrap_or(1);
    let mut data = Vec::new();
    for line in rows.iter().flat_map(|row| row.data.chunks_exact(row.width.max(1) * 3)) {
        data.extend_from_slice(line);
        data.resize(data.len() + width * 3 - line.len(), 255);
    }
    Pixels { width, height: data.len() / (width * 3), channels: 3, data }
}
