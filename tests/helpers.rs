//! Tiles that other engines compute: the same picture, whoever computed what, and whoever failed.

mod support;

use resshift::chain::run_context::{Event, Unwatched, Watch};
use resshift::chain::team::{Answer, Helpers};
use resshift::chain::tiles::{Team, largest_tile, plan, shared_plan};
use resshift::compute::Compute;
use resshift::image::Picture;
use resshift::model::Reach;
use resshift::model::config::ModelConfig;
use resshift::upscaler::{Options, Upscaler};
use std::cell::Cell;
use support::{compact_folder, tiny_prior_folder};

fn upscaler() -> Upscaler {
    load(compact_folder())
}

fn load((config, files): (ModelConfig, Vec<Vec<u8>>)) -> Upscaler {
    Upscaler::load(config, files, &Compute::cpu()).unwrap()
}

/// Helpers that all use one engine. Every so often one is busy, or fails.
struct Crew {
    engine: Upscaler,
    asked: Cell<usize>,
    computed: Cell<usize>,
    /// The first of every so many requests finds nobody free.
    busy: usize,
    /// Of those that are taken, the last of every so many fails.
    failing: usize,
}

impl Helpers for Crew {
    fn count(&self) -> usize {
        2
    }

    fn start(&self, rows: usize, cols: usize, inputs: &[&[f32]]) -> Option<Answer> {
        let asked = self.asked.replace(self.asked.get() + 1);
        if asked.is_multiple_of(self.busy) {
            return None;
        }
        if asked % self.failing == self.failing - 1 {
            return Some(Box::pin(async { None }));
        }
        self.computed.set(self.computed.get() + 1);
        let values = pollster::block_on(self.engine.predict(rows, cols, inputs)).unwrap();
        Some(Box::pin(async { Some(values) }))
    }
}

impl Watch for Crew {
    fn event(&mut self, _: Event<'_>) {}

    async fn pause(&mut self) -> resshift::Result<()> {
        Ok(())
    }

    fn helpers(&self) -> &dyn Helpers {
        self
    }
}

#[test]
fn help_changes_nothing() {
    for folder in [compact_folder, tiny_prior_folder] {
        helps_without_a_trace(folder);
    }
}

fn helps_without_a_trace(folder: fn() -> (ModelConfig, Vec<Vec<u8>>)) {
    let (alone, picture) = (load(folder()), photo(44, 28));
    let options = Options { steps: Some(2), seed: 5, tile: Some(8), ..Options::default() };
    let want = pollster::block_on(alone.upscale(&picture, &options, &mut Unwatched)).unwrap();
    for (busy, failing) in [(usize::MAX, usize::MAX), (3, usize::MAX), (2, 5), (4, 3)] {
        let mut crew = Crew { engine: load(folder()), asked: Cell::new(0), computed: Cell::new(0), busy, failing };
        let got = pollster::block_on(alone.upscale(&picture, &options, &mut crew)).unwrap();
        assert!(crew.computed.get() > 5, "only {} tiles were computed elsewhere", crew.computed.get());
        assert_eq!(got, want, "busy {busy}, failing {failing}");
    }
}

fn photo(width: usize, height: usize) -> Picture {
    let rgb = (0..width * height * 3).map(|i| (i * 37 % 101) as f32 / 100.0).collect();
    Picture { width, height, rgb, alpha: None }
}

#[test]
fn predictions_of_other_sizes_are_refused() {
    let wrong = pollster::block_on(upscaler().predict(8, 8, &[&[0.0; 3]]));
    assert_eq!(wrong.unwrap_err().code(), "internal");
}

/// What a device reports as its largest tile is one tile; a little more is several, or more than it should compute.
#[test]
fn the_largest_tile() {
    for reach in [Reach::Finite(61), Reach::Global { overlap: 16 }] {
        for most in [None, Some(256 * 256), Some(100 * 100 + 50)] {
            let side = largest_tile(reach, 8, most);
            let tiles = |side| shared_plan(side, side, reach, 8, None, Team { engines: 1, most }).count();
            println!("{reach:?}, at most {most:?}: {side}");
            assert_eq!(tiles(side), 1);
            assert!(tiles(side + 8) > 1 || most.is_some_and(|most| side * side <= most && most < (side + 8).pow(2)));
        }
    }
}

/// A team's tiles are worth their halos, cover the picture, and respect the limit where that is possible.
#[test]
fn plans_for_a_team() {
    let reach = Reach::Finite(61);
    for (height, width) in [(64, 64), (128, 128), (200, 320), (320, 320), (480, 640), (1000, 1000)] {
        let usual = plan(height, width, reach, 8, None);
        assert_eq!(shared_plan(height, width, reach, 8, None, Team { engines: 1, most: None }), usual);
        for engines in 1..=4 {
            for most in [None, Some(256 * 256), Some(160 * 160)] {
                let shared = shared_plan(height, width, reach, 8, None, Team { engines, most });
                let covered: usize = shared.tiles().map(|t| t.y.kept().len() * t.x.kept().len()).sum();
                assert_eq!(covered, height * width);
                let limit = most.unwrap_or(usize::MAX);
                assert!(shared.largest() <= limit.max(216 * 216), "{height}x{width}: {}", shared.largest());
                if usual.largest() <= limit {
                    assert!(shared == usual || 3 * shared.makespan(engines) <= 2 * usual.makespan(engines));
                }
            }
        }
    }
    // Where halos are as large as the tiles there is nothing to gain; for two engines too little; for four half the time.
    let makespan = |side, engines| {
        let plan = shared_plan(side, side, reach, 8, None, Team { engines, most: None });
        plan.makespan(engines) as f64 / (side * side) as f64
    };
    assert_eq!(makespan(64, 4), 1.0);
    assert_eq!(makespan(320, 2), 1.0);
    assert!(makespan(320, 4) < 0.5, "{}", makespan(320, 4));
}
