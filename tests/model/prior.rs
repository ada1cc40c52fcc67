//! Chains that start from the picture of a network, y0: parity with stored ones, bands, y0 as preview and as result.

use crate::support::{Golden, compact_folder, cpu, max_error, model, stored_chain, tiny_prior_folder};
use pollster::block_on;
use resshift::Result;
use resshift::chain::run_context::{Event, Unwatched, Watch};
use resshift::image::{Picture, Pixels};
use resshift::model::config::ModelConfig;
use resshift::upscaler::{Options, Upscaler};

fn upscaler((config, files): (ModelConfig, Vec<Vec<u8>>)) -> Upscaler {
    Upscaler::load(config, files, &cpu()).unwrap()
}

fn photo() -> Picture {
    let image = image::open("tests/golden/photo.png").unwrap().to_rgb8();
    let rgb = image.as_raw().iter().map(|&v| v as f32 / 255.0).collect();
    Picture { width: image.width() as usize, height: image.height() as usize, rgb, alpha: None }
}

/// Where f32 sums in another order carry a number of y0's code across the border between two f16 numbers, it is off by 2^-11
/// of its size, which is up to 1; the others agree as chains without a prior do.
#[test]
fn chains_match_the_stored_ones() {
    const MOST: f64 = 1e-3;
    const MEAN: f64 = 1e-5;
    let (model, golden) = (model(tiny_prior_folder(), cpu()), Golden::open("tiny_prior_check"));
    let close = |what: &str, got: &[f32], want: &[f32]| {
        let mean = got.iter().zip(want).map(|(a, b)| f64::from((a - b).abs())).sum::<f64>() / got.len() as f64;
        let most = max_error(got, want);
        println!(
            "{what}: |error| at most {most:.1e}, tolerance {MOST:.0e}; on average {mean:.1e}, tolerance {MEAN:.0e}"
        );
        assert!(most <= MOST && mean <= MEAN);
    };
    for steps in [1, 4] {
        let [[z, want_z], [picture, want_picture]] = stored_chain(&model, &golden, [12, 16], steps);
        close(&format!("T={steps}, z0"), &z, &want_z);
        close(&format!("T={steps}, picture"), &picture, &want_picture);
    }
}

/// The picture in bands is the picture at once, to the bit, with and without steps.
#[test]
fn bands_leave_no_trace() {
    let (upscaler, picture) = (upscaler(tiny_prior_folder()), photo());
    for steps in [0, 2] {
        let run = |tile| {
            let options = Options { steps: Some(steps), seed: 3, tile: Some(tile), ..Options::default() };
            block_on(upscaler.upscale_as::<u16>(&picture, &options, &mut Unwatched)).unwrap()
        };
        let whole = run(4096);
        for tile in [8, 13, 20, 33] {
            assert!(run(tile) == whole, "{steps} steps, bands of {tile}");
        }
    }
}

/// What a run shows before its first step, and in how many steps it reports.
#[derive(Default)]
struct Looker {
    looks: bool,
    steps: usize,
    shown: Vec<(usize, usize, Pixels)>,
}

impl Watch for Looker {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Step { .. } => self.steps += 1,
            Event::Preview { x, y, pixels } if self.steps == 0 => self.shown.push((x, y, pixels.clone())),
            _ => {}
        }
    }

    async fn pause(&mut self) -> Result<()> {
        Ok(())
    }

    fn previews(&self) -> bool {
        self.looks
    }
}

/// The whole of y0 is shown before the first step, however short the run: what a run without steps gives.
#[test]
fn y0_is_shown_first() {
    let (upscaler, picture) = (upscaler(tiny_prior_folder()), photo());
    let run = |steps, tile, looks| {
        let mut looker = Looker { looks, ..Looker::default() };
        let options = Options { steps: Some(steps), tile: Some(tile), ..Options::default() };
        let result = block_on(upscaler.upscale(&picture, &options, &mut looker)).unwrap();
        (looker, result)
    };
    let (still, y0) = run(0, 4096, true);
    assert!(still.shown.is_empty() && still.steps == 0, "the result is shown as such");
    for tile in [4096, 16] {
        let (looker, result) = run(1, tile, true);
        let (mut seen, mut count) = (vec![0; y0.data.len()], 0);
        for (x, y, pixels) in &looker.shown {
            for (row, line) in pixels.data.chunks_exact(pixels.width * 3).enumerate() {
                seen[((y + row) * y0.width + x) * 3..][..line.len()].copy_from_slice(line);
                count += line.len();
            }
        }
        assert!(seen == y0.data && count == y0.data.len(), "bands of {tile}");
        let (unseen, same) = run(1, tile, false);
        assert!(unseen.shown.is_empty() && same == result);
    }
}

/// Without a network of y0 there is no result without steps.
#[test]
fn no_steps_need_a_prior() {
    let options = Options { steps: Some(0), ..Options::default() };
    let run = |upscaler: Upscaler| block_on(upscaler.upscale(&photo(), &options, &mut Unwatched));
    assert_eq!(run(upscaler(tiny_prior_folder())).unwrap().width, 280);
    let refused = run(upscaler(compact_folder())).unwrap_err();
    println!("{refused}");
    assert_eq!(refused.code(), "bad-option");
}

/// Alpha, tiny pictures, and weights that do not fit: as without a prior.
#[test]
fn odd_pictures_and_weights() {
    let upscaler = upscaler(tiny_prior_folder());
    for (width, height) in [(1, 1), (1, 9), (5, 1), (7, 13)] {
        let rgb = (0..width * height * 3).map(|i| (i * 37 % 101) as f32 / 100.0).collect();
        let picture = Picture { width, height, rgb, alpha: Some(vec![0.5; width * height]) };
        for steps in [0, 1] {
            let options = Options { steps: Some(steps), ..Options::default() };
            let result = block_on(upscaler.upscale(&picture, &options, &mut Unwatched)).unwrap();
            assert_eq!((result.width, result.height, result.channels), (4 * width, 4 * height, 4));
        }
    }
    let (config, files) = tiny_prior_folder();
    let without = Upscaler::load(config.clone(), files[1..].to_vec(), &cpu()).err().unwrap();
    assert!(without.to_string().contains("prior"), "{without}");
    let mut wide = config;
    if let resshift::model::config::Arch::Compact { network } = &mut wide.arch {
        network.prior = 16;
    }
    assert_eq!(Upscaler::load(wide, files, &cpu()).err().unwrap().code(), "bad-weights");
}
