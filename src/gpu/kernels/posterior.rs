//! `shaders/posterior.wgsl`: the chain's own step, on the buffers of a program.

use crate::gpu::buffer::Buffer;
use crate::gpu::device::Gpu;
use crate::gpu::kernel::{Kernel, invocations};
use crate::gpu::program::{Dispatch, Program, bytes_of};
use crate::gpu::shapes::{Checked, expect, require};
use crate::paper::noise;
use crate::paper::process::Gaussian;
use crate::{Error, Result};
use std::rc::Rc;

/// The kernel.
pub fn posterior_kernel() -> Kernel {
    Kernel::new("posterior", include_str!("../../../shaders/posterior.wgsl"))
}

/// Moves a program's first input, x_t, on by a step: `a x_t + b x0 + std n`, with the program's result as x0.
pub struct Posterior {
    gpu: Rc<Gpu>,
    dispatch: Dispatch,
    step: Buffer,
    _quantiles: Buffer,
    dims: [usize; 4],
    seed: u64,
}

impl Posterior {
    /// For x_t and x0 of `dims` `[1, h, w, c]`.
    ///
    /// # Errors
    /// [`Error::Internal`] if the program's are of another size.
    pub fn new(gpu: &Rc<Gpu>, program: &Program, dims: [usize; 4], seed: u64) -> Result<Self> {
        use wgpu::BufferUsages as Usage;
        check_shapes(program, dims).map_err(|reason| Error::Internal(format!("posterior: {reason}")))?;
        let step = gpu.buffer(32, Usage::UNIFORM | Usage::COPY_DST);
        let table = noise::quantiles();
        let quantiles = gpu.buffer(size_of_val(table) as u64, Usage::STORAGE | Usage::COPY_DST);
        gpu.queue.write_buffer(&quantiles, 0, bytes_of(table));
        let [_, h, w, c] = dims;
        let buffers = [program.output(), &quantiles, program.input(0), &step];
        let dispatch = gpu.dispatch(&posterior_kernel(), &buffers, invocations(h * w * c.div_ceil(4)));
        Ok(Self { gpu: gpu.clone(), dispatch, step, _quantiles: quantiles, dims, seed })
    }

    /// The step with the noise of draw `draw`, to go before a program's next run; the standard deviation is `std`, not
    /// the Gaussian's own.
    pub(in crate::gpu) fn step(&self, q: Gaussian, std: f64, draw: u32) -> &Dispatch {
        let [_, h, w, c] = self.dims;
        let [seed, high] = noise::words(self.seed, draw);
        let real = |v: f64| (v as f32).to_bits();
        let numbers = [(h * w) as u32, w as u32, c as u32, real(q.a), real(q.b), real(std), seed, high];
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        self.gpu.queue.write_buffer(&self.step, 0, &bytes);
        &self.dispatch
    }
}

fn check_shapes(program: &Program, dims: [usize; 4]) -> Checked {
    require(dims[0] == 1, "there is more than one picture")?;
    let bytes = [4 * dims.iter().product::<usize>(); 2];
    expect("bytes of x_t and x0", &[program.input(0), program.output()].map(|buffer| buffer.size() as usize), &bytes)
}
