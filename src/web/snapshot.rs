//! Snapshots to and from JavaScript: `Snapshot` of `npm/src/index.d.ts`.

use super::object::{field, object};
use crate::snapshot::Snapshot;
use js_sys::Float32Array;
use wasm_bindgen::{JsCast, JsValue};

/// `{ key, step, steps, data }`
pub fn to_js(key: &str, done: usize, steps: usize, x: &[f32]) -> JsValue {
    object([
        ("key", key.into()),
        ("step", done.into()),
        ("steps", steps.into()),
        ("data", Float32Array::from(x).into()),
    ])
}

/// The inverse of [`to_js`]; `None` for anything else.
pub fn from_js(value: &JsValue) -> Option<Snapshot> {
    let data = field(value, "data").dyn_into::<Float32Array>().ok()?;
    let done = field(value, "step").as_f64()? as usize;
    Some(Snapshot { key: field(value, "key").as_string()?, done, x: data.to_vec() })
}
