//! Whether this module's memory has run out.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use wasm_bindgen::prelude::wasm_bindgen;

/// The system's allocator; it remembers that it had nothing more to give. Who did not ask first ends in a trap then, which
/// says nothing of its cause.
struct Remembering;

static EXHAUSTED: AtomicBool = AtomicBool::new(false);

fn remember(pointer: *mut u8) -> *mut u8 {
    if pointer.is_null() {
        EXHAUSTED.store(true, Relaxed);
    }
    pointer
}

// SAFETY: hands every call to the system's allocator and only looks at the answer.
unsafe impl GlobalAlloc for Remembering {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps what `GlobalAlloc` asks for.
        remember(unsafe { System.alloc(layout) })
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps what `GlobalAlloc` asks for.
        remember(unsafe { System.alloc_zeroed(layout) })
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps what `GlobalAlloc` asks for.
        remember(unsafe { System.realloc(pointer, layout, size) })
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps what `GlobalAlloc` asks for.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Remembering = Remembering;

/// Whether an allocation was ever refused; it can be asked after a trap too.
#[wasm_bindgen]
pub fn exhausted() -> bool {
    EXHAUSTED.load(Relaxed)
}
