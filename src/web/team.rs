//! The engines of other workers, as `npm/src/team.ts` offers them.

use crate::chain::team::{Answer, Helpers};
use js_sys::{Array, Float32Array, Promise};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// `Team` of `npm/src/team.ts`.
    pub type JsHelpers;
    #[wasm_bindgen(method, getter)]
    fn count(this: &JsHelpers) -> u32;
    #[wasm_bindgen(method)]
    fn start(this: &JsHelpers, rows: u32, cols: u32, inputs: Array) -> Option<Promise>;
}

/// The helpers of a run, if it has any.
pub struct PageHelpers(pub Option<JsHelpers>);

impl Helpers for PageHelpers {
    fn count(&self) -> usize {
        self.0.as_ref().map_or(0, |helpers| helpers.count() as usize)
    }

    fn start(&self, rows: usize, cols: usize, inputs: &[&[f32]]) -> Option<Answer> {
        let inputs = inputs.iter().map(|input| Float32Array::from(*input)).collect();
        let answer = self.0.as_ref()?.start(rows as u32, cols as u32, inputs)?;
        // Listens from now on: a promise that fails before anybody listens counts as an error of the page.
        let answer = JsFuture::from(answer);
        // A helper that fails, or answers anything else, leaves the tile to this engine.
        Some(Box::pin(async move {
            let values = answer.await.ok()?;
            values.dyn_ref::<Float32Array>().map(Float32Array::to_vec)
        }))
    }
}
