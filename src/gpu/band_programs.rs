//! The programs for all bands of a picture.

use super::band_plans::BandPlans;
use super::buffer::Buffer;
use super::compile::compile;
use super::device::Gpu;
use super::list::Node;
use super::program::{Io, Job, Program};
use crate::Result;
use std::ops::Range;
use std::rc::Rc;

/// A network for the bands of a picture, compiled.
pub struct BandPrograms {
    programs: Vec<Program>,
    /// For every band its program, and the rows of the result that it computes.
    bands: Vec<(usize, Range<usize>)>,
    /// Rows of the whole result.
    height: usize,
}

impl BandPrograms {
    /// Compiles what [`BandPlans::new`] plans.
    ///
    /// # Errors
    /// As of [`BandPlans::new`]; [`crate::Error::Internal`] if a weight is not on this GPU.
    pub fn new(gpu: &Rc<Gpu>, inputs: &[[usize; 4]], band: usize, record: impl Fn(&[Node]) -> Node) -> Result<Self> {
        Self::compile(gpu, BandPlans::new(gpu.options(), inputs, band, record)?)
    }

    fn compile(gpu: &Rc<Gpu>, plans: BandPlans) -> Result<Self> {
        let output = plans.plans.iter().map(|plan| plan.output).max().unwrap_or(0);
        let io = Io::new(gpu, &plans.largest(|plan| &plan.inputs), output);
        let usage = wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let room = |bytes: u64| (bytes > 0).then(|| gpu.buffer(bytes, usage));
        let rooms: Vec<Option<Buffer>> = plans.largest(|plan| &plan.carried).into_iter().map(room).collect();
        // All share the memory of the largest.
        gpu.arena(&plans.largest(|plan| &plan.temporaries));
        let programs = plans.plans.iter().map(|plan| compile(gpu, plan, io.clone(), &rooms)).collect::<Result<_>>()?;
        Ok(Self { programs, bands: plans.bands, height: plans.height })
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

    /// Fills every buffer that bands write and do not carry over with NaN: what a kernel reads too early shows.
    pub fn poison(&self) {
        self.programs.iter().for_each(Program::poison);
    }
}
