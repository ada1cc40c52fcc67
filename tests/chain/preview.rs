//! What a run shows while the chain runs: predictions in place, at a bounded cost, and nothing where nobody looks.

use crate::support::{Formula, chain, compact, compact_folder, cpu, json};
use pollster::block_on;
use resshift::Result;
use resshift::chain::bands::{Cut, Team};
use resshift::chain::canvas::Canvas;
use resshift::chain::levels::Levels;
use resshift::chain::run_context::{Event, Unwatched, Watch};
use resshift::chain::sampler::{Chain, Noise};
use resshift::image::{Picture, Pixels};
use resshift::model::Latent;
use resshift::model::Reach;
use resshift::ops::Map;
use resshift::paper::schedule::Schedule;
use resshift::upscaler::{Options, Upscaler};
use std::cell::Cell;

/// A part of the picture, and the step that predicted it.
struct Shown {
    step: usize,
    x: usize,
    y: usize,
    pixels: Pixels,
}

#[derive(Default)]
struct Looker {
    looks: bool,
    /// Milliseconds that an evaluation takes, and what showing a prediction takes.
    evaluation: f64,
    showing: f64,
    clock: f64,
    step: usize,
    shown: Vec<Shown>,
}

impl Watch for Looker {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Step { step, .. } => self.step = step,
            Event::Preview { x, y, pixels } => {
                self.clock += self.showing;
                self.shown.push(Shown { step: self.step, x, y, pixels: pixels.clone() });
            }
            _ => {}
        }
    }

    async fn pause(&mut self) -> Result<()> {
        self.clock += self.evaluation;
        Ok(())
    }

    fn now(&self) -> f64 {
        self.clock
    }

    fn previews(&self) -> bool {
        self.looks
    }
}

fn photo(width: usize, height: usize) -> Picture {
    let rgb = (0..width * height * 3).map(|i| (i * 37 % 101) as f32 / 100.0).collect();
    Picture { width, height, rgb, alpha: None }
}

fn look(tile: usize, steps: usize, looker: Looker) -> (Looker, Pixels) {
    let (config, files) = compact_folder();
    let upscaler = Upscaler::load(config, files, &cpu()).unwrap();
    let options = Options { steps: Some(steps), tile: Some(tile), ..Options::default() };
    let mut looker = looker;
    let result = block_on(upscaler.upscale(&photo(20, 12), &options, &mut looker)).unwrap();
    (looker, result)
}

/// The pictures that the parts of each step make; every pixel is shown once.
fn joined(shown: &[Shown], step: usize, (width, height): (usize, usize)) -> Vec<u8> {
    let (mut picture, mut count) = (vec![0; width * height * 3], vec![0; width * height]);
    for Shown { x, y, pixels, .. } in shown.iter().filter(|shown| shown.step == step) {
        for (row, line) in pixels.data.chunks_exact(pixels.width * 3).enumerate() {
            let at = (y + row) * width + x;
            picture[at * 3..][..line.len()].copy_from_slice(line);
            count[at..at + pixels.width].iter_mut().for_each(|count| *count += 1);
        }
    }
    assert!(count.iter().all(|&count| count == 1), "step {step} must be shown whole, and once");
    picture
}

/// With time to spare every step but the last shows the whole picture, the same whatever its bands, ever nearer to the
/// result.
#[test]
fn the_picture_emerges_in_place() {
    let slow = || Looker { looks: true, evaluation: 1000.0, ..Looker::default() };
    let ((tiled, result), (whole, same)) = (look(8, 4, slow()), look(4096, 4, slow()));
    assert_eq!(result, same, "looking on changes nothing");
    assert!(tiled.shown.iter().all(|shown| shown.step < 4), "the last prediction is the result itself");
    let size = (result.width, result.height);
    let far = |picture: &[u8]| -> f64 {
        let sum: u64 = picture.iter().zip(&result.data).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / result.data.len() as f64
    };
    let mut distances = Vec::new();
    for step in 1..4 {
        let picture = joined(&tiled.shown, step, size);
        assert_eq!(picture, joined(&whole.shown, step, size), "step {step}");
        distances.push(far(&picture));
    }
    println!("mean distance of what steps 1 to 3 show from the result: {distances:.2?}/255");
    assert!(distances.is_sorted_by(|a, b| a > b));
}

