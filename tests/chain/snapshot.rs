//! A run that was interrupted between two steps goes on to the very bytes that it would have given.

use crate::support::{Formula, compact_folder, cpu, json, tiny_prior_folder};
use pollster::block_on;
use resshift::chain::run_context::{Event, Unwatched, Watch};
use resshift::chain::snapshot::{Pace, Snapshot, State};
use resshift::image::{Picture, Pixels};
use resshift::upscaler::{Options, Upscaler};
use resshift::{Error, Result};

/// Takes snapshots, and stops the run after some of them.
struct Interrupted {
    interval: Option<f64>,
    earlier: Option<Snapshot>,
    taken: Vec<Snapshot>,
    /// So many, then it is aborted.
    most: usize,
    /// Steps, as they are reported.
    steps: Vec<usize>,
    /// Every evaluation takes a second.
    clock: f64,
}

impl Interrupted {
    fn new(interval: Option<f64>, most: usize, earlier: Option<Snapshot>) -> Self {
        Self { interval, earlier, taken: Vec::new(), most, steps: Vec::new(), clock: 0.0 }
    }
}

impl Watch for Interrupted {
    fn event(&mut self, event: Event<'_>) {
        if let Event::Step { step, .. } = event {
            self.steps.push(step);
        }
    }

    async fn snapshot(&mut self, snapshot: Snapshot<&[u8]>, _steps: usize) {
        self.taken.push(snapshot.owned());
    }

    async fn pause(&mut self) -> Result<()> {
        self.clock += 1000.0;
        if self.taken.len() >= self.most { Err(Error::Aborted) } else { Ok(()) }
    }

    fn now(&self) -> f64 {
        self.clock
    }

    fn snapshots(&self) -> Option<f64> {
        self.interval
    }

    fn earlier(&mut self) -> Option<Snapshot<Box<dyn State>>> {
        self.earlier.take().map(Snapshot::stored)
    }
}

fn photo(width: usize, height: usize) -> Picture {
    let rgb = (0..width * height * 3).map(|i| (i * 37 % 101) as f32 / 100.0).collect();
    Picture { width, height, rgb, alpha: None }
}

fn compact() -> Upscaler {
    let (config, files) = compact_folder();
    Upscaler::load(config, files, &cpu()).unwrap()
}

/// A compact model whose y0 is a network's: a snapshot does not hold it, so it is drawn again.
fn with_prior() -> Upscaler {
    let (config, files) = tiny_prior_folder();
    Upscaler::load(config, files, &cpu()).unwrap()
}

/// The released architecture, small, with weights by formula: blended tiles, an encoder, GroupNorm and attention.
fn released() -> Upscaler {
    Upscaler::build(json("tiny.model"), Formula, &cpu()).unwrap()
}

fn run(upscaler: &Upscaler, picture: &Picture, options: &Options, watch: &mut impl Watch) -> Result<Pixels<u16>> {
    block_on(upscaler.upscale_as(picture, options, watch))
}

/// Stops a run after every one of its steps and goes on with another upscaler.
fn interrupted_everywhere(make: fn() -> Upscaler, picture: &Picture, options: &Options, steps: usize) {
    let upscaler = make();
    let want = run(&upscaler, picture, options, &mut Unwatched).unwrap();
    for stop in 1..steps {
        let mut first = Interrupted::new(Some(0.0), stop, None);
        assert_eq!(run(&upscaler, picture, options, &mut first).unwrap_err().code(), "aborted");
        let snapshot = first.taken.pop().unwrap();
        assert_eq!(snapshot.done, stop);
        let mut second = Interrupted::new(None, usize::MAX, Some(snapshot));
        let got = run(&make(), picture, options, &mut second).unwrap();
        assert_eq!(second.steps.first(), Some(&(stop + 1)), "steps that were done are not done again");
        assert!(got == want, "stopped after step {stop}");
    }
}

#[test]
fn bands_go_on_to_the_same_bytes() {
    let options = Options { steps: Some(5), seed: 7, tile: Some(8), ..Options::default() };
    interrupted_everywhere(compact, &photo(20, 12), &options, 5);
    interrupted_everywhere(with_prior, &photo(20, 12), &options, 5);
}

#[test]
fn blended_tiles_go_on_to_the_same_bytes() {
    let options = Options { steps: Some(4), seed: 7, tile: Some(32), ..Options::default() };
    interrupted_everywhere(released, &photo(44, 28), &options, 4);
}

/// Bands leave no trace, so a run may go on in others.
#[test]
fn bands_may_change() {
    let (upscaler, picture) = (compact(), photo(20, 12));
    let options = |tile| Options { steps: Some(3), tile: Some(tile), ..Options::default() };
    let want = run(&upscaler, &picture, &options(16), &mut Unwatched).unwrap();
    let mut first = Interrupted::new(Some(0.0), 2, None);
    run(&upscaler, &picture, &options(16), &mut first).unwrap_err();
    let mut second = Interrupted::new(None, usize::MAX, first.taken.pop());
    assert!(run(&upscaler, &picture, &options(8), &mut second).unwrap() == want);
    assert_eq!(second.steps.first(), Some(&3));
}

