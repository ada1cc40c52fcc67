//! The test that a GPU passes before anything runs on it.

use super::{quick, quick_in_half};
use crate::gpu::{Gpu, take_error};
use crate::{Error, Result};
use std::rc::Rc;

/// Compares small convolutions and norms with the CPU: a wrong picture is worse than an error.
///
/// # Errors
/// [`Error::Gpu`] if a result differs, or none comes back.
pub async fn self_test(gpu: &Rc<Gpu>) -> Result<()> {
    let half = if gpu.half_maps() { quick_in_half() } else { Vec::new() };
    for check in quick().into_iter().chain(half) {
        let outcome = check.run(gpu).await;
        if let Some(error) = take_error() {
            return Err(Error::Gpu(error));
        }
        outcome.map_err(|reason| Error::Gpu(format!("{}: {reason}", check.name)))?;
    }
    Ok(())
}
