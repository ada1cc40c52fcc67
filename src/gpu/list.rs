//! A command list under construction, which is plain data. Operations append their kernels; nothing runs yet, and no GPU needs
//! to be there. [`super::plan`] counts what the list takes, [`super::compile`] turns it into something that runs, again and again.
//!
//! A [`Node`] stands for a feature map `[n, h, w, c]` that some command of the list will have written. Two things are put
//! off until a reader is known. A norm stays *pending* on its node: a convolution that can applies it while it reads,
//! every other reader has it written out first. And maps that are put side by side need no copy where a convolution
//! writes them: it writes into its slice of the wide map from the start.

use super::band::Band;
use super::kernel::Kernel;
use super::options::RecordOptions;
use super::shapes::{Checked, expect};
use super::weight::Weight;
use crate::layer::Window;
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

/// The commands so far, and the maps that they read and write.
pub(super) struct List {
    pub(super) options: RecordOptions,
    pub(super) state: RefCell<State>,
}

/// What a [`List`] holds.
#[derive(Default)]
pub(super) struct State {
    pub(super) maps: Vec<MapState>,
    pub(super) commands: Vec<Command>,
    /// For every command, whether it computes by rows, and whether it has any to compute.
    pub(super) rows: Vec<Rows>,
    /// What the list is for, if not whole maps.
    pub(super) band: Option<Band>,
    /// Which maps are stored as f16; none until [`State::store`] has decided.
    pub(super) half: Vec<bool>,
    /// Whether all of them stay f32, whatever the GPU's other lists do.
    pub(super) in_f32: bool,
    /// Of maps that own memory, the rows that are there, and those that are carried over to the next band.
    pub(super) memory: Vec<Range<usize>>,
    pub(super) carried: Vec<Range<usize>>,
    /// What could not be recorded first; reported when the list is complete.
    pub(super) error: Option<String>,
}

/// A feature map of the list.
pub(super) struct MapState {
    /// Of the whole map.
    pub(super) dims: [usize; 4],
    /// The rows that the list writes: of a map that passes by bands, those that are new.
    pub(super) rows: Range<usize>,
    /// Whether it does.
    pub(super) banded: bool,
    /// The first row that later bands will read.
    pub(super) read_from: Option<usize>,
    pub(super) role: Role,
    /// The wide map that this one is a slice of, and its first channel there.
    pub(super) slice_of: Option<(usize, usize)>,
    /// Into which slices its writer can write.
    writes: Slices,
}

/// Slices of a wider map that a kernel can write into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Slices {
    /// None: it writes packed maps.
    None,
    /// Those that begin at a multiple of four channels of a map that has a multiple of four.
    Aligned,
    /// All.
    Any,
}

/// Whether a command computes by rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// No: it looks at whole maps.
    Whole,
    /// Yes.
    Some,
    /// Yes, but in this band there are none.
    None,
}

/// Who owns a map's memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Shared with others at other times.
    Temporary,
    /// Written by the host before a run, kept until the next.
    Input,
    /// Kept after a run.
    Output,
}

/// One dispatch.
pub(super) struct Command {
    pub(super) kernel: Kernel,
    pub(super) bindings: Vec<Binding>,
    /// The maps among them that may be stored as f16, in the order of the kernel's names for their types.
    pub(super) elements: Vec<usize>,
    pub(super) numbers: Vec<Number>,
    pub(super) groups: [u32; 3],
    pub(super) macs: u64,
}

/// A buffer that a command binds.
pub(super) enum Binding {
    /// A map that the kernel reads, packed.
    Read(usize),
    /// A map that it reads, or a slice of one.
    View(usize),
    /// A map that it writes, or a slice of one.
    Write(usize),
    /// Weights.
    Weight(Weight),
}

/// A number of a command's uniform.
pub(super) enum Number {
    Value(u32),
    /// From pixel to pixel of a map, in numbers.
    Stride(usize),
    /// Before the first channel of a map's pixel.
    Offset(usize, Start),
    /// Rows of a map that are there, from the first in memory to the last.
    Height(usize),
    /// Where a row of a map is among them.
    Row(usize, usize),
    /// Rows of workgroups before the first: a command that has it can be dispatched in parts.
    Begin,
}

