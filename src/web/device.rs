//! Which device to run on.

use super::object::object;
use crate::{Error, Result, gpu};
use burn::tensor::Device;
use wasm_bindgen::JsValue;

/// A device, ready to run on.
pub struct Chosen {
    /// burn's handle.
    pub device: Device,
    /// Its name, for people.
    pub name: String,
    /// Whether it is a GPU.
    pub gpu: bool,
    /// Whether that GPU is emulated on the CPU.
    pub software: bool,
    /// Why a GPU that is there was not taken.
    pub trouble: Option<Error>,
}

impl Chosen {
    /// `DeviceInfo` of `npm/src/index.d.ts`.
    pub fn info(&self) -> JsValue {
        object([
            ("kind", if self.gpu { "webgpu" } else { "cpu" }.into()),
            ("name", self.name.as_str().into()),
            ("software", self.software.into()),
        ])
    }
}

/// Opens what was `wanted`: `webgpu`, `cpu`, or `auto`, which is a GPU that exists in hardware and computes
/// correctly, else the CPU.
///
/// # Errors
/// [`Error::BadOption`] for another word; for `webgpu` also [`Error::NoWebGpu`] and [`Error::Gpu`].
pub async fn choose(wanted: &str) -> Result<Chosen> {
    match wanted {
        "cpu" => Ok(cpu(None)),
        "webgpu" => Ok(webgpu(gpu::open().await?)),
        "auto" => Ok(match gpu::open().await {
            Ok(gpu) if gpu.software => cpu(None),
            Ok(gpu) => webgpu(gpu),
            Err(Error::NoWebGpu(_)) => cpu(None),
            Err(error) => cpu(Some(error)),
        }),
        other => Err(Error::BadOption(format!("The device is auto, webgpu or cpu, not {other:?}."))),
    }
}

fn webgpu(gpu: gpu::Gpu) -> Chosen {
    Chosen { device: gpu.device, name: gpu.name, gpu: true, software: gpu.software, trouble: None }
}

fn cpu(trouble: Option<Error>) -> Chosen {
    Chosen { device: Device::flex(), name: "CPU".into(), gpu: false, software: false, trouble }
}
