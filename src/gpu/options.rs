//! What a command list depends on besides the network.

/// Multiply-adds after which a submission ends on a GPU that has not been measured: about 100 ms at 0.4 TFLOP/s.
pub const SUBMIT_MACS: u64 = 20_000_000_000;

/// Choices and limits of a GPU, as plain values: recording and planning a list need nothing else of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordOptions {
    /// Whether it computes in f16, so that weights that are f16 numbers stay so.
    pub f16: bool,
    /// Whether convolutions use workgroup memory.
    pub tiled: bool,
    /// Whether feature maps between kernels are stored as f16, which takes `f16`; sums stay f32.
    pub half_maps: bool,
    /// Multiply-adds after which a submission ends.
    pub submit_macs: u64,
    /// Largest tensor in bytes.
    pub max_tensor_bytes: u64,
}

/// A GPU that has not been measured, with what WebGPU grants without asking.
impl Default for RecordOptions {
    fn default() -> Self {
        Self { f16: false, tiled: true, half_maps: false, submit_macs: SUBMIT_MACS, max_tensor_bytes: 128 << 20 }
    }
}
