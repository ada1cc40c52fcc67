//! Parts that other engines compute: the same picture, whoever computed what, and whoever failed.

use crate::support::{Formula, compact_folder, json, tiny_prior_folder};
use resshift::chain::bands::{Cut, Team};
use resshift::chain::run_context::{Event, Unwatched, Watch};
use resshift::chain::team::{Answer, Helpers, PartSize};
use resshift::chain::tiles::plan;
use resshift::compute::Compute;
use resshift::image::Picture;
use resshift::model::Reach;
use resshift::model::config::ModelConfig;
use resshift::upscaler::{Options, Upscaler};
use std::cell::Cell;

fn upscaler() -> Upscaler {
    load(compact_folder())
}

fn load((config, files): (ModelConfig, Vec<Vec<u8>>)) -> Upscaler {
    Upscaler::load(config, files, &Compute::cpu()).unwrap()
}

/// Helpers with an engine each. Every so often one cannot take a band, or fails.
struct Crew {
    engines: Vec<Upscaler>,
    asked: Cell<usize>,
    computed: Cell<usize>,
    /// The first of every so many requests finds its helper busy.
    busy: usize,
    /// Of those that are taken, the last of every so many fails.
    failing: usize,
    /// Most of a step that was reported as done.
    done: f64,
}

impl Helpers for Crew {
    fn count(&self) -> usize {
        self.engines.len()
    }

    fn is_free(&self, _: usize) -> bool {
        let asked = self.asked.replace(self.asked.get() + 1);
        !asked.is_multiple_of(self.busy)
    }

    fn start(&self, index: usize, part: PartSize, first: bool, inputs: &[&[f32]]) -> Option<Answer> {
        let asked = self.asked.get();
        if asked % self.failing == self.failing - 1 {
            return Some(Box::pin(async { None }));
        }
        let values = pollster::block_on(self.engines[index].predict(part, first, inputs)).unwrap();
        self.computed.set(self.computed.get() + 1);
        Some(Box::pin(async { Some(values) }))
    }
}

impl Watch for Crew {
    fn event(&mut self, event: Event<'_>) {
        if let Event::Step { done, of, .. } = event {
            assert!(done <= of);
            self.done = done as f64 / of as f64;
        }
    }

    async fn pause(&mut self) -> resshift::Result<()> {
        Ok(())
    }

    fn helpers(&self) -> &dyn Helpers {
        self
    }
}

/// Numbers of a hash's choosing.
struct Hash(u32);

impl Hash {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        (self.0 >> 8) as usize % n
    }
}

/// Any size, in bands of any height, by any number of engines, whoever fails at whatever: the picture that one engine gives at
/// once.
#[test]
fn help_changes_nothing() {
    let mut hash = Hash(3);
    let alone = load(tiny_prior_folder());
    let mut shared = 0;
    for case in 0..6 {
        let picture = photo(1 + hash.below(40), if case < 2 { 1 + case } else { 1 + hash.below(300) });
        let options = |tile| Options { steps: Some(2), seed: 5, tile: Some(tile), ..Options::default() };
        let want = pollster::block_on(alone.upscale(&picture, &options(4096), &mut Unwatched)).unwrap();
        for (busy, failing) in
            [(usize::MAX, usize::MAX), (1 + hash.below(4), usize::MAX), (usize::MAX, 1 + hash.below(9))]
        {
            let engines = (0..hash.below(4)).map(|_| load(tiny_prior_folder())).collect();
            let (asked, computed) = (Cell::new(0), Cell::new(0));
            let mut crew = Crew { engines, asked, computed, busy, failing, done: 0.0 };
            let rows = 8 + hash.below(picture.height);
            let got = pollster::block_on(alone.upscale(&picture, &options(rows), &mut crew)).unwrap();
            let (width, height, helpers) = (picture.width, picture.height, crew.engines.len());
            let what =
                format!("{width} x {height}, bands of {rows}, {helpers} helpers, busy {busy}, failing {failing}");
            assert!(got == want, "{what}");
            assert_eq!(crew.done, 1.0, "{what}");
            shared += crew.computed.get();
        }
    }
    println!("{shared} bands were computed elsewhere");
    assert!(shared > 20);
}

/// Blended tiles of a released kind of network are shared as well.
#[test]
fn tiles_are_shared() {
    let released = || Upscaler::build(json("tiny.model"), Formula, &Compute::cpu()).unwrap();
    let (alone, picture) = (released(), photo(36, 12));
    let options = Options { steps: Some(1), seed: 5, tile: Some(16), ..Options::default() };
    let want = pollster::block_on(alone.upscale(&picture, &options, &mut Unwatched)).unwrap();
    for (busy, failing) in [(usize::MAX, usize::MAX), (3, usize::MAX), (usize::MAX, 3)] {
        let (engines, asked, computed) = (vec![released(), released()], Cell::new(0), Cell::new(0));
        let mut crew = Crew { engines, asked, computed, busy, failing, done: 0.0 };
        assert!(pollster::block_on(alone.upscale(&picture, &options, &mut crew)).unwrap() == want);
        assert!(crew.computed.get() > 1, "only {} tiles were computed elsewhere", crew.computed.get());
    }
}

fn photo(width: usize, height: usize) -> Picture {
    let rgb = (0..width * height * 3).map(|i| (i * 37 % 101) as f32 / 100.0).collect();
    Picture { width, height, rgb, alpha: None }
}

#[test]
fn predictions_of_other_sizes_are_refused() {
    for first in [true, false] {
        let wrong = pollster::block_on(upscaler().predict(PartSize::whole(8, 8), first, &[&[0.0; 3]]));
        assert_eq!(wrong.unwrap_err().code(), "internal");
    }
}

/// What a device reports as the largest picture that is taken at once is so; a little more is not, or more than it should compute.
#[test]
fn the_largest_at_once() {
    let cpu = Compute::cpu();
    for reach in [Reach::Finite(61), Reach::Global { overlap: 16 }] {
        for most in [None, Some(256 * 256), Some(100 * 100 + 50)] {
            let team = Team { engines: 1, max_positions: most };
            let side = Cut::largest(reach, 8, most);
            let whole = |side: usize| Cut::new([side, side], reach, 8, None, team, &cpu).is_whole(side);
            println!("{reach:?}, at most {most:?}: {side}");
            assert!(whole(side) && !whole(side + 8));
        }
    }
}

/// Tiles respect that limit where it is possible.
#[test]
fn no_tile_is_too_large() {
    let reach = Reach::Finite(61);
    for (height, width) in [(64, 64), (200, 320), (480, 640), (1000, 1000)] {
        for most in [256 * 256, 160 * 160] {
            let plan = plan(height, width, reach, 8, None, Some(most));
            let covered: usize = plan.tiles().map(|t| t.y.kept().len() * t.x.kept().len()).sum();
            assert_eq!(covered, height * width);
            assert!(plan.largest() <= most.max(216 * 216), "{height}x{width}: {}", plan.largest());
        }
    }
}
