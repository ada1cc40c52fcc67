//! The benchmarks of [`crate::bench`], for the page that measures.

use super::trial::now;
use crate::bench::{Bench, Case, layers, networks};
use crate::compute::Compute;
use crate::model::Model;
use crate::model::config::ModelConfig;
use crate::paper::schedule::Schedule;
use crate::weights::{Weights, Zeros};
use crate::{Error, Result, gpu};
use js_sys::Function;
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Of each measurement; emulated GPUs take long for one.
const ROUNDS: usize = 5;
const SOFTWARE_ROUNDS: usize = 1;

/// Opens the GPU and measures it, the layers of the networks, and the networks of the model that `json`, a `model.json`,
/// describes. Calls `on_row` with each result as JSON, the adapter's first. With a `word` only what has it in its name; else of
/// an emulated GPU only what is quick there.
#[wasm_bindgen]
pub async fn bench(json: Vec<u8>, word: Option<String>, on_row: Function) -> Result<(), JsValue> {
    Ok(measure(&json, word.as_deref(), &on_row).await?)
}

async fn measure(json: &[u8], word: Option<&str>, on_row: &Function) -> Result<()> {
    let gpu = gpu::open().await?;
    let rounds = if gpu.software { SOFTWARE_ROUNDS } else { ROUNDS };
    let bench = Bench::new(gpu.clone(), rounds, || now() / 1e3).await?;
    tell(on_row, bench.adapter())?;
    let brief = gpu.software && word.is_none();
    let wanted = |name: &str| word.is_none_or(|word| name.contains(word));
    for layer in layers().into_iter().filter(|layer| wanted(&layer.name()) && (!brief || layer.is_light())) {
        variants(&bench, brief, &layer.case(&Compute::from(&gpu))?, on_row).await?;
        gpu.clear_arena();
    }
    let model = Model::load(ModelConfig::parse(json)?, &Weights::new(Zeros, &gpu))?;
    let schedule = Schedule::new(model.config.schedule).map_err(|e| Error::BadWeights(format!("model.json: {e}")))?;
    let cases = networks(&model.config.name, &*model.latent, &*model.denoiser, &schedule);
    for case in cases.iter().filter(|case| wanted(&case.name)) {
        variants(&bench, brief, case, on_row).await?;
    }
    gpu.destroy();
    Ok(())
}

/// Measures a case in every variant, or `brief`ly, without barriers, at which emulated GPUs are very slow.
async fn variants(bench: &Bench, brief: bool, case: &Case<'_>, on_row: &Function) -> Result<()> {
    for variant in bench.variants().filter(|variant| !brief || !variant.tiled) {
        tell(on_row, &bench.measure(case, variant).await?)?;
    }
    Ok(())
}

fn tell(on_row: &Function, row: &impl Serialize) -> Result<()> {
    let json = serde_json::to_string(row).map_err(|e| Error::Internal(e.to_string()))?;
    // A listener that throws must not end the measurement.
    let _ = on_row.call1(&JsValue::NULL, &json.into());
    Ok(())
}
