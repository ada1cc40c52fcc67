//! A model's command lists, recorded before its weights have come: the GPU compiles the kernels while they are on their
//! way.

use crate::chain::bands::{Cut, Team};
use crate::compute::Compute;
use crate::gpu::resident_chain::GpuChain;
use crate::gpu::{self, RecordOptions};
use crate::model::config::ModelConfig;
use crate::model::{Model, Reach};
use crate::ops::Weight;
use crate::paper::schedule::Schedule;
use crate::weights::{TensorSource, Weights, Zeros};
use crate::{Error, Result};

/// Weights that have not come yet.
struct Placeholder {
    options: RecordOptions,
    half: bool,
}

impl TensorSource for Placeholder {
    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        Zeros.read(name, shape)
    }

    fn is_half(&self, _: &str) -> bool {
        self.half
    }

    fn take(&self, _: &str, shape: &[usize]) -> Result<Option<Weight<1>>> {
        let count = shape.iter().product();
        Ok(Some(Weight::Gpu(gpu::Weight::counted(&self.options, count), [count])))
    }
}

/// Has a GPU compile what the first run of a picture of `height` x `width` will need of the model `config`; `half`: its
/// weights are stored as f16 and stay so. Other sizes need few kernels more. On a CPU there is nothing to do.
///
/// # Errors
/// [`Error::BadWeights`] for a configuration that cannot be built, [`Error::Internal`] for one that cannot be recorded.
pub fn precompile(config: &ModelConfig, half: bool, compute: &Compute, height: usize, width: usize) -> Result<()> {
    let Compute::Gpu(gpu) = compute else { return Ok(()) };
    gpu::precompile_pack_conv2d(gpu, half);
    let options = gpu.options();
    let model = Model::load(config.clone(), &Weights::new(Placeholder { options, half }, Compute::Count(options)))?;
    let schedule = Schedule::new(config.schedule).map_err(|e| Error::BadWeights(format!("model.json: {e}")))?;
    let (latent, denoiser) = (&*model.latent, &*model.denoiser);
    let (height, width) = (height.next_multiple_of(denoiser.multiple()), width.next_multiple_of(denoiser.multiple()));

    let together = |reach, multiple| match Cut::new([height, width], reach, multiple, None, Team::default(), compute) {
        Cut::Bands(bands) => (bands.rows.min(height), width, usize::from(bands.rows < height) + 1),
        Cut::Tiles(plan) => {
            plan.tiles().next().map_or((height, width, 1), |tile| (tile.y.len(), tile.x.len(), plan.count()))
        }
    };
    let (rows, cols, count) = together(denoiser.reach(), denoiser.multiple());
    let n = match denoiser.reach() {
        Reach::Finite(_) => 1,
        Reach::Global { .. } => compute.batch(rows * cols).min(count),
    };
    compute.precompile(&denoiser.sizes([n, rows, cols], latent, &schedule), |maps| denoiser.predict(maps))?;
    if count == 1 {
        GpuChain::precompile(gpu);
    }
    if latent.has_encoder() {
        let (rows, cols, _) = together(latent.encode_reach(), latent.multiple());
        compute.precompile(&[[1, rows, cols, 3]], |maps| latent.encode(&maps[0]))?;
    }
    let (rows, cols, _) = together(latent.decode_reach(), 1);
    let sizes = [[1, rows, cols, latent.channels()], [1, rows, cols, 3]];
    compute.precompile(&sizes, |maps| latent.decode(&maps[0], &maps[1]))?;
    Ok(())
}