/// Previews take a few percent of a run at most, and no tile is shown more often than another.
#[test]
fn previews_are_rationed() {
    let (looker, _) = look(8, 40, Looker { looks: true, evaluation: 30.0, showing: 20.0, ..Looker::default() });
    let (shown, spent) = (looker.shown.len(), looker.shown.len() as f64 * looker.showing);
    println!("{shown} previews, {:.1} % of the run", 100.0 * spent / looker.clock);
    assert!(shown > 4 && spent <= 0.03 * looker.clock);
    let mut places: Vec<_> = looker.shown.iter().map(|shown| (shown.x, shown.y)).collect();
    places.sort_unstable();
    let counts: Vec<usize> = places.chunk_by(|a, b| a == b).map(<[_]>::len).collect();
    assert!(counts.len() >= 2, "all bands have been shown");
    assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
    // A run that is over at once shows nothing before its result.
    let (quick, _) = look(8, 4, Looker { looks: true, evaluation: 5.0, ..Looker::default() });
    assert_eq!(quick.shown.len(), 0);
}

/// The compact model's latent, which counts what it decodes.
struct Counting<'a>(&'a dyn Latent, Cell<usize>);

impl Latent for Counting<'_> {
    fn channels(&self) -> usize {
        self.0.channels()
    }
    fn encode(&self, lr: &Map) -> Map {
        self.0.encode(lr)
    }
    fn has_encoder(&self) -> bool {
        self.0.has_encoder()
    }
    fn decode(&self, z: &Map, lr: &Map) -> Map {
        self.1.set(self.1.get() + 1);
        self.0.decode(z, lr)
    }
    fn is_decoded_cheaply(&self) -> bool {
        self.0.is_decoded_cheaply()
    }
    fn encode_reach(&self) -> Reach {
        self.0.encode_reach()
    }
    fn decode_reach(&self) -> Reach {
        self.0.decode_reach()
    }
}

#[test]
fn nothing_is_computed_where_nobody_looks() {
    let model = compact(&burn::tensor::Device::flex());
    let latent = Counting(&*model.latent, Cell::new(0));
    let levels = Levels::new(&*model.denoiser, &Schedule::new(model.config.schedule).unwrap(), Some(3)).unwrap();
    let (noise, compute) = (Noise::Seeded(1), cpu());
    let chain = Chain { size: [16, 24], ..chain(&latent, &*model.denoiser, levels, noise, &compute) };
    let lr = Canvas::zeros(16, 24, 3);
    let cut = Cut::new([16, 24], model.denoiser.reach(), model.denoiser.multiple(), Some(8), Team::default(), &compute);
    let run = |watch: &mut Looker| block_on(chain.run(&lr, &cut, &cut, watch)).unwrap();
    let unseen = run(&mut Looker { evaluation: 1000.0, ..Looker::default() });
    assert_eq!(latent.1.get(), 0);
    let mut watch = Looker { looks: true, evaluation: 1000.0, ..Looker::default() };
    let seen = run(&mut watch);
    assert!(watch.shown.len() >= 2 * 2, "both bands of two steps");
    assert_eq!(latent.1.get(), watch.shown.len());
    assert!(seen == unseen);
}

/// The released autoencoder costs as much as steps of the chain do: there is nothing to see before its tiles are final.
#[test]
fn costly_latents_show_nothing() {
    let upscaler = Upscaler::build(json("tiny.model"), Formula, &cpu()).unwrap();
    let mut looker = Looker { looks: true, evaluation: 1000.0, ..Looker::default() };
    let options = Options { tile: Some(32), ..Options::default() };
    let seen = block_on(upscaler.upscale(&photo(40, 24), &options, &mut looker)).unwrap();
    assert_eq!(looker.shown.len(), 0);
    assert_eq!(seen, block_on(upscaler.upscale(&photo(40, 24), &options, &mut Unwatched)).unwrap());
}
