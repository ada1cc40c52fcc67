//! The programs for all bands of a picture: most bands share one.

use super::band::Band;
use super::buffer::Buffer;
use super::compile::{Recorded, compile, recorded};
use super::device::Gpu;
use super::list::Node;
use super::program::{Cost, Io, Job, Program};
use crate::{Error, Result};
use std::ops::Range;
use std::rc::Rc;

/// A network for the bands of a picture, compiled.
pub struct BandPrograms {
    programs: Vec<Program>,
    /// For every band its program, and the rows of the result that it computes.
    bands: Vec<(usize, Range<usize>)>,
    /// Rows of the whole result.
    height: usize,
    /// Bytes of the rows that are carried over.
    carried_bytes: u64,
}

impl BandPrograms {
    /// For a picture as high as the first of `inputs`, which comes in bands of `band` rows; `record` appends the network to a
    /// list. Inputs of other heights come whole in every band.
    ///
    /// # Errors
    /// [`Error::Gpu`] if a buffer is larger than the device allows; [`Error::Internal`] for a network that does not compute by
    /// rows.
    pub fn new(gpu: &Rc<Gpu>, inputs: &[[usize; 4]], band: usize, record: impl Fn(&[Node]) -> Node) -> Result<Self> {
        let height = inputs[0][1];
        let (mut lists, mut bands): (Vec<(Vec<u32>, Recorded)>, Vec<(usize, Range<usize>)>) = Default::default();
        let (mut before, mut taken, mut whole) = (Vec::new(), 0, usize::MAX);
        // After the last rows of the input come the rest of the result, at least a band at a time.
        let most = 2 * height.div_ceil(band.max(1)) + height;
        while bands.last().is_none_or(|(_, rows)| rows.end < whole) {
            let new = taken..(taken + band).min(height);
            taken = new.end;
            let list = recorded(gpu, Some(Band { height, most: band, new, before }), inputs, &record);
            let output = &list.state.maps[list.output];
            whole = output.dims[1];
            let (rows, places) = (output.rows.clone(), list.state.places());
            if !output.banded || bands.len() > most {
                return Err(Error::Internal("a network does not compute by rows".into()));
            }
            before = list.state.left();
            let known = lists.iter().position(|(known, _)| *known == places);
            bands.push((known.unwrap_or(lists.len()), rows));
            if known.is_none() {
                lists.push((places, list));
            }
        }
        let lists: Vec<Recorded> = lists.into_iter().map(|(_, list)| list).collect();
        let largest = |all: Vec<Vec<u64>>| -> Vec<u64> {
            let count = all.iter().map(Vec::len).max().unwrap_or(0);
            (0..count).map(|i| all.iter().filter_map(|sizes| sizes.get(i)).copied().max().unwrap_or(0)).collect()
        };
        let (to, from): (Vec<Vec<u64>>, Vec<u64>) = lists.iter().map(Recorded::io_bytes).unzip();
        let io = Io::new(gpu, (largest(to), from.into_iter().max().unwrap_or(0)));
        let carried = |list: &Recorded| -> Vec<u64> {
            let state = &list.state;
            let bytes = |id: usize| state.carried[id].len() as u64 * state.line(id);
            (0..state.maps.len()).map(|id| if state.is_carried(id) { bytes(id) } else { 0 }).collect()
        };
        let carried = largest(lists.iter().map(carried).collect());
        let usage = wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let room = |&bytes: &u64| (bytes > 0).then(|| gpu.buffer(bytes, usage));
        let rooms: Vec<Option<Buffer>> = carried.iter().map(room).collect();
        // All share the memory of the largest.
        gpu.arena(&largest(lists.iter().map(|list| list.state.plan().1).collect()));
        let programs = lists.iter().map(|list| compile(gpu, list, io.clone(), &rooms)).collect::<Result<_>>()?;
        Ok(Self { programs, bands, height: whole, carried_bytes: carried.iter().sum() })
    }

    /// Starts a band, the first with `index` 0; `inputs` have its new rows. Returns the rows of the result that it computes, and
    /// them if there are any.
    pub fn start(&self, index: usize, inputs: &[&[f32]]) -> (Range<usize>, Option<Job>) {
        let Some((program, rows)) = self.bands.get(index) else { return (self.height..self.height, None) };
        let program = &self.programs[*program];
        program.run(&inputs.iter().map(|&input| Some(input)).collect::<Vec<_>>(), None);
        (rows.clone(), (!rows.is_empty()).then(|| program.read()))
    }

    /// Rows of the whole result.
    pub fn height(&self) -> usize {
        self.height
    }

    /// What every band takes, in their order.
    pub fn costs(&self) -> Vec<Cost> {
        self.bands.iter().map(|(program, _)| self.programs[*program].cost()).collect()
    }

    /// Programs that have been compiled: of many bands, few.
    pub fn programs(&self) -> usize {
        self.programs.len()
    }

    /// Bytes of a GPU's memory for all of them: intermediate results, inputs and results, and what is carried over.
    pub fn bytes(&self) -> u64 {
        let most = |of: fn(&Cost) -> u64| self.programs.iter().map(|program| of(&program.cost())).max().unwrap_or(0);
        most(|cost| cost.activation_bytes) + most(|cost| cost.io_bytes) + self.carried_bytes
    }

    /// Fills every buffer that bands write and do not carry over with NaN: what a kernel reads too early shows.
    pub fn poison(&self) {
        self.programs.iter().for_each(Program::poison);
    }
}
