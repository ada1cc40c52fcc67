//! A command list, compiled: pipelines, buffers and bind groups are made once, and every run only writes the inputs and
//! submits the commands again.

use super::buffer::Buffer;
use super::compile::compile;
use super::device::{Gpu, take_error};
use super::list::Node;
use super::plan::{Cost, Plan};
use super::recorded::Recorded;
use crate::{Error, Result};
use std::cell::Cell;
use std::rc::Rc;

/// A compiled command list.
pub struct Program {
    pub(super) gpu: Rc<Gpu>,
    pub(super) steps: Vec<Step>,
    /// Ends of the submissions, as numbers of steps.
    pub(super) submits: Vec<usize>,
    pub(super) io: Io,
    /// Where the host writes into the inputs, in bytes.
    pub(super) written_at: Vec<u64>,
    pub(super) output_bytes: u64,
    pub(super) cost: Cost,
    pub(super) temporaries: Vec<Buffer>,
    /// What else its bind groups name: weights and uniforms.
    pub(super) _read: Vec<Buffer>,
}

/// What the host writes and reads; programs for the bands of one picture share it.
#[derive(Clone)]
pub(super) struct Io {
    pub(super) inputs: Vec<Buffer>,
    pub(super) output: Buffer,
    /// Two of them take turns, so that a result is read while the next is computed.
    staging: [Buffer; 2],
    turn: Rc<Cell<usize>>,
}

/// Something that a program has the GPU do.
pub(super) enum Step {
    Dispatch(Dispatch),
    Carry(Carry),
}

/// Bytes of one buffer to another.
#[derive(Clone)]
pub(super) struct Carry {
    pub(super) from: Buffer,
    pub(super) from_at: u64,
    pub(super) to: Buffer,
    pub(super) to_at: u64,
    pub(super) bytes: u64,
}

impl Io {
    /// Buffers of so many bytes.
    pub(super) fn new(gpu: &Gpu, inputs: &[u64], output: u64) -> Self {
        use wgpu::BufferUsages as Usage;
        let own = |bytes: u64| gpu.buffer(bytes, Usage::STORAGE | Usage::COPY_DST | Usage::COPY_SRC);
        let staging = || gpu.buffer(output, Usage::MAP_READ | Usage::COPY_DST);
        Self {
            inputs: inputs.iter().map(|&bytes| own(bytes)).collect(),
            output: own(output),
            staging: [staging(), staging()],
            turn: Rc::default(),
        }
    }
}

/// A kernel with its buffers.
pub(super) struct Dispatch {
    pub(super) pipeline: wgpu::ComputePipeline,
    pub(super) bind_group: wgpu::BindGroup,
    pub(super) groups: [u32; 3],
}

impl Dispatch {
    pub(super) fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bind_group, &[]);
        let [x, y, z] = self.groups;
        pass.dispatch_workgroups(x, y, z);
    }
}

/// A run whose result is on its way.
pub struct Job {
    staging: Buffer,
    bytes: u64,
    mapped: async_channel::Receiver<Result<(), wgpu::BufferAsyncError>>,
    gpu: Rc<Gpu>,
}

impl Program {
    /// Compiles what `record` appends to a list for inputs of the given sizes.
    ///
    /// # Errors
    /// [`Error::Gpu`] if a buffer is larger than the device allows; [`Error::Internal`] for a list that WebGPU forbids.
    pub fn new(gpu: &Rc<Gpu>, inputs: &[[usize; 4]], record: impl FnOnce(&[Node]) -> Node) -> Result<Self> {
        let plan = Plan::new(gpu.options(), inputs, record)?;
        compile(gpu, &plan, Io::new(gpu, &plan.inputs, plan.output), &[])
    }

    /// Has the GPU make the pipelines that [`Self::new`] would need, and nothing else. Weights may be
    /// [counted](super::Weight::counted) only.
    ///
    /// # Errors
    /// [`Error::Internal`] for a list that cannot be recorded.
    pub fn precompile(gpu: &Gpu, inputs: &[[usize; 4]], record: impl FnOnce(&[Node]) -> Node) -> Result<()> {
        for command in &Recorded::new(gpu.options(), None, inputs, record)?.state.commands {
            gpu.pipeline(&command.kernel);
        }
        Ok(())
    }

    /// What a run takes.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// Starts a run. `inputs` in the order of [`Self::new`]; `None` keeps what is there.
    pub fn start(&self, inputs: &[Option<&[f32]>]) -> Job {
        self.run(inputs, None);
        self.read()
    }

    /// Runs `times` times on the inputs that are there, and returns when the GPU has done so. For measurements.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device failed.
    pub async fn repeat(&self, times: usize) -> Result<()> {
        (0..times).for_each(|_| self.run(&[], None));
        self.gpu.finish().await
    }

