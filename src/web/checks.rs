//! The numeric tests of [`crate::checks`], run by a browser on the device that it has.

use super::object::object;
use crate::{checks, gpu};
use js_sys::Array;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Runs all of them and returns `[{ name, tolerance, error, failure }]`: `error` is the largest difference found and
/// absent where a check failed; `failure` then says why.
#[wasm_bindgen]
pub async fn checks() -> Result<Array, JsValue> {
    let gpu = gpu::open().await?;
    let rows = Array::new();
    let half = if gpu.f16 { checks::all_in_half() } else { Vec::new() };
    for check in checks::all().into_iter().chain(half) {
        let outcome = check.run(&gpu).await;
        let outcome = gpu::take_error().map_or(outcome, Err);
        let failure = outcome.as_ref().err().map_or(JsValue::UNDEFINED, JsValue::from);
        rows.push(&object([
            ("name", check.title().into()),
            ("tolerance", check.tolerance.into()),
            ("error", outcome.map_or(JsValue::UNDEFINED, JsValue::from)),
            ("failure", failure),
        ]));
        gpu.clear_arena();
    }
    Ok(rows)
}
