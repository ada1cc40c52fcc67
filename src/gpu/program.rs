//! A command list, compiled: pipelines, buffers and bind groups are made once, and every run only writes the inputs and
//! submits the commands again.

use super::buffer::Buffer;
use super::buffer_plan::{self, TensorUsage};
use super::device::{Gpu, take_error};
use super::kernel::Kernel;
use super::list::{Binding, Command, List, Node, Number, Role, State};
use super::signal::Signal;
use crate::{Error, Result};
use std::cell::Cell;
use std::rc::Rc;

/// A uniform's place in the buffer of all uniforms: what every device accepts as an offset.
const UNIFORM: u64 = 256;

/// What a program takes, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Dispatches of one run.
    pub dispatches: usize,
    /// Submissions of one run.
    pub submits: usize,
    /// Multiply-adds of the largest.
    pub largest_submit: u64,
    /// Multiply-adds of its convolutions and attentions.
    pub macs: u64,
    /// Bytes that its commands read and write, each map and weight once per command.
    pub bytes: u64,
    /// The part of `bytes` that would be left if every norm, copy and element-wise step came for free.
    pub least_bytes: u64,
    /// Bytes of shared memory for its intermediate results.
    pub activation_bytes: u64,
    /// Bytes of its inputs and outputs.
    pub io_bytes: u64,
    /// Largest single buffer.
    pub largest_buffer: u64,
}

/// A compiled command list.
pub struct Program {
    gpu: Rc<Gpu>,
    dispatches: Vec<Dispatch>,
    /// Ends of the submissions, as numbers of dispatches.
    submits: Vec<usize>,
    inputs: Vec<Buffer>,
    outputs: Vec<Buffer>,
    /// Two of them take turns, so that a result is read while the next is computed.
    staging: [Buffer; 2],
    turn: Cell<usize>,
    cost: Cost,
    temporaries: Vec<Buffer>,
    /// What else its bind groups name: weights and uniforms.
    _read: Vec<Buffer>,
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
    mapped: Signal<Result<(), wgpu::BufferAsyncError>>,
    gpu: Rc<Gpu>,
}

impl Program {
    /// Compiles what `record` appends to a list for inputs of the given sizes.
    ///
    /// # Errors
    /// [`Error::Gpu`] if a buffer is larger than the device allows; [`Error::Internal`] for a list that WebGPU forbids.
    pub fn new(gpu: &Rc<Gpu>, inputs: &[[usize; 4]], record: impl FnOnce(&[Node]) -> Node) -> Result<Self> {
        let (state, inputs, output) = recorded(gpu, inputs, record);
        compile(gpu, state, &inputs, output)
    }

    /// Has the GPU make the pipelines that [`Self::new`] would need, and nothing else.
    pub fn precompile(gpu: &Rc<Gpu>, inputs: &[[usize; 4]], record: impl FnOnce(&[Node]) -> Node) {
        let (state, ..) = recorded(gpu, inputs, record);
        for command in &state.commands {
            gpu.pipeline(&command.kernel);
        }
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
        for (buffer, data) in self.inputs.iter().zip(inputs) {
            if let Some(data) = data {
                self.gpu.queue.write_buffer(buffer, 0, bytes_of(data));
            }
        }
        let mut begin = 0;
        for &end in &self.submits {
            self.gpu.submit(|pass| {
                for dispatch in before.take().into_iter().chain(&self.dispatches[begin..end]) {
                    dispatch.record(pass);
                }
            });
            begin = end;
        }
    }

    /// Asks for the result of the last run.
    pub(super) fn read(&self) -> Job {
        let turn = self.turn.replace(1 - self.turn.get());
        Job::read(&self.gpu, &self.outputs[0], &self.staging[turn])
    }

    pub(super) fn input(&self, index: usize) -> &Buffer {
        &self.inputs[index]
    }

    pub(super) fn output(&self) -> &Buffer {
        &self.outputs[0]
    }

    /// Fills every buffer that a run writes with NaN: what a kernel forgets to write, or reads too early, shows.
    pub fn poison(&self) {
        for buffer in self.temporaries.iter().chain(&self.outputs) {
            // Of these bits f32 and f16 are NaN.
            let nan = vec![f32::from_bits(0x7FFF_7FFF); buffer.size() as usize / 4];
            self.gpu.queue.write_buffer(buffer, 0, bytes_of(&nan));
        }
    }
}

