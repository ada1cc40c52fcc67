//! Weights in a GPU's memory, a buffer for each; or only their sizes, for lists that are counted and not run.

use super::buffer::{Buffer, size_for};
use super::device::Gpu;
use super::options::RecordOptions;
use super::program::{Job, bytes_of};
use crate::{Error, Result};
use std::fmt::{self, Debug, Formatter};
use std::rc::Rc;

/// A tensor's numbers, row-major and packed.
#[derive(Clone)]
pub struct Weight {
    /// How many numbers.
    count: usize,
    /// Whether they are f16 rather than f32.
    half: bool,
    place: Place,
}

/// Where a weight is.
#[derive(Clone)]
enum Place {
    Buffer(Rc<Gpu>, Buffer),
    /// Nowhere. Whether the lists that read it are for GPUs with f16.
    Nowhere {
        f16: bool,
    },
}

impl Debug for Weight {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} numbers, {} bytes", self.count, self.bytes())
    }
}

impl Weight {
    /// Zeros.
    pub fn zeros(gpu: &Rc<Gpu>, count: usize) -> Self {
        Self::on(gpu, count, false)
    }

    /// These numbers.
    pub fn new(gpu: &Rc<Gpu>, numbers: &[f32]) -> Self {
        let weight = Self::zeros(gpu, numbers.len());
        weight.write(0, numbers);
        weight
    }

    /// So many f32 numbers that are nowhere: lists with them can be recorded and planned, but not compiled.
    pub fn counted(options: &RecordOptions, count: usize) -> Self {
        Self { count, half: false, place: Place::Nowhere { f16: options.f16 } }
    }

    fn on(gpu: &Rc<Gpu>, count: usize, half: bool) -> Self {
        use wgpu::BufferUsages as Usage;
        // WebGPU's new buffers hold zeros.
        let buffer = gpu.buffer(size(count, half), Usage::STORAGE | Usage::COPY_DST | Usage::COPY_SRC);
        Self { count, half, place: Place::Buffer(gpu.clone(), buffer) }
    }

    /// Zeros where this weight is, as f32 or f16.
    pub(super) fn beside(&self, count: usize, half: bool) -> Self {
        match &self.place {
            Place::Buffer(gpu, _) => Self::on(gpu, count, half),
            Place::Nowhere { .. } => Self { count, half, ..self.clone() },
        }
    }

    /// Overwrites f32 numbers from number `at` on.
    pub fn write(&self, at: usize, numbers: &[f32]) {
        if let Some((gpu, buffer)) = self.buffer() {
            gpu.queue.write_buffer(buffer, 4 * at as u64, bytes_of(numbers));
        }
    }

    /// One after the other; `None` if there are none.
    pub fn joined(mut parts: Vec<Self>) -> Option<Self> {
        if parts.len() <= 1 {
            return parts.pop();
        }
        let whole = parts[0].beside(parts.iter().map(|part| part.count).sum(), false);
        let mut at = 0;
        for part in &parts {
            whole.copy(at, part);
            at += part.count;
        }
        Some(whole)
    }

    /// Overwrites f32 numbers from number `at` on with those of another.
    pub(super) fn copy(&self, at: usize, from: &Self) {
        if let (Some((gpu, to)), Some((_, from_buffer))) = (self.buffer(), from.buffer()) {
            let mut encoder = gpu.wgpu.create_command_encoder(&Default::default());
            encoder.copy_buffer_to_buffer(from_buffer, 0, to, 4 * at as u64, 4 * from.count as u64);
            gpu.queue.submit([encoder.finish()]);
        }
    }

    /// How many numbers.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether they are f16 rather than f32.
    pub fn is_half(&self) -> bool {
        self.half
    }

    /// Whether they are for a GPU that computes in f16.
    pub(super) fn may_be_half(&self) -> bool {
        match &self.place {
            Place::Buffer(gpu, _) => gpu.f16,
            Place::Nowhere { f16 } => *f16,
        }
    }

    /// Bytes of its buffer.
    pub(super) fn bytes(&self) -> u64 {
        size_for(size(self.count, self.half))
    }

    /// Its buffer, if it has one, and whose.
    pub(super) fn buffer(&self) -> Option<(&Rc<Gpu>, &Buffer)> {
        match &self.place {
            Place::Buffer(gpu, buffer) => Some((gpu, buffer)),
            Place::Nowhere { .. } => None,
        }
    }

    /// The numbers, read back: of f16 two in each.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device failed, [`Error::Internal`] if they are nowhere.
    pub async fn read(&self) -> Result<Vec<f32>> {
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let (gpu, buffer) = self.buffer().ok_or_else(|| Error::Internal("a weight is only counted".into()))?;
        let staging = gpu.buffer(buffer.size(), usage);
        Job::read(gpu, buffer, &staging, buffer.size()).finish().await
    }
}

/// Bytes of so many numbers.
fn size(count: usize, half: bool) -> u64 {
    (if half { 2 } else { 4 }) * count as u64
}
