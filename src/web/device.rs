//! Which device to run on.

use super::object::object;
use super::shared_device;
use super::trial::{now, within};
use crate::checks::self_test;
use crate::compute::Compute;
use crate::compute::device_trial::{self, Measured};
use crate::gpu::Gpu;
use crate::{Error, Result, gpu};
use js_sys::Function;
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// Milliseconds within which a GPU must be open, and tested and measured: it answers, or it is not used. An emulated one
/// that needs longer would not be chosen anyway.
const OPEN_MS: u32 = 10_000;
const TRIAL_MS: u32 = 10_000;
const SOFTWARE_TRIAL_MS: u32 = 1_500;

/// Longest that one evaluation of the network should take, in milliseconds.
const STEP_MS: f64 = 5000.0;

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
    /// Whether weights that are stored as f16 stay so; where that was measured to be no slower, maps between kernels are f16 too.
    pub half: bool,
    /// Why it was chosen.
    pub reason: Reason,
    /// What the choice was made by, now or at an earlier start.
    pub measured: Option<Measured>,
    /// Why the GPU was not used although there is one.
    pub gpu_error: Option<Error>,
}

/// Why a device was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The caller named it.
    Asked,
    /// It is the faster one.
    Faster,
    /// There is no GPU.
    NoGpu,
    /// The GPU computes wrongly or does not answer.
    GpuFailed,
}

impl Chosen {
    /// How many positions of the compact network it computes in [`STEP_MS`], as far as it was measured.
    pub fn max_positions(&self) -> Option<usize> {
        let measured = self.measured?;
        let milliseconds = if self.gpu { measured.fastest() } else { measured.cpu? };
        Some(
            (STEP_MS / (device_trial::COMPACT * milliseconds.max(0.1))
                * (device_trial::SIDE * device_trial::SIDE) as f64) as usize,
        )
    }

    /// `DeviceInfo` of `npm/src/index.d.ts`; `tile`: side of its largest tile.
    pub fn info(&self, tile: usize) -> JsValue {
        let reason = match self.reason {
            Reason::Asked => "asked",
            Reason::Faster => "faster",
            Reason::NoGpu => "no-webgpu",
            Reason::GpuFailed => "webgpu-failed",
        };
        object([
            ("kind", if self.gpu { "webgpu" } else { "cpu" }.into()),
            ("name", self.name.as_str().into()),
            ("software", self.software.into()),
            ("f16", self.half.into()),
            ("tile", tile.into()),
            ("reason", reason.into()),
            ("measured", self.measured.map_or(JsValue::UNDEFINED, Measured::to_js)),
        ])
    }
}

/// Opens what was `wanted`: `webgpu`, `cpu`, or `auto`, which is the faster of the two, by measurement; a GPU that fails
/// the self-test is skipped, however fast it is. With what was `remembered` of this GPU nothing is measured again. With
/// `request_adapter`, `webgpu` is a device that the page shares (see [`shared_device::open`]).
///
/// # Errors
/// [`Error::BadOption`] for another word; for `webgpu` also [`Error::NoWebGpu`] and [`Error::Gpu`].
pub async fn choose(wanted: &str, remembered: Option<Measured>, request_adapter: Option<&Function>) -> Result<Chosen> {
    match wanted {
        "cpu" => Ok(cpu(Reason::Asked, remembered, None)),
        "webgpu" => {
            let gpu = match request_adapter {
                Some(request_adapter) => shared_device::open(request_adapter).await?,
                None => gpu::open().await.map_err(plainly)?,
            };
            if let Some(measured) = remembered {
                measured.apply(&gpu);
            }
            checked(&gpu).await?;
            Ok(on_gpu(gpu, Reason::Asked, remembered))
        }
        "auto" => Ok(automatic(remembered).await),
        other => Err(Error::BadOption(format!("The device is auto, webgpu or cpu, not {other:?}."))),
    }
}

async fn automatic(remembered: Option<Measured>) -> Chosen {
    if remembered.is_some_and(|measured| !measured.gpu_wins()) {
        return cpu(Reason::Faster, remembered, None);
    }
    let gpu = match within(OPEN_MS, gpu::open()).await {
        Some(Ok(gpu)) => gpu,
        Some(Err(_)) => return cpu(Reason::NoGpu, None, None),
        None => return cpu(Reason::GpuFailed, None, Some(silent())),
    };
    let trial = async {
        if let Some(measured) = remembered {
            measured.apply(&gpu);
        }
        checked(&gpu).await?;
        match remembered {
            Some(measured) => Ok(measured),
            None => device_trial::measure(&gpu, now, self_test).await,
        }
    };
    let limit = if gpu.software && remembered.is_none() { SOFTWARE_TRIAL_MS } else { TRIAL_MS };
    let error = match within(limit, trial).await {
        Some(Ok(measured)) if measured.gpu_wins() => return on_gpu(gpu, Reason::Faster, Some(measured)),
        Some(Ok(measured)) => {
            gpu.destroy();
            return cpu(Reason::Faster, Some(measured), None);
        }
        // That it is slow is no news: it counts as if it had just been ready.
        None if gpu.software => {
            gpu.destroy();
            let measured = device_trial::slower_than(f64::from(limit), now).await.ok();
            return cpu(Reason::Faster, measured, None);
        }
        Some(Err(error)) => error,
        None => silent(),
    };
    gpu.destroy();
    cpu(Reason::GpuFailed, None, Some(error))
}

fn silent() -> Error {
    Error::Gpu("it does not answer".into())
}

/// wgpu lists every graphics interface that a page cannot have anyway.
fn plainly(error: Error) -> Error {
    match error {
        Error::NoWebGpu(_) => Error::NoWebGpu("this browser offers no graphics adapter".into()),
        other => other,
    }
}

/// Whether the GPU's results are right.
async fn checked(gpu: &Rc<Gpu>) -> Result<()> {
    let outcome = self_test(gpu).await;
    if outcome.is_err() {
        gpu.destroy();
    }
    outcome
}

fn on_gpu(gpu: Rc<Gpu>, reason: Reason, measured: Option<Measured>) -> Chosen {
    let name = if gpu.name.is_empty() { "GPU".into() } else { gpu.name.clone() };
    if let Some(measured) = measured {
        measured.apply(&gpu);
    }
    let half = gpu.f16 && measured.is_none_or(|measured| measured.half_wins());
    Chosen {
        software: gpu.software,
        compute: Compute::Gpu(gpu),
        name,
        gpu: true,
        half,
        reason,
        measured,
        gpu_error: None,
    }
}

fn cpu(reason: Reason, measured: Option<Measured>, gpu_error: Option<Error>) -> Chosen {
    let name = "CPU".into();
    Chosen { compute: Compute::cpu(), name, gpu: false, software: false, half: false, reason, measured, gpu_error }
}
