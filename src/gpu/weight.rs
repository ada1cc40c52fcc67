//! Weights in a GPU's memory, a buffer for each.

use super::buffer::Buffer;
use super::device::Gpu;
use super::program::{Job, bytes_of};
use crate::Result;
use std::fmt::{self, Debug, Formatter};
use std::rc::Rc;

/// A tensor's numbers, row-major and packed.
#[derive(Clone)]
pub struct Weight {
    pub(super) gpu: Rc<Gpu>,
    pub(super) buffer: Buffer,
    /// How many numbers.
    count: usize,
    /// Whether they are f16 rather than f32.
    half: bool,
}

impl Debug for Weight {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} numbers, {} bytes", self.count, self.buffer.size())
    }
}

impl Weight {
    /// Zeros, as f32 or f16.
    pub(super) fn empty(gpu: &Rc<Gpu>, count: usize, half: bool) -> Self {
        use wgpu::BufferUsages as Usage;
        let bytes = if half { 2 } else { 4 } * count as u64;
        // WebGPU's new buffers hold zeros.
        let buffer = gpu.buffer(bytes, Usage::STORAGE | Usage::COPY_DST | Usage::COPY_SRC);
        Self { gpu: gpu.clone(), buffer, count, half }
    }

    /// Zeros.
    pub fn zeros(gpu: &Rc<Gpu>, count: usize) -> Self {
        Self::empty(gpu, count, false)
    }

    /// These numbers.
    pub fn new(gpu: &Rc<Gpu>, numbers: &[f32]) -> Self {
        let weight = Self::zeros(gpu, numbers.len());
        weight.write(0, numbers);
        weight
    }

    /// Overwrites f32 numbers from number `at` on.
    pub fn write(&self, at: usize, numbers: &[f32]) {
        self.gpu.queue.write_buffer(&self.buffer, 4 * at as u64, bytes_of(numbers));
    }

    /// One after the other; `None` if there are none.
    pub fn joined(mut parts: Vec<Self>) -> Option<Self> {
        if parts.len() <= 1 {
            return parts.pop();
        }
        let whole = Self::zeros(&parts[0].gpu, parts.iter().map(|part| part.count).sum());
        let mut at = 0;
        for part in &parts {
            whole.copy(at, part);
            at += part.count;
        }
        Some(whole)
    }

    /// Overwrites f32 numbers from number `at` on with those of another.
    pub(super) fn copy(&self, at: usize, from: &Self) {
        let mut encoder = self.gpu.wgpu.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(&from.buffer, 0, &self.buffer, 4 * at as u64, 4 * from.count as u64);
        self.gpu.queue.submit([encoder.finish()]);
    }

    /// How many numbers.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether they are f16 rather than f32.
    pub fn is_half(&self) -> bool {
        self.half
    }

    /// The numbers, read back: of f16 two in each.
    ///
    /// # Errors
    /// [`crate::Error::Gpu`] if the device failed.
    pub async fn read(&self) -> Result<Vec<f32>> {
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let staging = self.gpu.buffer(self.buffer.size(), usage);
        Job::read(&self.gpu, &self.buffer, &staging, self.buffer.size()).finish().await
    }
}
