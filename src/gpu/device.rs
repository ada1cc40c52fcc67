//! Opening the GPU, and what it reports.

use super::buffer::{Buffer, size_for};
use super::kernel::Kernel;
use super::options::{RecordOptions, SUBMIT_MACS};
use super::program::Dispatch;
use crate::limits::SOFTWARE_ADAPTERS;
use crate::{Error, Result};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// [`SUBMIT_MACS`] of an emulated GPU: at 6 GFLOP/s.
const SOFTWARE_SUBMIT_MACS: u64 = 300_000_000;

/// An opened GPU.
pub struct Gpu {
    /// The adapter's own name; browsers often withhold it, then it is empty.
    pub name: String,
    /// Whether it is emulated on the CPU.
    pub software: bool,
    /// Whether it can compute in f16.
    pub f16: bool,
    /// Largest tensor in bytes.
    pub max_tensor_bytes: u64,
    pub(super) wgpu: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    /// Whether convolutions use workgroup memory.
    tiled: Cell<bool>,
    submit_macs: Cell<u64>,
    half_maps: Cell<bool>,
    pipelines: RefCell<HashMap<Kernel, wgpu::ComputePipeline>>,
    /// Memory of intermediate results, shared by all programs: none of them needs it between two runs.
    arena: RefCell<Vec<Buffer>>,
    made: Cell<Made>,
}

/// What has been made on a GPU so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Made {
    /// Compute pipelines.
    pub pipelines: usize,
    /// Bind groups.
    pub bind_groups: usize,
    /// Buffers.
    pub buffers: usize,
}

/// Opens the best adapter and makes a new device on it: after a device is lost, call it again.
///
/// # Errors
/// [`Error::NoWebGpu`] if there is no adapter, or it gives no device.
pub async fn open() -> Result<Rc<Gpu>> {
    open_on(best_adapter().await?).await
}

/// Asks for the best adapter: at once, not when the answer is first waited for.
///
/// # Errors
/// [`Error::NoWebGpu`] if there is none.
pub fn best_adapter() -> impl Future<Output = Result<wgpu::Adapter>> {
    let options =
        wgpu::RequestAdapterOptions { power_preference: wgpu::PowerPreference::HighPerformance, ..Default::default() };
    let answer = instance().request_adapter(&options);
    async move { answer.await.map_err(unavailable) }
}

/// Makes a new device on `adapter`.
///
/// # Errors
/// [`Error::NoWebGpu`] if the adapter gives no device.
pub async fn open_on(adapter: wgpu::Adapter) -> Result<Rc<Gpu>> {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    let descriptor = wgpu::DeviceDescriptor {
        label: Some("resshift"),
        required_features: adapter.features() & wgpu::Features::SHADER_F16,
        required_limits: limits.clone(),
        // What is large is allocated once, and weights are many small buffers.
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        ..Default::default()
    };
    let (wgpu, queue) = adapter.request_device(&descriptor).await.map_err(unavailable)?;
    let name = info.name.to_lowercase();
    let software =
        info.device_type == wgpu::DeviceType::Cpu || SOFTWARE_ADAPTERS.iter().any(|word| name.contains(word));
    let f16 = wgpu.features().contains(wgpu::Features::SHADER_F16);
    wgpu.on_uncaptured_error(Arc::new(|error| record(error.to_string())));
    Ok(Rc::new(Gpu {
        name: info.name,
        software,
        f16,
        max_tensor_bytes: limits.max_storage_buffer_binding_size.min(limits.max_buffer_size),
        wgpu,
        queue,
        tiled: Cell::new(!software),
        submit_macs: Cell::new(if software { SOFTWARE_SUBMIT_MACS } else { SUBMIT_MACS }),
        half_maps: Cell::new(false),
        pipelines: RefCell::default(),
        arena: RefCell::default(),
        made: Cell::default(),
    }))
}

impl Gpu {
    /// Whether convolutions use workgroup memory: not on emulated GPUs, which are very slow at barriers.
    pub fn tiled(&self) -> bool {
        self.tiled.get()
    }

    /// Chooses the convolution for lists that are recorded from now on.
    pub fn set_tiled(&self, tiled: bool) {
        self.tiled.set(tiled);
    }

    /// Whether feature maps between kernels are stored as f16; sums stay f32.
    pub fn half_maps(&self) -> bool {
        self.half_maps.get()
    }

    /// Chooses [`Self::half_maps`] for lists that are recorded from now on; only where the GPU has f16.
    pub fn set_half_maps(&self, half: bool) {
        self.half_maps.set(half && self.f16);
    }

    /// Multiply-adds after which a submission of a list that is recorded from now on ends.
    pub fn submit_macs(&self) -> u64 {
        self.submit_macs.get()
    }

    /// Sets [`Self::submit_macs`]: about 100 ms of work, so that a page stays alive and no watchdog barks.
    pub fn set_submit_macs(&self, macs: u64) {
        self.submit_macs.set(macs);
    }

