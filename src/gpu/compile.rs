//! From a recorded list to a program: how maps are stored, which of them share memory, and how commands become dispatches.

use super::band::Band;
use super::buffer::Buffer;
use super::buffer_plan::{self, TensorUsage};
use super::device::Gpu;
use super::kernel::Kernel;
use super::list::{Binding, Command, List, Node, Number, Role, Rows, Start, State};
use super::program::{Carry, Cost, Dispatch, Io, Program, Step};
use crate::{Error, Result};
use std::rc::Rc;

/// A uniform's place in the buffer of all uniforms: what every device accepts as an offset.
const UNIFORM: u64 = 256;

/// A list that is complete.
pub(super) struct Recorded {
    pub(super) state: State,
    /// Its inputs, by their numbers.
    inputs: Vec<usize>,
    pub(super) output: usize,
}

impl State {
    /// The map whose memory holds this one.
    pub(super) fn root(&self, id: usize) -> usize {
        self.maps[id].slice_of.map_or(id, |(whole, _)| self.root(whole))
    }

    /// Bytes of a row.
    pub(super) fn line(&self, id: usize) -> u64 {
        let [_, _, w, c] = self.maps[id].dims;
        (if self.is_half(id) { 2 } else { 4 }) * (w * c) as u64
    }

    /// Of a map that owns memory all rows that are there, of a slice those that are written.
    pub(super) fn bytes(&self, id: usize) -> u64 {
        let map = &self.maps[id];
        let rows = if map.slice_of.is_some() { &map.rows } else { &self.memory[id] };
        // WebGPU binds no empty buffers.
        (map.dims[0] * rows.len().max(1)) as u64 * self.line(id)
    }

    /// Of the rows that are written.
    fn written_bytes(&self, id: usize) -> u64 {
        let map = &self.maps[id];
        (map.dims[0] * map.rows.len()) as u64 * self.line(id)
    }

    /// Where a row of a map begins in memory, in numbers; before the first, it wraps around.
    fn at_row(&self, id: usize, row: usize) -> u32 {
        let line = self.maps[id].dims[2] * self.stride(id);
        row.wrapping_sub(self.memory[self.root(id)].start).wrapping_mul(line) as u32
    }

    fn number(&self, number: &Number, begin: u32) -> u32 {
        match *number {
            Number::Value(value) => value,
            Number::Stride(id) => self.stride(id) as u32,
            Number::Offset(id, Start::Row(row)) => self.at_row(id, row).wrapping_add(self.offset(id) as u32),
            Number::Offset(id, Start::Of(other)) => {
                self.at_row(id, self.memory[self.root(other)].start).wrapping_add(self.offset(id) as u32)
            }
            Number::Height(id) => (self.maps[id].rows.end - self.memory[self.root(id)].start) as u32,
            Number::Row(id, row) => row.wrapping_sub(self.memory[self.root(id)].start) as u32,
            Number::Begin => begin,
        }
    }

    /// All that programs of this list for different bands may differ in.
    pub(super) fn places(&self) -> Vec<u32> {
        let mut places = Vec::new();
        for (command, rows) in self.commands.iter().zip(&self.rows) {
            places.push(u32::from(*rows == Rows::None));
            places.extend(command.groups);
            places.extend(command.numbers.iter().map(|number| self.number(number, 0)));
        }
        for id in (0..self.maps.len()).filter(|&id| self.maps[id].banded) {
            let (first, carried) = (self.memory[id].start, &self.carried[id]);
            let rows =
                [self.carried_in(id).len(), self.memory[id].len(), carried.start.wrapping_sub(first), carried.len()];
            places.extend(rows.map(|rows| rows as u32));
        }
        places
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
        if let Some(error) = &self.error {
            return Err(Error::Gpu(error.clone()));
        }
        for (command, rows) in self.commands.iter().zip(&self.rows) {
            let (reads, writes) = Self::reads_and_writes(command);
            if *rows == Rows::Whole && reads.iter().chain(&writes).any(|&id| self.maps[id].banded) {
                return Err(Error::Internal(format!("{:?} does not compute by rows", command.kernel)));
            }
            let clash = writes.iter().any(|&w| reads.iter().any(|&r| self.root(r) == self.root(w)));
            let packed = |b: &Binding| !matches!(b, Binding::Read(id) if self.maps[*id].slice_of.is_some());
            if clash || !command.bindings.iter().all(packed) {
                return Err(Error::Internal(format!("{:?} cannot be recorded", command.kernel)));
            }
        }
        Ok(())
    }

