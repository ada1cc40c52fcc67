//! Snapshots to and from JavaScript: `Snapshot` of `npm/src/index.d.ts`.

use super::blob::{self, Blob};
use super::object::{field, object};
use crate::Result;
use crate::chain::snapshot::{Snapshot, State};
use std::pin::Pin;
use wasm_bindgen::{JsCast, JsValue};

/// `{ key, step, steps, data }`
///
/// # Errors
/// [`Error::OutOfMemory`](crate::Error::OutOfMemory) if the browser has no room for the state.
pub async fn to_js(Snapshot { key, done, x }: Snapshot<&[u8]>, steps: usize) -> Result<JsValue> {
    let data = blob::write(x, "").await?;
    Ok(object([("key", key.into()), ("step", done.into()), ("steps", steps.into()), ("data", data.into())]))
}

/// The inverse of [`to_js`]; `None` for anything else.
pub fn from_js(value: &JsValue) -> Option<Snapshot<Box<dyn State>>> {
    let data = field(value, "data").dyn_into::<Blob>().ok()?;
    let done = field(value, "step").as_f64()? as usize;
    Some(Snapshot { key: field(value, "key").as_string()?, done, x: Box::new(data) })
}

impl State for Blob {
    fn holds(&self, bytes: usize) -> bool {
        self.size() == bytes as f64
    }

    fn read<'a>(&'a self, x: &'a mut [u8]) -> Pin<Box<dyn Future<Output = bool> + 'a>> {
        Box::pin(async move { blob::read(self, x).await.is_some() })
    }
}
