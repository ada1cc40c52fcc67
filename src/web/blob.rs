//! JavaScript's Blobs: bytes that the browser keeps where it likes, in memory of its own or on the disk.

use super::object::object;
use crate::image::Pieces;
use crate::{Error, Result};
use js_sys::{Array, ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Bytes that go over at a time.
const PIECE: usize = 1 << 22;

#[wasm_bindgen]
extern "C" {
    /// JavaScript's own.
    pub type Blob;
    #[wasm_bindgen(constructor, catch)]
    fn new(parts: &Array, options: &JsValue) -> Result<Blob, JsValue>;
    /// In bytes.
    #[wasm_bindgen(method, getter)]
    pub fn size(this: &Blob) -> f64;
    /// The bytes from `begin` to before `end`.
    #[wasm_bindgen(method)]
    pub fn slice(this: &Blob, begin: f64, end: f64) -> Blob;
    #[wasm_bindgen(method, catch, js_name = arrayBuffer)]
    fn array_buffer(this: &Blob) -> Result<Promise, JsValue>;
}

/// A Blob on its way. Its bytes go over in pieces, each once the browser has the one before it, so that they never lie whole in
/// JavaScript's memory.
#[derive(Default)]
pub struct BlobParts(Array);

impl BlobParts {
    /// All of them as one.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn finish(self, media_type: &str) -> Result<Blob> {
        blob(&self.0, media_type)
    }
}

impl Pieces for BlobParts {
    async fn take(&mut self, bytes: &[u8]) -> Result<()> {
        for piece in bytes.chunks(PIECE) {
            let part = blob(&Array::of1(&Uint8Array::from(piece)), "")?;
            // It can be read only where it has arrived.
            load(&part.slice(0.0, 1.0)).await.ok_or(Error::OutOfMemory)?;
            self.0.push(&part);
        }
        Ok(())
    }
}

/// A Blob of these bytes.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub async fn write(bytes: &[u8], media_type: &str) -> Result<Blob> {
    let mut parts = BlobParts::default();
    parts.take(bytes).await?;
    parts.finish(media_type)
}

fn blob(parts: &Array, media_type: &str) -> Result<Blob> {
    Blob::new(parts, &object([("type", media_type.into())])).map_err(|_| Error::OutOfMemory)
}

/// All of a Blob that is as long as `bytes`, in pieces as well; `None` if the browser can no longer read it.
pub async fn read(blob: &Blob, bytes: &mut [u8]) -> Option<()> {
    let mut begin = 0;
    for piece in bytes.chunks_mut(PIECE) {
        let end = begin + piece.len();
        let part = load(&blob.slice(begin as f64, end as f64)).await?;
        if part.length() as usize != piece.len() {
            return None;
        }
        part.copy_to(piece);
        begin = end;
    }
    Some(())
}

async fn load(blob: &Blob) -> Option<Uint8Array> {
    let buffer = JsFuture::from(blob.array_buffer().ok()?).await.ok()?;
    Some(Uint8Array::new(buffer.dyn_ref::<ArrayBuffer>()?))
}