/// Which pixel of a map a command begins with.
#[derive(Clone, Copy)]
pub(super) enum Start {
    /// The first of a row.
    Row(usize),
    /// That beside the first pixel in memory of another map.
    Of(usize),
}

/// A feature map `[n, h, w, c]` of a list.
#[derive(Clone)]
pub struct Node {
    pub(super) list: Rc<List>,
    pub(super) id: usize,
    pub(super) dims: [usize; 4],
    pub(super) pending: Option<PendingNorm>,
}

/// A norm whose statistics are in the list, but which nobody has applied yet.
#[derive(Clone)]
pub(super) struct PendingNorm {
    /// `[n, 3, c]`, or `[n, 2, c]` for the per-pixel norm.
    pub(super) coefficients: usize,
    /// `[n * h * w]`, for the per-pixel norm.
    pub(super) scale: Option<usize>,
    pub(super) silu: bool,
}

impl List {
    /// For whole maps, or for a band.
    pub(super) fn new(options: RecordOptions, band: Option<Band>) -> Rc<Self> {
        Rc::new(Self { options, state: RefCell::new(State { band, ..State::default() }) })
    }

    /// A map that the host writes.
    pub(super) fn input(self: &Rc<Self>, dims: [usize; 4]) -> Node {
        let rows = self.state.borrow().band.as_ref().and_then(|band| band.of_input(dims[1]));
        self.map(dims, Role::Input, Slices::None, rows)
    }

    /// `rows` of a map that passes by bands.
    fn map(self: &Rc<Self>, dims: [usize; 4], role: Role, writes: Slices, rows: Option<Range<usize>>) -> Node {
        let maps = &mut self.state.borrow_mut().maps;
        let (banded, rows) = (rows.is_some(), rows.unwrap_or(0..dims[1]));
        maps.push(MapState { dims, rows, banded, read_from: None, role, slice_of: None, writes });
        Node { list: self.clone(), id: maps.len() - 1, dims, pending: None }
    }

    /// A map for the next command to write, whole.
    pub(super) fn result(self: &Rc<Self>, dims: [usize; 4]) -> Node {
        self.map(dims, Role::Temporary, Slices::None, None)
    }

    /// A map for the next command to write, by rows, each from a window of rows of the `inputs`: of a band, those rows that can be
    /// computed now. `writes`: into which slices of a wider map it can.
    pub(super) fn by_rows(self: &Rc<Self>, inputs: &[(usize, Window)], dims: [usize; 4], writes: Slices) -> Node {
        let rows = self.state.borrow_mut().next_rows(inputs, dims[1]);
        self.map(dims, Role::Temporary, writes, rows)
    }

    /// Most rows that a map of `height` rows gets at a time.
    pub(super) fn most_rows(&self, height: usize) -> usize {
        self.state.borrow().band.as_ref().map_or(height, |band| band.most_rows(height).min(height))
    }

    /// Appends a command that looks at whole maps.
    pub(super) fn push(&self, command: Command) {
        self.append(command, Rows::Whole);
    }

    /// Appends a command that writes the new rows of `result`.
    pub(super) fn push_rows(&self, result: &Node, command: Command) {
        self.append(command, if result.rows().is_empty() { Rows::None } else { Rows::Some });
    }

    fn append(&self, command: Command, rows: Rows) {
        let state = &mut *self.state.borrow_mut();
        state.commands.push(command);
        state.rows.push(rows);
    }

    /// Whether the operation `name` can be recorded. If not, the list is of no use, and the operation returns maps that nothing
    /// writes.
    pub(super) fn accepts(&self, name: &str, checked: Checked) -> bool {
        if let Err(reason) = &checked {
            self.state.borrow_mut().error.get_or_insert_with(|| format!("{name}: {reason}"));
        }
        checked.is_ok()
    }
}