    /// Runs without reading the result back; `before` goes before everything else.
    pub(super) fn run(&self, inputs: &[Option<&[f32]>], mut before: Option<&Dispatch>) {
        for ((buffer, &at), data) in self.io.inputs.iter().zip(&self.written_at).zip(inputs) {
            if let Some(data) = data.filter(|data| !data.is_empty()) {
                self.gpu.queue.write_buffer(buffer, at, bytes_of(data));
            }
        }
        let mut begin = 0;
        for &end in &self.submits {
            let mut encoder = self.gpu.wgpu.create_command_encoder(&Default::default());
            let is_copy = |step: &Step| matches!(step, Step::Carry(_));
            for steps in self.steps[begin..end].chunk_by(|a, b| is_copy(a) == is_copy(b)) {
                if !is_copy(&steps[0]) || before.is_some() {
                    let mut pass = encoder.begin_compute_pass(&Default::default());
                    before.take().into_iter().for_each(|dispatch| dispatch.record(&mut pass));
                    for step in steps {
                        if let Step::Dispatch(dispatch) = step {
                            dispatch.record(&mut pass);
                        }
                    }
                }
                for step in steps {
                    if let Step::Carry(Carry { from, from_at, to, to_at, bytes }) = step {
                        encoder.copy_buffer_to_buffer(from, *from_at, to, *to_at, *bytes);
                    }
                }
            }
            self.gpu.queue.submit([encoder.finish()]);
            begin = end;
        }
    }

    /// Asks for the result of the last run.
    pub(super) fn read(&self) -> Job {
        let Io { output, staging, turn, .. } = &self.io;
        let turn = turn.replace(1 - turn.get());
        Job::read(&self.gpu, output, &staging[turn], self.output_bytes)
    }

    pub(super) fn input(&self, index: usize) -> &Buffer {
        &self.io.inputs[index]
    }

    pub(super) fn output(&self) -> &Buffer {
        &self.io.output
    }

    /// Fills every buffer that a run writes with NaN: what a kernel forgets to write, or reads too early, shows.
    pub fn poison(&self) {
        for buffer in self.temporaries.iter().chain([&self.io.output]) {
            // Of these bits f32 and f16 are NaN.
            let nan = vec![f32::from_bits(0x7FFF_7FFF); buffer.size() as usize / 4];
            self.gpu.queue.write_buffer(buffer, 0, bytes_of(&nan));
        }
    }
}

impl Job {
    /// Asks for so many bytes of a buffer's numbers, by way of `staging`.
    pub(super) fn read(gpu: &Rc<Gpu>, buffer: &Buffer, staging: &Buffer, bytes: u64) -> Self {
        let mut encoder = gpu.wgpu.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(buffer, 0, staging, 0, bytes);
        gpu.queue.submit([encoder.finish()]);
        let (sender, mapped) = async_channel::bounded(1);
        staging.slice(..bytes).map_async(wgpu::MapMode::Read, move |result| {
            let _ = sender.try_send(result);
        });
        Self { staging: staging.clone(), bytes, mapped, gpu: gpu.clone() }
    }

    /// The result, row-major.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device failed, now or in the work before.
    pub async fn finish(self) -> Result<Vec<f32>> {
        self.gpu.wait()?;
        let mapped = self.mapped.recv().await.unwrap_or(Err(wgpu::BufferAsyncError));
        mapped.map_err(|e| Error::Gpu(take_error().unwrap_or(format!("reading a result back failed ({e})"))))?;
        let result = {
            let view = self.staging.slice(..self.bytes).get_mapped_range();
            let view = view.map_err(|e| Error::Gpu(format!("a result could not be read ({e})")))?;
            view.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect::<Vec<f32>>()
        };
        // Beyond the largest f16 comes infinity: no picture is better than a wrong one.
        if !result.iter().all(|v| v.is_finite()) {
            return Err(Error::Gpu(take_error().unwrap_or_else(|| "it computed something that is no number".into())));
        }
        match take_error() {
            Some(error) => Err(Error::Gpu(error)),
            None => Ok(result),
        }
    }
}

impl Drop for Job {
    /// Also ends a mapping that nobody waits for any more.
    fn drop(&mut self) {
        self.staging.unmap();
    }
}

/// The bytes of numbers as a GPU reads them.
pub(super) fn bytes_of(data: &[f32]) -> &[u8] {
    // SAFETY: every bit pattern is a valid byte, and WebGPU is little-endian as every platform that it runs on.
    unsafe { std::slice::from_raw_parts(data.as_ptr().cast(), size_of_val(data)) }
}
