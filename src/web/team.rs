//! The engines of other workers, as `npm/src/worker/team.ts` offers them.

use crate::chain::team::{Answer, Helpers, PartSize};
use js_sys::{Array, Float32Array, Promise};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// `Team` of `npm/src/worker/team.ts`.
    pub type JsHelpers;
    #[wasm_bindgen(method, getter)]
    fn count(this: &JsHelpers) -> u32;
    #[wasm_bindgen(method, js_name = isFree)]
    fn is_free(this: &JsHelpers, index: u32) -> bool;
    #[wasm_bindgen(method)]
    fn start(
        this: &JsHelpers,
        index: u32,
        height: u32,
        width: u32,
        band: u32,
        first: bool,
        inputs: Array,
    ) -> Option<Promise>;
}

/// The helpers of a run, if it has any.
pub struct PageHelpers(pub Option<JsHelpers>);

impl Helpers for PageHelpers {
    fn count(&self) -> usize {
        self.0.as_ref().map_or(0, |helpers| helpers.count() as usize)
    }

    fn is_free(&self, index: usize) -> bool {
        self.0.as_ref().is_some_and(|helpers| helpers.is_free(index as u32))
    }

    fn start(&self, index: usize, part: PartSize, first: bool, inputs: &[&[f32]]) -> Option<Answer> {
        let inputs = inputs.iter().map(|input| Float32Array::from(*input)).collect();
        let [index, height, width, band] = [index, part.height, part.width, part.band].map(|n| n as u32);
        let answer = self.0.as_ref()?.start(index, height, width, band, first, inputs)?;
        // Listens from now on: a promise that fails before anybody listens counts as an error of the page.
        let answer = JsFuture::from(answer);
        // A helper that fails, or answers anything else, leaves its part to this engine.
        Some(Box::pin(async move {
            let values = answer.await.ok()?;
            values.dyn_ref::<Float32Array>().map(Float32Array::to_vec)
        }))
    }
}