impl State {
    fn is_read(&self, id: usize) -> bool {
        let reads = |b: &Binding| matches!(b, Binding::Read(i) | Binding::View(i) if *i == id);
        self.commands.iter().any(|command| command.bindings.iter().any(reads))
    }

    /// Whether a map is a slice that cannot be read four channels at a time.
    pub(super) fn is_unaligned(&self, id: usize) -> bool {
        let map = &self.maps[id];
        map.slice_of
            .is_some_and(|(whole, first)| !(first.is_multiple_of(4) && self.maps[whole].dims[3].is_multiple_of(4)))
    }

    /// Whether a command writes one of `id` and the slices of `whole`, and reads the other: WebGPU forbids both uses of
    /// one buffer.
    fn meets(&self, id: usize, whole: usize) -> bool {
        let inside = |other: usize| self.maps[other].slice_of.is_some_and(|(root, _)| root == whole);
        self.commands.iter().any(|command| {
            let written =
                |f: &dyn Fn(usize) -> bool| command.bindings.iter().any(|b| matches!(b, Binding::Write(i) if f(*i)));
            let read = |f: &dyn Fn(usize) -> bool| {
                command.bindings.iter().any(|b| matches!(b, Binding::Read(i) | Binding::View(i) if f(*i)))
            };
            written(&|i| i == id) && read(&inside) || written(&inside) && read(&|i| i == id)
        })
    }
}

impl Node {
    /// `[n, h, w, c]`.
    pub fn dims(&self) -> [usize; 4] {
        self.dims
    }

    /// Has all maps of the list stored as f32.
    pub fn in_f32(&self) {
        self.list.state.borrow_mut().in_f32 = true;
    }

    /// Number of values.
    pub(super) fn count(&self) -> usize {
        self.dims.iter().product()
    }

    /// Rows that the list writes.
    pub(super) fn rows(&self) -> Range<usize> {
        self.list.state.borrow().maps[self.id].rows.clone()
    }

    fn check_shapes(parts: &[Node]) -> Checked {
        let [n, h, w, _] = parts[0].dims;
        parts.iter().try_for_each(|part| expect("a map", &part.dims, &[n, h, w, part.dims[3]]))
    }

    /// Puts maps of equal size side by side: `[n, h, w, sum of c]`.
    pub fn concat(parts: &[Node]) -> Node {
        let first = &parts[0];
        let [n, h, w, _] = first.dims;
        let channels = parts.iter().map(|part| part.dims[3]).sum();
        if !first.list.accepts("concat", Self::check_shapes(parts)) {
            return first.list.result([n, h, w, channels]);
        }
        let inputs: Vec<(usize, Window)> = parts.iter().map(|part| (part.id, Window::ROW)).collect();
        let rows = first.list.state.borrow_mut().possible_rows(&inputs, h);
        let whole = first.list.map([n, h, w, channels], Role::Temporary, Slices::None, rows);
        // Kernels read four channels at a time.
        let aligned = parts.iter().all(|part| part.dims[3].is_multiple_of(4));
        let mut offset = 0;
        for part in parts {
            let part = part.materialize();
            let mut state = part.list.state.borrow_mut();
            let (meets, read) = (state.meets(part.id, whole.id), state.is_read(part.id));
            let map = &mut state.maps[part.id];
            let free = map.slice_of.is_none() && map.role == Role::Temporary && !meets;
            let fits = match map.writes {
                Slices::None => false,
                Slices::Aligned => aligned,
                // Those who have read it already took four channels at a time.
                Slices::Any => aligned || !read,
            };
            if free && fits {
                map.slice_of = Some((whole.id, offset));
                // A part may be ahead of the others.
                let end = state.maps[whole.id].rows.end;
                state.read(part.id, Window::ROW, end, h);
            } else {
                drop(state);
                let slice = part.list.by_rows(&[(part.id, Window::ROW)], part.dims, Slices::Any);
                slice.list.state.borrow_mut().maps[slice.id].slice_of = Some((whole.id, offset));
                super::kernels::scale::record(&part, &slice);
            }
            offset += part.dims[3];
        }
        whole
    }
}
