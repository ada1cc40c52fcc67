//! A model on its way to a device, shard by shard.

use super::device::{self, Chosen};
use super::engine::{Engine, model_info};
use super::object::object;
use crate::chain::warmup::precompile;
use crate::compute::device_trial::Measured;
use crate::model::config::{ModelConfig, Shard};
use crate::upscaler::Upscaler;
use crate::weights::KeepF32;
use crate::weights::upload::Upload;
use crate::{Error, Result, gpu};
use js_sys::{Array, Function, Reflect, Uint8Array};
use sha2::{Digest, Sha256};
use std::ops::Range;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Side of the picture whose kernels are compiled while the weights are on their way.
const REHEARSED: usize = 256;

/// An opened device, and the part of a model that it has so far. Failures are thrown as by [`Engine`].
#[wasm_bindgen]
pub struct Loading {
    chosen: Chosen,
    model: Option<(ModelConfig, Upload)>,
}

#[wasm_bindgen]
impl Loading {
    /// Opens the `device`: `auto`, `webgpu` or `cpu`. `remembered` is the `measured` of an earlier start, if any;
    /// `request_adapter` leads to a device that the page shares (`npm/src/worker/shared-device.ts`).
    pub async fn open(
        device: String,
        remembered: JsValue,
        request_adapter: Option<Function>,
    ) -> Result<Loading, JsValue> {
        let remembered = Measured::from_js(&remembered);
        Ok(Self { chosen: device::choose(&device, remembered, request_adapter.as_ref()).await?, model: None })
    }

    /// Begins the model that `json`, a `model.json`, describes; what there was of another one goes. Returns
    /// `Description` of `npm/src/worker/model-loader.ts`.
    pub fn begin(&mut self, json: &[u8]) -> Result<JsValue, JsValue> {
        let config = ModelConfig::parse(json)?;
        let description = description(&config);
        // On an emulated GPU compiling takes the time of a run, and a kernel too many is not worth it.
        if !self.chosen.software {
            precompile(&config, self.chosen.half, &self.chosen.compute, REHEARSED, REHEARSED)?;
        }
        self.model = Some((config, Upload::new(&self.chosen.compute)));
        Ok(description)
    }

    /// Puts the tensors of a shard on the device. Shards come in any order, one after the other.
    pub async fn add(&mut self, shard: Uint8Array) -> Result<(), JsValue> {
        let (_, upload) = self.model.as_mut().ok_or_else(nothing_begun)?;
        let read = |range: Range<usize>| shard.subarray(range.start as u32, range.end as u32).to_vec();
        upload.add(shard.length() as usize, read).await?;
        refused_by_gpu()?;
        Ok(())
    }

    /// Builds the model whose shards have all come.
    pub fn finish(&mut self) -> Result<Engine, JsValue> {
        let (config, upload) = self.model.take().ok_or_else(nothing_begun)?;
        let weights = upload.finish()?;
        let compute = &self.chosen.compute;
        let upscaler = match self.chosen.half {
            true => Upscaler::build(config, weights, compute)?,
            false => Upscaler::build(config, KeepF32(weights), compute)?,
        };
        refused_by_gpu()?;
        self.chosen.compute.clean_up();
        Ok(Engine::new(upscaler, self.chosen.clone()))
    }
}

/// The SHA-256 of `bytes`, 64 lower-case hexadecimal digits.
#[wasm_bindgen]
pub fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// `Description` of `npm/src/worker/model-loader.ts` for `json`, a `model.json`.
#[wasm_bindgen]
pub fn describe(json: &[u8]) -> Result<JsValue, JsValue> {
    Ok(description(&ModelConfig::parse(json)?))
}

fn description(config: &ModelConfig) -> JsValue {
    let description = model_info(config);
    let shards = config.shards.iter().map(shard).collect::<Array>();
    // Fails only on frozen objects and proxies.
    let _ = Reflect::set(&description, &"shards".into(), &shards);
    description
}

fn shard(shard: &Shard) -> JsValue {
    object([
        ("name", shard.name.as_str().into()),
        ("bytes", (shard.bytes as f64).into()),
        ("sha256", shard.sha256.as_str().into()),
    ])
}

/// What the GPU has reported on its own: most likely that there is no memory left.
fn refused_by_gpu() -> Result<()> {
    gpu::take_error().map_or(Ok(()), |error| Err(Error::Gpu(error)))
}

fn nothing_begun() -> Error {
    Error::Internal("no model has been begun".into())
}
