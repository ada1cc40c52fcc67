//! A model's command lists, recorded before its weights have come: the GPU compiles the kernels while they are on their
//! way.

use crate::chain::tiles::plan;
use crate::compute::Compute;
use crate::gpu::resident_chain::GpuChain;
use crate::gpu::{self, Gpu};
use crate::model::Model;
use crate::model::config::ModelConfig;
use crate::ops::Weight;
use crate::paper::schedule::Schedule;
use crate::weights::{TensorSource, Weights, Zeros};
use crate::{Error, Result};
use std::rc::Rc;

/// Weights that have not come yet.
struct Placeholder {
    gpu: Rc<Gpu>,
    half: bool,
}

impl TensorSource for Placeholder {
    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        Zeros.read(name, shape)
    }

    fn is_half(&self, _: &str) -> bool {
        self.half
    }

    fn is_placeholder(&self) -> bool {
        true
    }

    fn take(&self, _: &str, shape: &[usize]) -> Result<Option<Weight<1>>> {
        let count = shape.iter().product();
        Ok(Some(Weight::Gpu(gpu::Weight::zeros(&self.gpu, count), [count])))
    }
}

/// Has a GPU compile what the first run of a picture of `height` x `width` will need of the model `config`; `half`: its
/// weights are stored as f16 and stay so. Other sizes need few kernels more. On a CPU there is nothing to do.
///
/// # Errors
/// [`Error::BadWeights`] for a configuration that cannot be built.
pub fn precompile(config: &ModelConfig, half: bool, compute: &Compute, height: usize, width: usize) -> Result<()> {
    let Compute::Gpu(gpu) = compute else { return Ok(()) };
    let model = Model::load(config.clone(), &Weights::new(Placeholder { gpu: gpu.clone(), half }, gpu))?;
    let schedule = Schedule::new(config.schedule).map_err(|e| Error::BadWeights(format!("model.json: {e}")))?;
    let (latent, denoiser) = (&*model.latent, &*model.denoiser);
    let (height, width) = (height.next_multiple_of(denoiser.multiple()), width.next_multiple_of(denoiser.multiple()));

    let network = plan(height, width, denoiser.reach(), denoiser.multiple(), None, None);
    if let Some(tile) = network.tiles().next() {
        let (rows, cols) = (tile.y.len(), tile.x.len());
        let n = compute.batch(rows * cols).min(network.count());
        compute.precompile(&denoiser.sizes([n, rows, cols], latent, &schedule), |maps| denoiser.predict(maps));
    }
    if network.count() == 1 {
        GpuChain::precompile(gpu);
    }
    let encode = plan(height, width, latent.encode_reach(), latent.multiple(), None, None);
    if let (true, Some(tile)) = (latent.has_encoder(), encode.tiles().next()) {
        compute.precompile(&[[1, tile.y.len(), tile.x.len(), 3]], |maps| latent.encode(&maps[0]));
    }
    if let Some(tile) = plan(height, width, latent.decode_reach(), 1, None, None).tiles().next() {
        let (rows, cols) = (tile.y.len(), tile.x.len());
        let sizes = [[1, rows, cols, latent.channels()], [1, rows, cols, 3]];
        compute.precompile(&sizes, |maps| latent.decode(&maps[0], &maps[1]));
    }
    Ok(())
}
