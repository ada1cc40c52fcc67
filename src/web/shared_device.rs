//! A GPU device that the page shares with the engine.

use super::object::field;
use crate::gpu::Gpu;
use crate::{Error, Result, gpu};
use js_sys::{Function, Object, Reflect};
use std::rc::Rc;
use wasm_bindgen::JsCast;

/// Opens the GPU on the device that `request_adapter` leads to (`npm/src/worker/shared-device.ts`).
///
/// wgpu asks `navigator.gpu` only. So `navigator.gpu.requestAdapter` is `request_adapter` during that call, in which no other
/// code runs, and is restored after it.
///
/// # Errors
/// [`Error::NoWebGpu`] if `navigator.gpu` is missing or is frozen; those of [`gpu::open_on`].
pub async fn open(request_adapter: &Function) -> Result<Rc<Gpu>> {
    let gpu = field(&field(&js_sys::global(), "navigator"), "gpu").dyn_into::<Object>();
    let gpu = gpu.map_err(|_| Error::NoWebGpu("navigator.gpu is missing".into()))?;
    let name = "requestAdapter".into();
    let before = Reflect::get_own_property_descriptor(&gpu, &name).unwrap_or_default();
    if !Reflect::set(&gpu, &name, request_adapter).unwrap_or(false) {
        return Err(Error::NoWebGpu("navigator.gpu is frozen".into()));
    }
    let answer = gpu::best_adapter();
    // Neither can fail, because setting did not.
    let _ = match before.dyn_ref::<Object>() {
        Some(before) => Reflect::define_property(&gpu, &name, before),
        None => Reflect::delete_property(&gpu, &name),
    };
    gpu::open_on(answer.await?).await
}
