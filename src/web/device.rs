//! Which device to run on.

use super::object::object;
use crate::compute::Compute;
use crate::{Error, Result, gpu};
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// A device, ready to run on.
#[derive(Clone)]
pub struct Chosen {
    /// Where networks run.
    pub compute: Compute,
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

/// Opens what was `wanted`: `webgpu`, `cpu`, or `auto`, which is a GPU in hardware that computes correctly, else the
/// CPU.
///
/// # Errors
/// [`Error::BadOption`] for another word; for `webgpu` also [`Error::NoWebGpu`] and [`Error::Gpu`].
pub async fn choose(wanted: &str) -> Result<Chosen> {
    match wanted {
        "cpu" => Ok(cpu(None)),
        "webgpu" => tested(gpu::open().await.map_err(plainly)?).await,
        "auto" => match gpu::open().await {
            Ok(gpu) if gpu.software => {
                gpu.destroy();
                Ok(cpu(None))
            }
            Ok(gpu) => Ok(tested(gpu).await.unwrap_or_else(|error| cpu(Some(error)))),
            Err(_) => Ok(cpu(None)),
        },
        other => Err(Error::BadOption(format!("The device is auto, webgpu or cpu, not {other:?}."))),
    }
}

/// wgpu lists every graphics interface that a page cannot have anyway.
fn plainly(error: Error) -> Error {
    match error {
        Error::NoWebGpu(_) => Error::NoWebGpu("this browser offers no graphics adapter".into()),
        other => other,
    }
}

/// The GPU, if its results are right.
async fn tested(gpu: Rc<gpu::Gpu>) -> Result<Chosen> {
    if let Err(error) = gpu.self_test().await {
        gpu.destroy();
        return Err(error);
    }
    let name = if gpu.name.is_empty() { "GPU".into() } else { gpu.name.clone() };
    Ok(Chosen { software: gpu.software, compute: Compute::Gpu(gpu), name, gpu: true, trouble: None })
}

fn cpu(trouble: Option<Error>) -> Chosen {
    Chosen { compute: Compute::cpu(), name: "CPU".into(), gpu: false, software: false, trouble }
}
