//! Where the maps of a complete list are: how they are stored, which rows of them are there, and which share memory.

use super::buffer_plan::{self, TensorUsage};
use super::list::{Binding, Command, Number, Role, Rows, Start, State};
use crate::{Error, Result};

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
    pub(super) fn written_bytes(&self, id: usize) -> u64 {
        let map = &self.maps[id];
        (map.dims[0] * map.rows.len()) as u64 * self.line(id)
    }

    /// Where a row of a map begins in memory, in numbers; before the first, it wraps around.
    fn at_row(&self, id: usize, row: usize) -> u32 {
        let line = self.maps[id].dims[2] * self.stride(id);
        row.wrapping_sub(self.memory[self.root(id)].start).wrapping_mul(line) as u32
    }

    pub(super) fn number(&self, number: &Number, begin: u32) -> u32 {
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
    pub(super) fn store(&mut self) {
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
    pub(super) fn check(&self) -> Result<()> {
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
    pub(super) fn spans(&self) -> Vec<Option<(usize, usize)>> {
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
    pub(super) fn share_memory(&self) -> (Vec<Option<usize>>, Vec<u64>) {
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