    /// The first and the last command that use the memory of every map.
    fn spans(&self) -> Vec<Option<(usize, usize)>> {
        let mut spans: Vec<Option<(usize, usize)>> = vec![None; self.maps.len()];
        let run = self.commands.iter().zip(&self.rows).enumerate().filter(|(_, (_, rows))| **rows != Rows::None);
        for (i, (command, _)) in run {
            let (reads, writes) = Self::reads_and_writes(command);
            for id in reads.into_iter().chain(writes) {
                let span = spans[self.root(id)].get_or_insert((i, i));
                span.1 = i;
            }
        }
        spans
    }

    /// Memory of every temporary root map: its buffer among `sizes`.
    pub(super) fn plan(&self) -> (Vec<Option<usize>>, Vec<u64>) {
        let spans = self.spans();
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
pub(super) fn recorded(
    gpu: &Rc<Gpu>,
    band: Option<Band>,
    inputs: &[[usize; 4]],
    record: impl FnOnce(&[Node]) -> Node,
) -> Recorded {
    let list = List::new(gpu, band);
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
    let output = if plain { output } else { super::kernels::scale::copy(&output) };
    list.state.borrow_mut().maps[output.id].role = Role::Output;
    let mut state = std::mem::take(&mut *list.state.borrow_mut());
    (state.memory, state.carried) = state.rows_in_memory();
    if gpu.half_maps() && !state.in_f32 {
        state.store();
    }
    Recorded { state, inputs: input_ids, output: output.id }
}

impl Recorded {
    /// Bytes of every input, and of the output.
    pub(super) fn io_bytes(&self) -> (Vec<u64>, u64) {
        (self.inputs.iter().map(|&id| self.state.bytes(id)).collect(), self.state.bytes(self.output))
    }
}

/// Compiles a list. `io` has room for its inputs and its output, `carried` for what it carries over of every map.
pub(super) fn compile(gpu: &Rc<Gpu>, recorded: &Recorded, io: Io, carried: &[Option<Buffer>]) -> Result<Program> {
    use wgpu::BufferUsages as Usage;
    let Recorded { state, inputs, output } = recorded;
    state.check()?;
    let (place, sizes) = state.plan();
    let largest = sizes.iter().copied().chain(inputs.iter().chain([output]).map(|&id| state.bytes(id)));
    let largest_buffer = largest.max().unwrap_or(0);
    if largest_buffer > gpu.max_tensor_bytes {
        return Err(Error::Gpu(format!(
            "a tile needs {} MiB in one piece, and this GPU gives {}; choose smaller tiles",
            largest_buffer >> 20,
            gpu.max_tensor_bytes >> 20
        )));
    }
    let temporaries: Vec<Buffer> = gpu.arena(&sizes);
    let buffer_of = |id: usize| -> Option<&Buffer> {
        let root = state.root(id);
        match state.maps[root].role {
            Role::Temporary => place[root].map(|place| &temporaries[place]),
            Role::Input => inputs.iter().position(|&input| input == root).map(|i| &io.inputs[i]),
            Role::Output => Some(&io.output),
        }
    };
    let carries = carries(state, buffer_of, carried)?;

    let limit = gpu.submit_macs();
    let active: Vec<(usize, &Command)> =
        state.commands.iter().enumerate().filter(|&(i, _)| state.rows[i] != Rows::None).collect();
    let parts: Vec<Vec<Part>> = active.iter().map(|(_, command)| divide(command, limit)).collect();
    let count: usize = parts.iter().map(Vec::len).sum();
    let uniforms = gpu.buffer(UNIFORM * count.max(1) as u64, Usage::UNIFORM | Usage::COPY_DST);
    let mut numbers = vec![0u8; uniforms.size() as usize];
    let mut read = vec![uniforms.clone()];
    let mut steps = Vec::with_capacity(count + carries.len());
    let mut cost = Cost::default();
    let (mut submits, mut since) = (Vec::new(), 0);
    let copies = |steps: &mut Vec<Step>, at: Moment| {
        steps.extend(carries.iter().filter(|(moment, _)| *moment == at).map(|(_, copy)| Step::Carry(copy.clone())));
    };
    copies(&mut steps, Moment::First);
    for ((i, command), parts) in active.into_iter().zip(parts) {
        copies(&mut steps, Moment::Before(i));
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
                    touched += state.written_bytes(*id);
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
            let at = cost.dispatches * UNIFORM as usize;
            for (number, bytes) in command.numbers.iter().zip(numbers[at..].chunks_exact_mut(4)) {
                bytes.copy_from_slice(&state.number(number, begin).to_le_bytes());
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
                submits.push(steps.len());
                since = 0;
            }
            since += macs;
            cost.largest_submit = cost.largest_submit.max(since);
            cost.dispatches += 1;
            steps.push(Step::Dispatch(Dispatch { pipeline: pipeline.clone(), bind_group, groups }));
        }
        copies(&mut steps, Moment::After(i));
    }
    copies(&mut steps, Moment::Last);
    if submits.last() != Some(&steps.len()) {
        submits.push(steps.len());
    }
    gpu.queue.write_buffer(&uniforms, 0, &numbers);
    cost.submits = submits.len();
    cost.activation_bytes = sizes.iter().sum();
    cost.io_bytes = inputs.iter().chain([output]).map(|&id| state.bytes(id)).sum();
    cost.carried_bytes = carries.iter().map(|(_, copy)| copy.bytes).sum();
    cost.largest_buffer = largest_buffer;
    let new = |&id: &usize| (state.maps[id].rows.start - state.memory[id].start) as u64 * state.line(id);
    let (written_at, output_bytes) = (inputs.iter().map(new).collect(), state.bytes(*output));
    Ok(Program { gpu: gpu.clone(), steps, submits, io, written_at, output_bytes, cost, temporaries, _read: read })
}

/// When rows are carried over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    First,
    Before(usize),
    After(usize),
    Last,
}

