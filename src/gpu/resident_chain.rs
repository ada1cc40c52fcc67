//! A chain that stays on the GPU: for pictures of one tile nothing is read back before z_0.

use super::device::Gpu;
use super::kernels::posterior::{Posterior, posterior_kernel};
use super::program::{Program, bytes_of};
use crate::Result;
use crate::paper::process::Gaussian;
use std::rc::Rc;

/// The chain's state x_t on the GPU, and the program that predicts x0 from it.
pub struct GpuChain {
    gpu: Rc<Gpu>,
    program: Rc<Program>,
    posterior: Posterior,
}

impl GpuChain {
    /// Has the GPU make the pipeline of the chain's own step.
    pub fn precompile(gpu: &Gpu) {
        gpu.pipeline(&posterior_kernel());
    }

    /// `program` takes x_t `[1, h, w, c]` first and returns x0; x_t starts as the prior mean `y0`.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] if the program's sizes are others.
    pub fn new(gpu: &Rc<Gpu>, program: Rc<Program>, dims: [usize; 4], y0: &[f32], seed: u64) -> Result<Self> {
        let posterior = Posterior::new(gpu, &program, dims, seed)?;
        gpu.queue.write_buffer(program.input(0), 0, bytes_of(y0));
        Ok(Self { gpu: gpu.clone(), posterior, program })
    }

    /// Moves x_t on by `q` (Eq. 7, or the prior with `b = 0`) and the noise of draw `draw` with deviation `std`, then
    /// predicts x0 from it and `others`, the program's inputs after the first. Returns when the GPU has done so.
    ///
    /// # Errors
    /// [`crate::Error::Gpu`] if the device failed.
    pub async fn advance(&self, q: Gaussian, std: f64, draw: u32, others: &[Option<&[f32]>]) -> Result<()> {
        let inputs: Vec<_> = std::iter::once(None).chain(others.iter().copied()).collect();
        self.program.run(&inputs, Some(self.posterior.step(q, std, draw)));
        self.gpu.finish().await
    }

    /// x0 of the last prediction.
    ///
    /// # Errors
    /// [`crate::Error::Gpu`] if the device failed.
    pub async fn x0(&self) -> Result<Vec<f32>> {
        self.program.read().finish().await
    }
}
