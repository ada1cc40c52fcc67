//! Pictures from and to JavaScript.

use super::object::field;
use crate::image::{Limits, Picture, Pixels, Tags, canvas_rows, decode_tagged};
use crate::{Error, Result};
use js_sys::{Uint8Array, Uint8ClampedArray};
use wasm_bindgen::{JsCast, JsValue};

/// Reads what the page hands over: the bytes of a file (`Uint8Array`), or pixels
/// (`{ width, height, data: Uint8ClampedArray }`, the fields of `ImageData`).
///
/// # Errors
/// [`Error::NoInput`], [`Error::NotAnImage`], [`Error::BadImage`], [`Error::ImageTooLarge`].
pub fn read(input: &JsValue, limits: &Limits) -> Result<(Picture, Tags)> {
    if let Some(file) = input.dyn_ref::<Uint8Array>() {
        return decode_tagged(&file.to_vec(), limits);
    }
    let data = field(input, "data").dyn_into::<Uint8ClampedArray>().map_err(|_| Error::NoInput)?;
    let width = field(input, "width").as_f64().unwrap_or(0.0) as usize;
    let height = field(input, "height").as_f64().unwrap_or(0.0) as usize;
    limits.check(width as u64, height as u64)?;
    Ok((Picture::from_rgba8(width, height, &data.to_vec())?, Tags::default()))
}

/// Pixels in the space of `tags`, as `ImageData` has them (see [`canvas_rows`]). They are written outside the engine's own memory.
///
/// # Errors
/// As [`canvas_rows`].
pub fn canvas_pixels(pixels: &Pixels, tags: &Tags) -> Result<Uint8ClampedArray> {
    let data = Uint8ClampedArray::new_with_length((pixels.width * pixels.height * 4) as u32);
    let mut at = 0;
    canvas_rows(pixels, tags.icc.as_deref(), |row| {
        let end = at + row.len() as u32;
        data.subarray(at, end).copy_from(row);
        at = end;
    })?;
    Ok(data)
}

/// RGBA bytes of pixels, all opaque.
pub fn opaque_rgba(pixels: &Pixels) -> Uint8ClampedArray {
    let mut rgba = Vec::with_capacity(pixels.width * pixels.height * 4);
    for pixel in pixels.data.chunks_exact(pixels.channels) {
        if let [r, g, b, ..] = *pixel {
            rgba.extend([r, g, b, 255]);
        }
    }
    Uint8ClampedArray::from(&rgba[..])
}