impl Job {
    /// Asks for a buffer's numbers, by way of `staging`.
    pub(super) fn read(gpu: &Rc<Gpu>, buffer: &Buffer, staging: &Buffer) -> Self {
        let mut encoder = gpu.wgpu.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(buffer, 0, staging, 0, staging.size());
        gpu.queue.submit([encoder.finish()]);
        let mapped = Signal::default();
        let sender = mapped.clone();
        staging.slice(..).map_async(wgpu::MapMode::Read, move |result| sender.send(result));
        Self { staging: staging.clone(), mapped, gpu: gpu.clone() }
    }

    /// The result, row-major.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device failed, now or in the work before.
    pub async fn finish(mut self) -> Result<Vec<f32>> {
        self.gpu.wait()?;
        let mapped = (&mut self.mapped).await;
        mapped.map_err(|e| Error::Gpu(take_error().unwrap_or(format!("reading a result back failed ({e})"))))?;
        let result = {
            let view = self.staging.slice(..).get_mapped_range();
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

impl State {
    /// The map whose memory holds this one.
    fn root(&self, id: usize) -> usize {
        self.maps[id].slice_of.map_or(id, |(whole, _)| self.root(whole))
    }

    fn bytes(&self, id: usize) -> u64 {
        let number = if self.is_half(id) { 2 } else { 4 };
        number * self.maps[id].dims.iter().product::<usize>() as u64
    }

    fn stride(&self, id: usize) -> usize {
        self.maps[self.root(id)].dims[3]
    }

    fn offset(&self, id: usize) -> usize {
        self.maps[id].slice_of.map_or(0, |(whole, first)| first + self.offset(whole))
    }

    fn is_half(&self, id: usize) -> bool {
        self.half.get(self.root(id)).is_some_and(|&half| half)
    }

    /// Stores as f16 what can be: shared maps that are read and written four channels at a time, by kernels that know.
    /// What is summed over a map, and what the host writes or reads, stays f32.
    fn store(&mut self) {
        let mut able: Vec<bool> = self.maps.iter().map(|map| map.role == Role::Temporary).collect();
        for (id, map) in self.maps.iter().enumerate() {
            let aligned = map.dims[3].is_multiple_of(4) && self.offset(id).is_multiple_of(4);
            able[self.root(id)] &= aligned;
        }
        for command in &self.commands {
            let (reads, writes) = Self::reads_and_writes(command);
            for id in reads.into_iter().chain(writes).filter(|id| !command.elements.contains(id)) {
                able[self.root(id)] = false;
            }
        }
        self.half = able;
        for i in 0..self.commands.len() {
            let half: Vec<bool> = self.commands[i].elements.iter().map(|&id| self.is_half(id)).collect();
            let kernel = self.commands[i].kernel.clone();
            self.commands[i].kernel = kernel.stored(half);
        }
    }

    /// Maps that a command reads, and those that it writes.
    fn reads_and_writes(command: &Command) -> (Vec<usize>, Vec<usize>) {
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        for binding in &command.bindings {
            match binding {
                Binding::Read(id) | Binding::View(id) => reads.push(*id),
                Binding::Write(id) => writes.push(*id),
                Binding::Weight(_) => {}
            }
        }
        (reads, writes)
    }

    /// Refuses what WebGPU would: one buffer read and written in a dispatch, a slice where a packed map is read.
    fn check(&self) -> Result<()> {
        if let Some(trouble) = &self.trouble {
            return Err(Error::Gpu(trouble.clone()));
        }
        for command in &self.commands {
            let (reads, writes) = Self::reads_and_writes(command);
            let clash = writes.iter().any(|&w| reads.iter().any(|&r| self.root(r) == self.root(w)));
            let packed = |b: &Binding| !matches!(b, Binding::Read(id) if self.maps[*id].slice_of.is_some());
            if clash || !command.bindings.iter().all(packed) {
                return Err(Error::Internal(format!("{:?} cannot be recorded", command.kernel)));
            }
        }
        Ok(())
    }

    /// Memory of every temporary root map: its buffer among `sizes`.
    fn plan(&self) -> (Vec<Option<usize>>, Vec<u64>) {
        let mut spans: Vec<Option<(usize, usize)>> = vec![None; self.maps.len()];
        for (i, command) in self.commands.iter().enumerate() {
            let (reads, writes) = Self::reads_and_writes(command);
            for id in reads.into_iter().chain(writes) {
                let span = spans[self.root(id)].get_or_insert((i, i));
                span.1 = i;
            }
        }
        let temporary = |id: &usize| self.maps[*id].role == Role::Temporary && spans[*id].is_some();
        let roots: Vec<usize> = (0..self.maps.len()).filter(temporary).collect();
        let usage = |&id: &usize| {
            let (first, last) = spans[id].unwrap_or_default();
            TensorUsage { bytes: self.bytes(id), first, last }
        };
        let (place, sizes) = buffer_plan::plan(&roots.iter().map(usage).collect::<Vec<_>>());
        let mut buffer = vec![None; self.maps.len()];
        for (id, place) in roots.into_iter().zip(place) {
            buffer[id] = Some(place);
        }
        (buffer, sizes)
    }
}

/// The list that `record` makes of inputs of the given sizes, and its inputs and output.
fn recorded(gpu: &Rc<Gpu>, inputs: &[[usize; 4]], record: impl FnOnce(&[Node]) -> Node) -> (State, Vec<usize>, usize) {
    let list = List::new(gpu);
    let inputs: Vec<Node> = inputs.iter().map(|&dims| list.input(dims)).collect();
    let output = record(&inputs).materialize();
    let input_ids: Vec<usize> = inputs.iter().map(|input| input.id).collect();
    drop(inputs);
    // An input, or a slice of a wider map, is copied to where it can be read.
    let plain = {
        let state = list.state.borrow();
        let map = &state.maps[output.id];
        map.role == Role::Temporary && map.slice_of.is_none()
    };
    let output = if plain { output } else { super::scale::copy(&output) };
    list.state.borrow_mut().maps[output.id].role = Role::Output;
    let mut state = std::mem::take(&mut *list.state.borrow_mut());
    if gpu.half_maps() && !state.in_f32 {
        state.store();
    }
    (state, input_ids, output.id)
}

fn compile(gpu: &Rc<Gpu>, state: State, inputs: &[usize], output: usize) -> Result<Program> {
    use wgpu::BufferUsages as Usage;
    state.check()?;
    let (place, sizes) = state.plan();
    let largest = sizes.iter().copied().chain(inputs.iter().chain([&output]).map(|&id| state.bytes(id)));
    let largest_buffer = largest.max().unwrap_or(0);
    if largest_buffer > gpu.max_tensor_bytes {
        return Err(Error::Gpu(format!(
            "a tile needs {} MiB in one piece, and this GPU gives {}; choose smaller tiles",
            largest_buffer >> 20,
            gpu.max_tensor_bytes >> 20
        )));
    }
    let temporaries: Vec<Buffer> = gpu.arena(&sizes);
    let own = |id: usize| gpu.buffer(state.bytes(id), Usage::STORAGE | Usage::COPY_DST | Usage::COPY_SRC);
    let input_buffers: Vec<Buffer> = inputs.iter().map(|&id| own(id)).collect();
    let output_buffer = own(output);
    let buffer_of = |id: usize| -> Option<&Buffer> {
        let root = state.root(id);
        match state.maps[root].role {
            Role::Temporary => place[root].map(|place| &temporaries[place]),
            Role::Input => inputs.iter().position(|&input| input == root).map(|i| &input_buffers[i]),
            Role::Output => Some(&output_buffer),
        }
    };

    let limit = gpu.submit_macs();
    let parts: Vec<Vec<Part>> = state.commands.iter().map(|command| divide(command, limit)).collect();
    let count: usize = parts.iter().map(Vec::len).sum();
    let uniforms = gpu.buffer(UNIFORM * count.max(1) as u64, Usage::UNIFORM | Usage::COPY_DST);
    let mut numbers = vec![0u8; uniforms.size() as usize];
    let mut read = vec![uniforms.clone()];
    let mut dispatches = Vec::with_capacity(count);
    let mut cost = Cost::default();
    let (mut submits, mut since) = (Vec::new(), 0);
    for (command, parts) in state.commands.iter().zip(parts) {
        let pipeline = gpu.pipeline(&command.kernel);
        let mut entries = Vec::with_capacity(command.bindings.len() + 1);
        let mut touched = 0;
        for binding in &command.bindings {
            let resource = match binding {
                Binding::Weight(weight) => {
                    touched += weight.buffer.size();
                    read.push(weight.buffer.clone());
                    weight.buffer.as_entire_buffer_binding()
                }
                Binding::Read(id) | Binding::View(id) | Binding::Write(id) => {
                    touched += state.bytes(*id);
                    let Some(buffer) = buffer_of(*id) else {
                        return Err(Error::Internal(format!("{:?} reads what nothing writes", command.kernel)));
                    };
                    let size = wgpu::BufferSize::new(state.bytes(state.root(*id)));
                    wgpu::BufferBinding { buffer, offset: 0, size }
                }
            };
            entries.push(wgpu::BindGroupEntry {
                binding: entries.len() as u32,
                resource: wgpu::BindingResource::Buffer(resource),
            });
        }
        cost.macs += command.macs;
        cost.bytes += touched;
        if is_product(&command.kernel) {
            cost.least_bytes += touched;
        }
        let macs = command.macs / parts.len() as u64;
        for Part { groups, begin } in parts {
            let at = dispatches.len() * UNIFORM as usize;
            for (number, bytes) in command.numbers.iter().zip(numbers[at..].chunks_exact_mut(4)) {
                let value = match *number {
                    Number::Value(value) => value,
                    Number::Stride(id) => state.stride(id) as u32,
                    Number::Offset(id) => state.offset(id) as u32,
                    Number::Begin => begin,
                };
                bytes.copy_from_slice(&value.to_le_bytes());
            }
            let uniform = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer: &uniforms,
                offset: at as u64,
                size: wgpu::BufferSize::new(UNIFORM),
            });
            let last = wgpu::BindGroupEntry { binding: entries.len() as u32, resource: uniform };
            let entries: Vec<wgpu::BindGroupEntry<'_>> = entries.iter().cloned().chain([last]).collect();
            let bind_group = gpu.bind_group(&pipeline, &entries);
            if since > 0 && since + macs > limit {
                submits.push(dispatches.len());
                since = 0;
            }
            since += macs;
            cost.largest_submit = cost.largest_submit.max(since);
            dispatches.push(Dispatch { pipeline: pipeline.clone(), bind_group, groups });
        }
    }
    if submits.last() != Some(&dispatches.len()) {
        submits.push(dispatches.len());
    }
    gpu.queue.write_buffer(&uniforms, 0, &numbers);
    cost.dispatches = dispatches.len();
    cost.submits = submits.len();
    cost.activation_bytes = sizes.iter().sum();
    cost.io_bytes = inputs.iter().chain([&output]).map(|&id| state.bytes(id)).sum();
    cost.largest_buffer = largest_buffer;
    let staging = || gpu.buffer(output_buffer.size(), Usage::MAP_READ | Usage::COPY_DST);
    Ok(Program {
        gpu: gpu.clone(),
        dispatches,
        submits,
        inputs: input_buffers,
        staging: [staging(), staging()],
        outputs: vec![output_buffer],
        turn: Cell::new(0),
        cost,
        temporaries,
        _read: read,
    })
}

/// A dispatch of a command, or of a part of it.
struct Part {
    groups: [u32; 3],
    /// Rows of workgroups that other parts take before it.
    begin: u32,
}

/// Most workgroups along an axis of a dispatch, on every device.
const MOST_GROUPS: u32 = 65_535;

/// A command in parts of at most `limit` multiply-adds, as far as its kernel can be divided: into rows of workgroups, each
/// a dispatch of its own.
fn divide(command: &Command, limit: u64) -> Vec<Part> {
    let [x, y, z] = command.groups;
    let count = command.macs.div_ceil(limit.max(1)).min(u64::from(x * y)) as u32;
    if count <= 1 || !command.numbers.iter().any(|number| matches!(number, Number::Begin)) {
        return vec![Part { groups: command.groups, begin: 0 }];
    }
    let length = (x * y / count).min(MOST_GROUPS);
    (0..(x * y).div_ceil(length)).map(|begin| Part { groups: [length, 1, z], begin }).collect()
}

/// Whether a kernel multiplies by weights or attends: what no fusion could leave out.
fn is_product(kernel: &Kernel) -> bool {
    ["conv2d", "conv2d_tiled", "attention", "window_attention"].contains(&kernel.name())
}