/// What is not a state of this very chain is left aside: the run begins at its first step and gives its own picture.
#[test]
fn snapshots_that_do_not_fit_are_left_aside() {
    let (upscaler, picture) = (compact(), photo(20, 12));
    let options = Options { steps: Some(3), seed: 1, ..Options::default() };
    let want = run(&upscaler, &picture, &options, &mut Unwatched).unwrap();
    let taken = |upscaler: &Upscaler, picture: &Picture, options: &Options| {
        let mut first = Interrupted::new(Some(0.0), 1, None);
        run(upscaler, picture, options, &mut first).unwrap_err();
        first.taken.pop().unwrap()
    };
    let own = taken(&upscaler, &picture, &options);
    let begins_at = |snapshot: Snapshot| {
        let mut watch = Interrupted::new(None, usize::MAX, Some(snapshot));
        assert!(run(&upscaler, &picture, &options, &mut watch).unwrap() == want);
        watch.steps[0]
    };
    assert_eq!(begins_at(own.clone()), 2, "the control");

    let mut renamed = compact_folder();
    renamed.0.version += "x";
    let renamed = Upscaler::load(renamed.0, renamed.1, &cpu()).unwrap();
    let mut other = picture.clone();
    other.rgb[5] += 1.0 / 255.0;
    let strangers = [
        ("seed", taken(&upscaler, &picture, &Options { seed: 2, ..options.clone() })),
        ("steps", taken(&upscaler, &picture, &Options { steps: Some(4), ..options.clone() })),
        ("temperature", taken(&upscaler, &picture, &Options { temperature: Some(0.5), ..options.clone() })),
        ("picture", taken(&upscaler, &other, &options)),
        ("size", taken(&upscaler, &photo(12, 20), &options)),
        ("weights", taken(&renamed, &picture, &options)),
        ("cut short", Snapshot { x: own.x[1..].to_vec(), ..own.clone() }),
        ("empty", Snapshot { x: Vec::new(), ..own.clone() }),
        ("not a number", Snapshot { x: vec![0xFF; own.x.len()], ..own.clone() }),
        ("nothing done", Snapshot { done: 0, ..own.clone() }),
        ("all done", Snapshot { done: 3, ..own.clone() }),
        ("far beyond", Snapshot { done: usize::MAX, ..own }),
    ];
    for (what, snapshot) in strangers {
        assert_eq!(begins_at(snapshot), 1, "{what}");
    }
}

/// Where tiles leave a trace, a state belongs to them.
#[test]
fn blended_tiles_may_not_change() {
    let (upscaler, picture) = (released(), photo(20, 12));
    let options = |tile| Options { steps: Some(2), tile: Some(tile), ..Options::default() };
    let mut first = Interrupted::new(Some(0.0), 1, None);
    run(&upscaler, &picture, &options(32), &mut first).unwrap_err();
    let mut second = Interrupted::new(None, usize::MAX, first.taken.pop());
    run(&upscaler, &picture, &options(16), &mut second).unwrap();
    assert_eq!(second.steps[0], 1);
}

/// Some fifteen bands a step, a second each: a state at most every so often, none near the end, and none of a short run.
#[test]
fn snapshots_keep_their_distance() {
    let (upscaler, picture) = (compact(), photo(20, 12));
    let taken = |interval: f64, steps| {
        let options = Options { steps: Some(steps), tile: Some(8), ..Options::default() };
        let mut watch = Interrupted::new(Some(interval), usize::MAX, None);
        run(&upscaler, &picture, &options, &mut watch).unwrap();
        watch.taken.iter().map(|snapshot| snapshot.done).collect::<Vec<_>>()
    };
    assert_eq!(taken(0.0, 4), [1, 2, 3]);
    assert_eq!(taken(70_000.0, 15), [5, 10]);
    assert!(taken(70_000.0, 4).is_empty());
    assert!(taken(70_000.0, 1).is_empty());
}

/// All pictures that a page takes, 16 megapixels in 48 channels of f16, have snapshots.
#[test]
fn larger_states_than_those_of_a_page_are_not_handed_out() {
    let (pace, largest) = (Pace::new(0.0, 0, 0.0), (16 << 20) * 48 * 2);
    assert!(pace.is_due(1, 2, largest, 1.0));
    assert!(!pace.is_due(1, 2, largest + 1, 1.0));
}

/// What took long comes again only after twenty times as long, and not where the run is over sooner.
#[test]
fn snapshots_that_take_long_are_rare() {
    let mut pace = Pace::new(10.0, 0, 0.0);
    let due = |pace: &Pace, steps: usize, now: f64| pace.is_due(100, steps, 1, now);
    pace.taken(98.0, 100.0);
    assert!(!due(&pace, 1000, 139.0));
    assert!(due(&pace, 1000, 140.0));
    assert!(!due(&pace, 128, 140.0), "39.2 ms are left");
    assert!(due(&pace, 129, 140.0));
    pace.taken(140.0, 140.25);
    assert!(!due(&pace, 1000, 150.0));
    assert!(due(&pace, 1000, 150.25));
}
