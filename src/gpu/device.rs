//! Opening the GPU, and what it reports.

use super::checks;
use crate::{Error, Result};
use burn::tensor::Device;
use burn::tensor::wgpu::WgpuSetup;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Kernels per submission. The GPU starts on a batch while the next is encoded; larger batches save little and keep a
/// slow GPU from drawing the page for longer.
const TASKS_MAX: usize = 32;

/// What CubeCL reads off the adapter and then takes for granted on the device. Our own kernels need none of them.
const FEATURES: wgpu::Features = wgpu::Features::SHADER_F16
    .union(wgpu::Features::SHADER_F64)
    .union(wgpu::Features::SHADER_INT64)
    .union(wgpu::Features::SHADER_FLOAT32_ATOMIC)
    .union(wgpu::Features::SUBGROUP)
    .union(wgpu::Features::TIMESTAMP_QUERY);

/// Words in the names of adapters that compute on the CPU.
const SOFTWARE: [&str; 4] = ["swiftshader", "llvmpipe", "lavapipe", "basic render"];

/// An opened GPU.
pub struct Gpu {
    /// burn's handle.
    pub device: Device,
    /// The adapter's own name; browsers often withhold it, then it is empty.
    pub name: String,
    /// Whether it is emulated on the CPU.
    pub software: bool,
    /// Whether it can compute in f16.
    pub f16: bool,
    /// Largest tensor in bytes.
    pub max_tensor_bytes: u64,
    wgpu: wgpu::Device,
}

/// Opens the best adapter and makes a new device on it: after a device is lost, call it again.
///
/// In a browser CubeCL 0.11.3 panics where the adapter lacks `timestamp-query`. Firefox and Safari may: the page must
/// let `GPUAdapter.features` claim it there, and take it out of `requestDevice`'s list again; nothing here uses it.
///
/// # Errors
/// [`Error::NoWebGpu`] if there is no adapter, or it gives no device.
pub async fn open() -> Result<Gpu> {
    let options =
        wgpu::RequestAdapterOptions { power_preference: wgpu::PowerPreference::HighPerformance, ..Default::default() };
    let adapter = instance().request_adapter(&options).await.map_err(unavailable)?;
    let (info, limits) = (adapter.get_info(), adapter.limits());
    let descriptor = wgpu::DeviceDescriptor {
        label: Some("resshift"),
        required_features: adapter.features() & FEATURES,
        required_limits: limits.clone(),
        // CubeCL makes large allocations and divides them itself.
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        ..Default::default()
    };
    let (wgpu, queue) = adapter.request_device(&descriptor).await.map_err(unavailable)?;
    let name = info.name.to_lowercase();
    let software = info.device_type == wgpu::DeviceType::Cpu || SOFTWARE.iter().any(|word| name.contains(word));
    let f16 = wgpu.features().contains(wgpu::Features::SHADER_F16);
    let setup = WgpuSetup { instance: instance().clone(), adapter, device: wgpu.clone(), queue, backend: info.backend };
    let device = Device::wgpu_options().tasks_max(TASKS_MAX).setup(setup).init().map_err(unavailable)?;
    // After `init`, which installs a handler that panics.
    wgpu.on_uncaptured_error(Arc::new(|error| record(error.to_string())));
    Ok(Gpu {
        device,
        name: info.name,
        software,
        f16,
        max_tensor_bytes: limits.max_storage_buffer_binding_size.min(limits.max_buffer_size),
        wgpu,
    })
}

impl Gpu {
    /// Compares small convolutions and norms with the CPU: a wrong picture is worse than an error.
    ///
    /// # Errors
    /// [`Error::Gpu`] if a result differs, or none comes back.
    pub async fn self_test(&self) -> Result<()> {
        let cpu = Device::flex();
        for check in checks::quick() {
            let outcome = check.run(&self.device, &cpu).await;
            if let Some(error) = take_error() {
                return Err(Error::Gpu(error));
            }
            outcome.map_err(|reason| Error::Gpu(format!("{}: {reason}", check.name)))?;
        }
        Ok(())
    }

    /// Takes the device away at once, with everything on it. Later reads end in an error.
    pub fn destroy(&self) {
        self.wgpu.destroy();
    }
}

/// The first error that a GPU has reported on its own since the last call: out of memory, or a kernel refused. Work
/// after it may have computed nothing without saying so.
pub fn take_error() -> Option<String> {
    errors().take()
}

fn record(error: String) {
    log::error!("GPU: {error}");
    errors().get_or_insert(error);
}

fn errors() -> MutexGuard<'static, Option<String>> {
    static FIRST: Mutex<Option<String>> = Mutex::new(None);
    FIRST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One for the whole process: Vulkan's loader crashes when instances come and go on several threads.
fn instance() -> &'static wgpu::Instance {
    static INSTANCE: OnceLock<wgpu::Instance> = OnceLock::new();
    INSTANCE.get_or_init(|| {
        wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends: wgpu::Backends::PRIMARY,
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        })
    })
}

fn unavailable(error: impl std::fmt::Display) -> Error {
    Error::NoWebGpu(error.to_string())
}
