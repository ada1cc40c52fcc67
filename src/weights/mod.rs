//! A model's weights: named tensors on their way from a folder's files to a device.
//!
//! | module | job |
//! |---|---|
//! | `by_name` | tensors by name, read below a prefix |
//! | [`shard`] | one file of them |
//! | [`upload`] | put on a device as files arrive |
//! | `zeros` | stand-ins for weights whose values do not matter |
//! | `layers` | the layers of [`crate::ops`], read from them |

mod by_name;
mod layers;
pub mod shard;
pub mod upload;
mod zeros;

pub(crate) use by_name::join;
pub use by_name::{KeepF32, Leaf, SafetensorsSource, TensorSource, Weights};
pub use zeros::Zeros;