/// The copies of carried rows: into the maps' memory before the first command that uses it, and out of it after the last.
fn carries<'b>(
    state: &State,
    buffer_of: impl Fn(usize) -> Option<&'b Buffer>,
    carried: &[Option<Buffer>],
) -> Result<Vec<(Moment, Carry)>> {
    let mut copies = Vec::new();
    let spans = state.spans();
    for id in (0..state.maps.len()).filter(|&id| state.is_carried(id)) {
        let (before, after) = (state.carried_in(id), &state.carried[id]);
        let is_input = state.maps[id].role == Role::Input;
        let (first, last) = match spans[id] {
            _ if is_input => (Moment::First, Moment::Last),
            Some((first, last)) => (Moment::Before(first), Moment::After(last)),
            // Nothing uses it, so nothing changes.
            None if before == *after || before.is_empty() && after.is_empty() => continue,
            None => return Err(Error::Internal("rows of a map are lost".into())),
        };
        if before.is_empty() && after.is_empty() {
            continue;
        }
        let (Some(map), Some(Some(kept))) = (buffer_of(id), carried.get(id)) else {
            return Err(Error::Internal("there is no room for the rows of a map".into()));
        };
        let (line, top) = (state.line(id), state.memory[id].start);
        if !before.is_empty() {
            let bytes = before.len() as u64 * line;
            copies.push((first, Carry { from: kept.clone(), from_at: 0, to: map.clone(), to_at: 0, bytes }));
        }
        if !after.is_empty() {
            let (from_at, bytes) = ((after.start - top) as u64 * line, after.len() as u64 * line);
            copies.push((last, Carry { from: map.clone(), from_at, to: kept.clone(), to_at: 0, bytes }));
        }
    }
    Ok(copies)
}

/// A dispatch of a command, or of a part of it.
struct Part {
    groups: [u32; 3],
    /// Rows of workgroups that other parts take before it.
    begin: u32,
}

/// Most workgroups along an axis of a dispatch, on every device.
const MAX_GROUPS: u32 = 65_535;

/// A command in parts of at most `limit` multiply-adds, as far as its kernel can be divided: into rows of workgroups, each
/// a dispatch of its own.
fn divide(command: &Command, limit: u64) -> Vec<Part> {
    let [x, y, z] = command.groups;
    let count = command.macs.div_ceil(limit.max(1)).min(u64::from(x * y)) as u32;
    if count <= 1 || !command.numbers.iter().any(|number| matches!(number, Number::Begin)) {
        return vec![Part { groups: command.groups, begin: 0 }];
    }
    let length = (x * y / count).min(MAX_GROUPS);
    (0..(x * y).div_ceil(length)).map(|begin| Part { groups: [length, 1, z], begin }).collect()
}

/// Whether a kernel multiplies by weights or attends: what no fusion could leave out.
fn is_product(kernel: &Kernel) -> bool {
    ["conv2d", "conv2d_tiled", "attention", "window_attention"].contains(&kernel.name())
}
