//! From a recorded list to a plan: which dispatches run on which memory, in which submissions. It is plain data, so that what a
//! network takes is counted without a GPU.

use super::kernel::Kernel;
use super::list::{Binding, Command, Node, Number, Role, Rows, State};
use super::options::RecordOptions;
use super::recorded::Recorded;
use super::weight::Weight;
use crate::{Error, Result};

/// A uniform's place in the buffer of all uniforms: what every device accepts as an offset.
pub(super) const UNIFORM: usize = 256;

/// What a run takes, counted.
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
    /// Bytes that are copied for rows that are carried over from band to band.
    pub carried_bytes: u64,
    /// Largest single buffer.
    pub largest_buffer: u64,
}

/// A list, ready to be compiled.
pub struct Plan {
    pub(super) calls: Vec<Call>,
    pub(super) steps: Vec<Step>,
    /// Ends of the submissions, as numbers of steps.
    pub(super) submits: Vec<usize>,
    /// The uniforms of all dispatches, one after the other.
    pub(super) uniforms: Vec<u8>,
    /// Bytes of the shared memory for intermediate results, of every input and of the output.
    pub(super) temporaries: Vec<u64>,
    pub(super) inputs: Vec<u64>,
    pub(super) output: u64,
    /// Of every map, bytes that are carried over from band to band.
    pub(super) carried: Vec<u64>,
    /// Where the host writes into the inputs, in bytes.
    pub(super) written_at: Vec<u64>,
    cost: Cost,
}

/// A kernel and what it binds before its uniform.
pub(super) struct Call {
    pub(super) kernel: Kernel,
    pub(super) operands: Vec<Operand>,
}

/// What a kernel binds.
pub(super) enum Operand {
    /// So many bytes of a map's memory.
    Map(Memory, u64),
    Weight(Weight),
}

/// A buffer that maps lie in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Memory {
    /// For intermediate results.
    Temporary(usize),
    Input(usize),
    Output,
}

/// Something that a program has the GPU do.
pub(super) enum Step {
    /// A call, or a part of it.
    Dispatch {
        call: usize,
        groups: [u32; 3],
    },
    Carry(Carry),
}

/// A copy of rows that are carried over: into a map's memory, or out of it to where they are kept.
#[derive(Clone)]
pub(super) struct Carry {
    pub(super) map: usize,
    pub(super) memory: Memory,
    /// Where they begin in the memory, in bytes.
    pub(super) at: u64,
    pub(super) bytes: u64,
    pub(super) out: bool,
}

impl Plan {
    /// What `record` appends to a list for inputs of the given sizes.
    ///
    /// # Errors
    /// [`Error::Gpu`] if a buffer is larger than the options allow; [`Error::Internal`] if an operation does not take its operands,
    /// or for a list that WebGPU forbids.
    pub fn new(options: RecordOptions, inputs: &[[usize; 4]], record: impl FnOnce(&[Node]) -> Node) -> Result<Self> {
        Self::of(&Recorded::new(options, None, inputs, record)?)
    }

    /// Of a complete list.
    pub(super) fn of(recorded: &Recorded) -> Result<Self> {
        let Recorded { options, state, inputs, output } = recorded;
        state.check()?;
        let (place, temporaries) = state.share_memory();
        let memory_of = |id: usize| -> Result<Memory> {
            let root = state.root(id);
            let memory = match state.maps[root].role {
                Role::Temporary => place[root].map(Memory::Temporary),
                Role::Input => inputs.iter().position(|&input| input == root).map(Memory::Input),
                Role::Output => Some(Memory::Output),
            };
            memory.ok_or_else(|| Error::Internal("a map is read that nothing writes".into()))
        };
        let new = |&id: &usize| (state.maps[id].rows.start - state.memory[id].start) as u64 * state.line(id);
        let carried =
            |id: usize| if state.is_carried(id) { state.carried[id].len() as u64 * state.line(id) } else { 0 };
        let mut plan = Plan {
            calls: Vec::new(),
            steps: Vec::new(),
            submits: Vec::new(),
            uniforms: Vec::new(),
            temporaries,
            inputs: inputs.iter().map(|&id| state.bytes(id)).collect(),
            output: state.bytes(*output),
            carried: (0..state.maps.len()).map(carried).collect(),
            written_at: inputs.iter().map(new).collect(),
            cost: Cost::default(),
        };
        plan.check_memory(options)?;
        plan.add_steps(state, options.submit_macs, memory_of)?;
        Ok(plan)
    }

