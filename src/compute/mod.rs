//! Where networks run: one call for the CPU and the GPU. [`device_trial`] measures which of the two is faster.

pub mod device_trial;
mod stream;

pub use stream::Stream;

use crate::gpu::{self, Gpu, Job, Node, Program, RecordOptions};
use crate::ops::{Map, Weight};
use crate::{Error, Result};
use burn::tensor::{Device, Tensor, TensorData};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// Latent pixels that fill a GPU: four tiles of the released networks' size, one of the compact model's.
const BATCH: usize = 4 * 64 * 64;

/// A place for networks to run.
#[derive(Clone)]
pub enum Compute {
    /// The CPU, through burn; an autodiff device will do.
    Cpu(Device),
    /// A GPU, through command lists.
    Gpu(Rc<Gpu>),
    /// Nowhere: for a GPU that need not be there, networks are recorded and [planned](gpu::Plan), with weights of which only the
    /// sizes are known.
    Count(RecordOptions),
}

impl From<&Compute> for Compute {
    fn from(compute: &Compute) -> Self {
        compute.clone()
    }
}

impl From<&Device> for Compute {
    fn from(device: &Device) -> Self {
        Compute::Cpu(device.clone())
    }
}

impl From<&Rc<Gpu>> for Compute {
    fn from(gpu: &Rc<Gpu>) -> Self {
        Compute::Gpu(gpu.clone())
    }
}

/// A network for inputs of certain sizes.
pub struct Stage<'a> {
    sizes: Vec<[usize; 4]>,
    backend: Backend<'a>,
}

enum Backend<'a> {
    Cpu(Device, Box<dyn Fn(&[Map]) -> Map + 'a>),
    Gpu(Rc<Program>),
}

/// A result on its way.
pub enum Work<'a> {
    /// Computed.
    Done(Tensor<4>),
    /// In a GPU's queue.
    Queued(Job),
    /// At another engine.
    Elsewhere(Pin<Box<dyn Future<Output = Result<Vec<f32>>> + 'a>>),
}

impl Compute {
    /// The CPU.
    pub fn cpu() -> Self {
        Compute::Cpu(Device::flex())
    }

    /// Numbers, row-major, as a weight of networks that run here.
    pub fn weight<const D: usize>(&self, numbers: Vec<f32>, shape: [usize; D]) -> Weight<D> {
        match self {
            Compute::Cpu(device) => Weight::Host(Tensor::from_data(TensorData::new(numbers, shape), device)),
            Compute::Gpu(gpu) => Weight::Gpu(gpu::Weight::new(gpu, &numbers), shape),
            Compute::Count(options) => Weight::Gpu(gpu::Weight::counted(options, numbers.len()), shape),
        }
    }

    /// Prepares `network` for inputs of the given sizes: on a GPU, its command list.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the sizes are more than the device allows, [`Error::Internal`] if the network cannot be recorded, or
    /// nothing can run here.
    pub fn prepare<'a>(&self, sizes: &[[usize; 4]], network: impl Fn(&[Map]) -> Map + 'a) -> Result<Stage<'a>> {
        let backend = match self {
            Compute::Cpu(device) => Backend::Cpu(device.clone(), Box::new(network)),
            Compute::Gpu(gpu) => Backend::Gpu(Rc::new(Program::new(gpu, sizes, |inputs| recorded(inputs, &network))?)),
            Compute::Count(_) => return Err(Error::Internal("a network that is only counted cannot run".into())),
        };
        Ok(Stage { sizes: sizes.to_vec(), backend })
    }

    /// Has a GPU compile the kernels that [`Self::prepare`] would need, without waiting for them.
    ///
    /// # Errors
    /// [`Error::Internal`] if the network cannot be recorded.
    pub fn precompile(&self, sizes: &[[usize; 4]], network: impl Fn(&[Map]) -> Map) -> Result<()> {
        match self {
            Compute::Gpu(gpu) => Program::precompile(gpu, sizes, |inputs| recorded(inputs, &network)),
            Compute::Cpu(_) | Compute::Count(_) => Ok(()),
        }
    }

    /// How many tiles of `positions` latent pixels to compute at once. Small tiles do not fill a GPU: the released UNet's
    /// lowest level is 8x8 for a tile of 64x64. An emulated GPU has no lanes to fill.
    pub fn batch(&self, positions: usize) -> usize {
        let tiled = match self {
            Compute::Cpu(_) => false,
            Compute::Gpu(gpu) => gpu.tiled(),
            Compute::Count(options) => options.tiled,
        };
        if tiled { (BATCH / positions.max(1)).clamp(1, 4) } else { 1 }
    }

    /// Gives back what runs have left in the device's memory, but the weights.
    pub fn clean_up(&self) {
        if let Compute::Gpu(gpu) = self {
            gpu.clear_arena();
        }
    }
}

fn recorded(inputs: &[Node], network: &impl Fn(&[Map]) -> Map) -> Node {
    let inputs: Vec<Map> = inputs.iter().cloned().map(Map::Gpu).collect();
    network(&inputs).node().clone()
}

impl Stage<'_> {
    /// Starts the network on `inputs`, row-major, of the sizes it was prepared for.
    pub fn start(&self, inputs: &[&[f32]]) -> Work<'static> {
        match &self.backend {
            Backend::Cpu(device, network) => {
                let map = |(data, &size): (&&[f32], &[usize; 4])| {
                    Map::Host(Tensor::from_data(TensorData::new(data.to_vec(), size), device))
                };
                let inputs: Vec<Map> = inputs.iter().zip(&self.sizes).map(map).collect();
                Work::Done(network(&inputs).host())
            }
            Backend::Gpu(program) => Work::Queued(program.start(&inputs.iter().map(|&x| Some(x)).collect::<Vec<_>>())),
        }
    }

    /// Its program, on a GPU.
    pub fn program(&self) -> Option<&Rc<Program>> {
        match &self.backend {
            Backend::Cpu(..) => None,
            Backend::Gpu(program) => Some(program),
        }
    }
}

impl Work<'_> {
    /// The result, row-major.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device failed, now or in the work before.
    pub async fn finish(self) -> Result<Vec<f32>> {
        match self {
            Work::Done(x) => read(x).await,
            Work::Queued(job) => job.finish().await,
            Work::Elsewhere(answer) => answer.await,
        }
    }
}

/// The numbers of a tensor on the CPU.
///
/// # Errors
/// [`Error::Internal`] if burn has none.
pub async fn read(tensor: Tensor<4>) -> Result<Vec<f32>> {
    let data = tensor.into_data_async().await.map_err(|e| Error::Internal(format!("a result was lost ({e:?})")))?;
    data.try_into_vec::<f32>().map_err(|e| Error::Internal(format!("a result is not f32 ({e:?})")))
}
