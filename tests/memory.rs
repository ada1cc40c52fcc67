//! Memory: what a picture costs beyond its bands, counted.

mod support;

use pollster::block_on;
use resshift::Result;
use resshift::chain::bands::{Cut, Team};
use resshift::chain::run_context::Unwatched;
use resshift::compute::Compute;
use resshift::image::{FileRows, Format, Picture, Pieces, Tags};
use resshift::model::Reach;
use resshift::model::config::ModelConfig;
use resshift::upscaler::{Options, Upscaler};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
/// The largest allocation.
static LARGEST: AtomicUsize = AtomicUsize::new(0);
/// Allocations of at least so many bytes are large.
static LARGE: AtomicUsize = AtomicUsize::new(usize::MAX);
/// How many large ones are granted before one is refused.
static GRANTED: AtomicUsize = AtomicUsize::new(0);
/// The tests of this file come one after the other: they share the counters.
static TURN: Mutex<()> = Mutex::new(());

// SAFETY: hands every call to the system's allocator, or refuses it, and counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= LARGE.load(Relaxed) && GRANTED.fetch_sub(1, Relaxed) == 0 {
            return std::ptr::null_mut();
        }
        LARGEST.fetch_max(layout.size(), Relaxed);
        PEAK.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: the caller keeps what `GlobalAlloc` asks for.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps what `GlobalAlloc` asks for.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The peak must not depend on which threads meet.
fn on_one_thread() {
    // The other test of this file may have done it.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(1).build_global();
}

fn grey(width: usize, height: usize) -> Picture {
    Picture { width, height, rgb: vec![0.5; width * height * 3], alpha: None }
}

/// Two pictures of one width, bands of one height: the larger may cost more only by its canvas (4 bytes in each of 48
/// channels), the low-resolution picture (4 x 3), whether a pixel is neutral (1), and what is larger of the result (48), where it
/// is held, and y0's code (2 x 48), which steps alone keep. Everything that the network needs is the same for both.
#[test]
fn peak_grows_only_with_canvas_and_result() {
    let _turn = TURN.lock();
    on_one_thread();
    for held in [true, false] {
        peak_grows_only_by(support::compact_folder(), &[(1, 0), (2, 0)], held);
        peak_grows_only_by(support::tiny_prior_folder(), &[(0, 0), (1, 2 * 48), (2, 2 * 48)], held);
    }
}

/// Where a file goes that nobody keeps.
struct Nowhere;

impl Pieces for Nowhere {
    async fn take(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }
}

/// For every number of steps, bytes of y0's code per pixel; the result is `held`, or a file that goes away.
fn peak_grows_only_by((config, files): (ModelConfig, Vec<Vec<u8>>), runs: &[(usize, usize)], held: bool) {
    let upscaler = Upscaler::load(config, files, &Compute::cpu()).unwrap();
    let tile = 24;
    let peak = |width: usize, height: usize, steps: usize| {
        let picture = grey(width, height);
        let options = Options { steps: Some(steps), tile: Some(tile), ..Options::default() };
        let before = NOW.load(Relaxed);
        PEAK.store(before, Relaxed);
        if held {
            block_on(upscaler.upscale(&picture, &options, &mut Unwatched)).unwrap();
        } else {
            let (size, tags, kind) = ((4 * width, 4 * height), Tags::default(), (Format::Jpeg, Some(90)));
            let mut file = FileRows::<u8, _>::new(&picture, 4, size, &tags, kind, Nowhere).unwrap();
            block_on(upscaler.upscale_rows(picture, &options, &mut Unwatched, &mut file)).unwrap();
            block_on(file.finish()).unwrap();
        }
        PEAK.load(Relaxed) - before
    };
    // Both are at least one tile with its whole halo high.
    let (width, short, long) = (8, 152, 1520);
    // The first run also fills buffers that the threads keep.
    peak(width, short, 1);
    let pixels = (long - short) * width;
    for &(steps, y0) in runs {
        let allowed = (4 * 48 + 4 * 3 + 1 + y0.max(if held { 48 } else { 0 })) * pixels;
        let (small, large) = (peak(width, short, steps), peak(width, long, steps));
        println!("peak above the weights: {small} and {large} bytes; growth {} of {allowed} allowed", large - small);
        // A band more is a few numbers more in lists.
        assert!(large - small <= allowed + 1000);
        assert!(large - small >= (4 * 48 + y0) * pixels, "the count must see the canvas and y0");
    }
}