    /// What a run takes.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// The kernels of its dispatches, as often as they are called.
    pub fn kernels(&self) -> impl Iterator<Item = &Kernel> {
        self.calls.iter().map(|call| &call.kernel)
    }

    /// Counts the memory, none of which may be larger than the options allow.
    fn check_memory(&mut self, options: &RecordOptions) -> Result<()> {
        let io = self.inputs.iter().chain([&self.output]).copied();
        let largest_buffer = io.clone().chain(self.temporaries.iter().copied()).max().unwrap_or(0);
        if largest_buffer > options.max_tensor_bytes {
            return Err(Error::Gpu(format!(
                "a tile needs {} MiB in one piece, and this GPU gives {}; choose smaller tiles",
                largest_buffer >> 20,
                options.max_tensor_bytes >> 20
            )));
        }
        let (activation_bytes, io_bytes) = (self.temporaries.iter().sum(), io.sum());
        self.cost = Cost { activation_bytes, io_bytes, largest_buffer, ..self.cost };
        Ok(())
    }

    /// Adds the dispatches of all commands that have rows to compute, and the copies of rows around them.
    fn add_steps(&mut self, state: &State, limit: u64, memory_of: impl Fn(usize) -> Result<Memory>) -> Result<()> {
        let carries = carries(state, &memory_of)?;
        self.carry(&carries, Moment::First);
        // Multiply-adds since the last submission.
        let mut since = 0;
        for (i, command) in state.commands.iter().enumerate().filter(|&(i, _)| state.rows[i] != Rows::None) {
            self.carry(&carries, Moment::Before(i));
            let operand = |binding: &Binding| -> Result<Operand> {
                Ok(match binding {
                    Binding::Weight(weight) => Operand::Weight(weight.clone()),
                    Binding::Read(id) | Binding::View(id) | Binding::Write(id) => {
                        Operand::Map(memory_of(*id)?, state.bytes(state.root(*id)))
                    }
                })
            };
            let operands = command.bindings.iter().map(operand).collect::<Result<_>>()?;
            let call = self.calls.len();
            self.calls.push(Call { kernel: command.kernel.clone(), operands });
            let touched = command.bindings.iter().map(|binding| match binding {
                Binding::Weight(weight) => weight.bytes(),
                Binding::Read(id) | Binding::View(id) | Binding::Write(id) => state.written_bytes(*id),
            });
            let touched: u64 = touched.sum();
            self.cost.macs += command.macs;
            self.cost.bytes += touched;
            self.cost.least_bytes += if is_product(&command.kernel) { touched } else { 0 };
            let parts = divide(command, limit);
            let macs = command.macs / parts.len() as u64;
            for Part { groups, begin } in parts {
                let at = self.uniforms.len();
                self.uniforms.extend(command.numbers.iter().flat_map(|n| state.number(n, begin).to_le_bytes()));
                self.uniforms.resize(at + UNIFORM, 0);
                if since > 0 && since + macs > limit {
                    self.submits.push(self.steps.len());
                    since = 0;
                }
                since += macs;
                self.cost.largest_submit = self.cost.largest_submit.max(since);
                self.cost.dispatches += 1;
                self.steps.push(Step::Dispatch { call, groups });
            }
            self.carry(&carries, Moment::After(i));
        }
        self.carry(&carries, Moment::Last);
        if self.submits.last() != Some(&self.steps.len()) {
            self.submits.push(self.steps.len());
        }
        self.cost.submits = self.submits.len();
        self.cost.carried_bytes = carries.iter().map(|(_, copy)| copy.bytes).sum();
        Ok(())
    }

    fn carry(&mut self, carries: &[(Moment, Carry)], at: Moment) {
        self.steps
            .extend(carries.iter().filter(|(moment, _)| *moment == at).map(|(_, copy)| Step::Carry(copy.clone())));
    }
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
fn carries(state: &State, memory_of: impl Fn(usize) -> Result<Memory>) -> Result<Vec<(Moment, Carry)>> {
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
        let (memory, line) = (memory_of(id)?, state.line(id));
        if !before.is_empty() {
            let bytes = before.len() as u64 * line;
            copies.push((first, Carry { map: id, memory, at: 0, bytes, out: false }));
        }
        if !after.is_empty() {
            let (at, bytes) = ((after.start - state.memory[id].start) as u64 * line, after.len() as u64 * line);
            copies.push((last, Carry { map: id, memory, at, bytes, out: true }));
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
