//! Memory: what a picture costs beyond its tiles, counted.

mod support;

use resshift::compute::Compute;
use pollster::block_on;
use resshift::image::Picture;
use resshift::upscaler::{Options, Unwatched, Upscaler};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: hands every call to the system's allocator and only counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Two pictures, tiles of one size: the larger may cost more only by its canvases (x_t and x0, 4 bytes in each of 48
/// channels), the low-resolution picture (4 x 3), the result (48) and the rows that are being decoded. Everything that
/// a tile needs is the same for both.
#[test]
fn peak_grows_only_with_canvas_and_result() {
    let (config, files) = support::compact_folder();
    let upscaler = Upscaler::load(config, files, &Compute::cpu()).unwrap();
    let tile = 24;
    let peak = |width: usize, height: usize| {
        let picture = Picture { width, height, rgb: vec![0.5; width * height * 3], alpha: None };
        let options = Options { steps: Some(1), tile: Some(tile), ..Options::default() };
        let before = NOW.load(Relaxed);
        PEAK.store(before, Relaxed);
        block_on(upscaler.upscale(&picture, &options, &mut Unwatched)).unwrap();
        PEAK.load(Relaxed) - before
    };
    // Both are at least one tile with its whole halo wide.
    let (short, long, height) = (152, 1520, 8);
    // The first run also fills buffers that the threads keep.
    peak(short, height);
    let (small, large) = (peak(short, height), peak(long, height));
    let pixels = (long - short) * height;
    let per_pixel = 2 * 4 * 48 + 4 * 3 + 48;
    // A row of decoded tiles in f32, and its pixels once more for the report.
    let band = pixels * 16 * 3 * (4 + 1);
    let allowed = per_pixel * pixels + band;
    println!("peak above the weights: {small} and {large} bytes; growth {} of {allowed} allowed", large - small);
    assert!(large - small <= allowed);
    assert!(large - small >= 4 * 48 * pixels, "the count must see the canvas");
}