/// What a run reserves before it begins, in one piece, is about what it takes at its worst, the rows that the network keeps from
/// band to band included: a picture that is too large for the device is refused at once.
#[test]
fn what_is_reserved_is_what_a_run_takes() {
    let _turn = TURN.lock();
    on_one_thread();
    let (config, files) = support::model_folder("nano");
    let upscaler = Upscaler::load(config, files, &Compute::cpu()).unwrap();
    // The first run also fills buffers that the threads keep.
    for (width, height, tile) in [(8, 8, 8), (64, 64, 64), (256, 136, 16), (256, 136, 8), (256, 32, 16)] {
        let picture = grey(width, height);
        let options = Options { steps: Some(1), tile: Some(tile), ..Options::default() };
        let before = NOW.load(Relaxed);
        PEAK.store(before, Relaxed);
        LARGEST.store(0, Relaxed);
        block_on(upscaler.upscale(&picture, &options, &mut Unwatched)).unwrap();
        let (took, reserved) = (PEAK.load(Relaxed) - before, LARGEST.load(Relaxed));
        println!("{width} x {height}, bands of {tile}: {reserved} bytes reserved, {took} taken");
        let input = 2 * 4 * 3 * width * height + 100_000;
        assert!(width * height < 1000 || (took <= reserved + reserved / 5 + input && reserved <= took + took / 2));
    }
}

/// A picture, and what a network takes for it.
#[derive(serde::Deserialize)]
struct Told {
    width: usize,
    height: usize,
    channels: usize,
    bytes: usize,
}

/// `large.spec.ts` compares the package's estimate with the same numbers.
#[test]
fn what_a_network_takes_is_what_the_package_tells() {
    for Told { width, height, channels, bytes: told } in support::json::<Vec<Told>>("network_bytes") {
        let cut = Cut::new([height, width], Reach::Finite(61), 8, None, Team::default(), &Compute::cpu());
        let bytes = cut.network_bytes([height, width], channels, 48);
        // A band is a whole number of rows.
        assert!(bytes <= told + told / 100 && told <= bytes + bytes / 8, "{width} x {height}: {bytes}, {told}");
    }
}

/// Whichever of the buffers that grow with the picture is refused: the run ends with an error, and not the program; and the
/// same upscaler takes the picture again.
#[test]
fn a_refused_allocation_is_an_error() {
    let _turn = TURN.lock();
    on_one_thread();
    let (config, files) = support::compact_folder();
    let upscaler = Upscaler::load(config, files, &Compute::cpu()).unwrap();
    let (width, height) = (8, 20_000);
    let pixels = width * height;
    let mut picture = grey(width, height);
    picture.alpha = Some((0..pixels).map(|i| (i % 2) as f32).collect());
    let options = Options { steps: Some(1), tile: Some(256), ..Options::default() };
    let run = |granted: usize| {
        GRANTED.store(granted, Relaxed);
        // What the picture itself takes; a tile of these takes less.
        LARGE.store(4 * 3 * pixels, Relaxed);
        let outcome = block_on(upscaler.upscale(&picture, &options, &mut Unwatched));
        LARGE.store(usize::MAX, Relaxed);
        outcome.map(|pixels| pixels.data.len()).map_err(|error| error.code())
    };
    let (refused, outcome) =
        (0..).map(|granted| (granted, run(granted))).find(|(_, outcome)| *outcome != Err("out-of-memory")).unwrap();
    println!("{refused} large allocations");
    assert!(refused >= 5, "a copy of the input, its filled colours, all of it together, canvas, and result");
    assert_eq!(outcome, Ok(pixels * 64));
}
