//! Memory of a GPU's.

use std::ops::Deref;
use std::rc::Rc;

/// A buffer that is given back with its last clone. wgpu's own would wait for a browser's garbage collector, which knows
/// nothing of the hundreds of megabytes behind it. Work that was submitted before still finds it.
#[derive(Clone)]
pub(super) struct Buffer(Rc<Owned>);

struct Owned(wgpu::Buffer);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.destroy();
    }
}

impl From<wgpu::Buffer> for Buffer {
    fn from(buffer: wgpu::Buffer) -> Self {
        Self(Rc::new(Owned(buffer)))
    }
}

/// Size of a buffer for so many bytes: WebGPU binds no empty ones, and copies four bytes at a time.
pub(super) fn size_for(bytes: u64) -> u64 {
    bytes.max(4).next_multiple_of(4)
}

impl Deref for Buffer {
    type Target = wgpu::Buffer;

    fn deref(&self) -> &wgpu::Buffer {
        &self.0.0
    }
}