    /// What lists that are recorded from now on need to know of it.
    pub fn options(&self) -> RecordOptions {
        RecordOptions {
            f16: self.f16,
            tiled: self.tiled(),
            half_maps: self.half_maps(),
            submit_macs: self.submit_macs(),
            max_tensor_bytes: self.max_tensor_bytes,
        }
    }

    /// What has been made so far. In the steady state nothing more is.
    pub fn made(&self) -> Made {
        self.made.get()
    }

    /// Bytes of intermediate results that all programs share.
    pub fn arena_bytes(&self) -> u64 {
        self.arena.borrow().iter().map(|buffer| buffer.size()).sum()
    }

    /// Gives the shared memory back; programs that are still there keep theirs.
    pub fn clear_arena(&self) {
        self.arena.borrow_mut().clear();
    }

    fn count(&self, change: impl Fn(&mut Made)) {
        let mut made = self.made.get();
        change(&mut made);
        self.made.set(made);
    }

    pub(super) fn buffer(&self, bytes: u64, usage: wgpu::BufferUsages) -> Buffer {
        self.count(|made| made.buffers += 1);
        let descriptor =
            wgpu::BufferDescriptor { label: None, size: size_for(bytes), usage, mapped_at_creation: false };
        self.wgpu.create_buffer(&descriptor).into()
    }

    /// Buffers of at least these sizes from the shared memory.
    pub(super) fn arena(&self, sizes: &[u64]) -> Vec<Buffer> {
        let mut arena = self.arena.borrow_mut();
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
        let take = |(i, &bytes): (usize, &u64)| {
            match arena.get(i) {
                Some(buffer) if buffer.size() >= bytes => {}
                Some(_) => arena[i] = self.buffer(bytes, usage),
                None => arena.push(self.buffer(bytes, usage)),
            }
            arena[i].clone()
        };
        sizes.iter().enumerate().map(take).collect()
    }

    /// The kernel's pipeline. Browsers compile it beside the program that goes on.
    pub(super) fn pipeline(&self, kernel: &Kernel) -> wgpu::ComputePipeline {
        if let Some(pipeline) = self.pipelines.borrow().get(kernel) {
            return pipeline.clone();
        }
        self.count(|made| made.pipelines += 1);
        let label = Some(kernel.name());
        let source = wgpu::ShaderSource::Wgsl(kernel.wgsl().into());
        let descriptor = wgpu::ShaderModuleDescriptor { label, source };
        // Robust against indices out of range, which no kernel has, but nothing to end loops that end anyway.
        let module = self.wgpu.create_shader_module(descriptor);
        let pipeline = self.wgpu.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label,
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                // Every kernel writes its workgroup memory before it reads it.
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        });
        self.pipelines.borrow_mut().insert(kernel.clone(), pipeline.clone());
        pipeline
    }

    pub(super) fn bind_group(
        &self,
        pipeline: &wgpu::ComputePipeline,
        entries: &[wgpu::BindGroupEntry<'_>],
    ) -> wgpu::BindGroup {
        self.count(|made| made.bind_groups += 1);
        let layout = pipeline.get_bind_group_layout(0);
        self.wgpu.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: &layout, entries })
    }

    /// A kernel with these buffers, in the order of its bindings.
    pub(super) fn dispatch(&self, kernel: &Kernel, buffers: &[&Buffer], groups: [u32; 3]) -> Dispatch {
        let pipeline = self.pipeline(kernel);
        let resources = buffers.iter().map(|buffer| buffer.as_entire_binding());
        let entries: Vec<_> =
            (0..).zip(resources).map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
        Dispatch { bind_group: self.bind_group(&pipeline, &entries), pipeline, groups }
    }

    /// Submits one pass.
    pub(super) fn submit(&self, record: impl FnOnce(&mut wgpu::ComputePass<'_>)) {
        let mut encoder = self.wgpu.create_command_encoder(&Default::default());
        record(&mut encoder.begin_compute_pass(&Default::default()));
        self.queue.submit([encoder.finish()]);
    }

    /// Returns when everything that was asked for so far is done.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device failed.
    pub async fn finish(&self) -> Result<()> {
        // Natively, writes alone wait for a submission.
        self.queue.submit([]);
        let (sender, done) = async_channel::bounded(1);
        self.queue.on_submitted_work_done(move || {
            let _ = sender.try_send(());
        });
        self.wait()?;
        // A device that is lost may drop the callback.
        let lost = done.recv().await.is_err().then(|| "the device is lost".into());
        take_error().or(lost).map_or(Ok(()), |error| Err(Error::Gpu(error)))
    }

    /// Natively, blocks until the work submitted so far is done and its callbacks have run; browsers run them by
    /// themselves.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device is lost.
    pub(super) fn wait(&self) -> Result<()> {
        match self.wgpu.poll(wgpu::PollType::wait_indefinitely()) {
            Ok(_) => Ok(()),
            Err(e) => Err(Error::Gpu(take_error().unwrap_or_else(|| e.to_string()))),
        }
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
