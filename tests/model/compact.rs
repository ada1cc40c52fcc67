//! The compact model: parity with stored chains, and bands that leave no trace.

use crate::support::{
    Golden, chain, compact, compact_folder, cpu, crop, decode, max_error, predict_x0, shipped, stored_chain,
};
use burn::tensor::Device;
use pollster::block_on;
use resshift::chain::bands::{Bands, Cut, Part, Team};
use resshift::chain::canvas::Canvas;
use resshift::chain::latent_canvas::Precision;
use resshift::chain::levels::Levels;
use resshift::chain::run_context::{Event, Unwatched, Watch};
use resshift::chain::sampler::{Chain, Noise};
use resshift::chain::tiles::plan;
use resshift::compute::read;
use resshift::image::encode::to_u8;
use resshift::image::{Limits, Picture, decode as decode_file};
use resshift::model::Reach;
use resshift::paper::schedule::Schedule;
use resshift::upscaler::{Options, Upscaler};

fn device() -> Device {
    Device::flex()
}

/// z0 2e-4, picture 5e-4: f32 sums in another order, through up to 15 evaluations of the network.
#[test]
fn chains_match_the_stored_ones() {
    chains_match("compact", &[1, 4, 15]);
    chains_match("nano", &[1, 4]);
}

fn chains_match(name: &str, lengths: &[usize]) {
    let device = device();
    let model = shipped(name, &device);
    let check = Golden::open(&format!("{name}_check"));
    let (h, w) = (24, 36);
    let lr = check.nhwc("lr");
    let lr = Canvas { height: h, width: w, channels: 3, data: lr };
    for &steps in lengths {
        let trained = Schedule::new(model.config.schedule).unwrap();
        let levels = Levels::new(&*model.denoiser, &trained, Some(steps)).unwrap();
        for (got, want) in levels.schedule.sqrt_eta.iter().zip(check.f64(&format!("T{steps}.sqrt_eta")).data) {
            assert!((got / want - 1.0).abs() < 1e-12);
        }
        let draws = check.nhwc(&format!("T{steps}.noise"));
        // The first step's prediction, from x_T alone.
        let x_t = Canvas { height: h, width: w, channels: 48, data: draws[..h * w * 48].to_vec() };
        let std = resshift::paper::process::prior(&levels.schedule).std as f32;
        let x_t = crop(&x_t, 0..h, 0..w, &device) * std;
        let z0 = predict_x0(&*model.denoiser, x_t, crop(&lr, 0..h, 0..w, &device), &levels.schedule, steps - 1);
        let first = block_on(read(z0)).unwrap();
        let error = max_error(&first, &check.nhwc(&format!("T{steps}.step0.z0")));
        println!("{name} T={steps} first z0: max |error| = {error:.1e}, tolerance 2e-4");
        assert!(error <= 2e-4);

        // The stored pictures are not yet clamped.
        let [[z, want_z], [image, want_image]] = stored_chain(&model, &check, [h, w], steps);
        for (what, got, want, tolerance) in [("last z0", z, want_z, 2e-4), ("picture", image, want_image, 5e-4)] {
            let error = max_error(&got, &want);
            println!("{name} T={steps} {what}: max |error| = {error:.1e}, tolerance {tolerance:.0e}");
            assert!(error <= tolerance);
        }
    }
}

/// The stated halo is enough, and not idle: inputs beyond it change nothing at all, inputs near it do.
#[test]
fn halo_bounds_the_reach() {
    let device = device();
    let model = compact(&device);
    let Reach::Finite(halo) = model.denoiser.reach() else { panic!("the compact model must have a finite reach") };
    println!("compact halo: {halo} low-resolution pixels");
    let schedule = Schedule::new(model.config.schedule).unwrap();
    let (h, w) = (8, 2 * halo.next_multiple_of(4) + 8);
    let predict = |bump: Option<usize>| {
        let mut z = Canvas::zeros(h, w, 48);
        let mut lr = Canvas::zeros(h, w, 3);
        if let Some(x) = bump {
            for y in 0..h {
                z.data[(y * w + x) * 48..][..48].fill(5.0);
                lr.data[(y * w + x) * 3..][..3].fill(1.0);
            }
        }
        let (z, lr) = (crop(&z, 0..h, 0..w, &device), crop(&lr, 0..h, 0..w, &device));
        block_on(read(predict_x0(&*model.denoiser, z, lr, &schedule, 14))).unwrap()
    };
    let base = predict(None);
    // How far to the right a change at column x is felt.
    let felt = |x: usize| {
        let other = predict(Some(x));
        let differs =
            |column: usize| (0..h).any(|y| other[(y * w + column) * 48..][..48] != base[(y * w + column) * 48..][..48]);
        (0..w).rev().find(|&column| differs(column)).unwrap() - x
    };
    let reached = (0..4).map(felt).max().unwrap();
    println!("a change is felt {reached} pixels away");
    assert!(reached <= halo, "{reached} > {halo}");
    assert!(reached + 4 >= halo, "the stated halo {halo} is far more than the {reached} needed");
}

fn photo() -> Picture {
    let image = image::open("tests/golden/photo.png").unwrap().to_rgb8();
    let rgb = image.as_raw().iter().map(|&v| v as f32 / 255.0).collect();
    Picture { width: image.width() as usize, height: image.height() as usize, rgb, alpha: None }
}

/// The picture in bands is the picture at once, to the bit, however high they are.
#[test]
fn bands_leave_no_trace() {
    let device = device();
    let (config, files) = compact_folder();
    let upscaler = Upscaler::load(config, files, &cpu()).unwrap();
    let picture = photo();
    let run = |tile| {
        let options = Options { steps: Some(2), seed: 3, tile: Some(tile), ..Options::default() };
        block_on(upscaler.upscale(&picture, &options, &mut Unwatched)).unwrap()
    };
    let whole = run(4096);
    assert_eq!((whole.width, whole.height), (4 * picture.width, 4 * picture.height));
    for rows in [8, 20, 33] {
        assert!(run(rows) == whole, "bands of {rows}");
    }
    let model = compact(&device);
    let trained = Schedule::new(model.config.schedule).unwrap();
    let lr = resshift::upscaler::pad(picture.clone(), model.denoiser.multiple()).unwrap();
    let run = |network: &Cut| {
        let levels = Levels::new(&*model.denoiser, &trained, Some(2)).unwrap();
        let compute = cpu();
        let chain = chain(&*model.latent, &*model.denoiser, levels, Noise::Seeded(3), &compute);
        block_on(chain.run(&lr, network, network, &mut Unwatched)).unwrap().rows(0..lr.height)
    };
    let (whole, h) = (run(&Cut::whole(lr.height)), lr.height);
    // Negative control: parts without a halo would show.
    let parts = [0..16, 16..h].map(|rows| Part { keeps: rows.clone(), reads: rows }).into();
    let naive = max_error(&whole, &run(&Cut::Bands(Bands { rows: 8, halo: 0, multiple: 8, parts })));
    assert!(naive > 1e-2, "parts without a halo should differ, but only by {naive}");
}

/// Any size from 1x1 up works, and gives four times the size.
#[test]
fn any_size() {
    let (config, files) = compact_folder();
    let upscaler = Upscaler::load(config, files, &cpu()).unwrap();
    for (width, height) in [(1, 1), (1, 9), (2, 3), (5, 1), (7, 13), (33, 2)] {
        let rgb = (0..width * height * 3).map(|i| (i * 37 % 101) as f32 / 100.0).collect();
        let picture = Picture { width, height, rgb, alpha: None };
        let options = Options { steps: Some(1), ..Options::default() };
        let result = block_on(upscaler.upscale(&picture, &options, &mut Unwatched)).unwrap();
        assert_eq!((result.width, result.height, result.channels), (4 * width, 4 * height, 3));
        assert_eq!(result.data.len(), 16 * width * height * 3);
    }
}

/// Alpha survives: same seed, same colours, and its own bicubic enlargement.
#[test]
fn alpha_is_kept() {
    let (config, files) = compact_folder();
    let upscaler = Upscaler::load(config, files, &cpu()).unwrap();
    let (width, height) = (12, 8);
    let rgb = (0..width * height * 3).map(|i| (i % 17) as f32 / 16.0).collect();
    let alpha = (0..width * height).map(|i| if i % width < 6 { 0.0 } else { 1.0 }).collect();
    let picture = Picture { width, height, rgb, alpha: Some(alpha) };
    let options = Options { steps: Some(1), ..Options::default() };
    let result = block_on(upscaler.upscale(&picture, &options, &mut Unwatched)).unwrap();
    assert_eq!(result.channels, 4);
    let at = |x: usize| result.data[(16 * 4 * width + x) * 4 + 3];
    assert_eq!((at(0), at(4 * width - 1)), (0, 255));
    assert!((22..26).any(|x| (1..255).contains(&at(x))), "the edge is soft");
}

struct StopAfter(usize);

impl Watch for StopAfter {
    fn event(&mut self, event: Event<'_>) {
        if let Event::Step { .. } = event {
            self.0 = self.0.saturating_sub(1);
        }
    }
    async fn pause(&mut self) -> resshift::Result<()> {
        if self.0 == 0 { Err(resshift::Error::Aborted) } else { Ok(()) }
    }
}

/// A cancelled run ends within a step, and the upscaler then gives the picture it would have given before.
#[test]
fn cancelling_leaves_it_usable() {
    let (config, files) = compact_folder();
    let upscaler = Upscaler::load(config, files, &cpu()).unwrap();
    let picture = Picture { width: 8, height: 8, rgb: vec![0.3; 192], alpha: None };
    let options = Options { steps: Some(4), ..Options::default() };
    let before = block_on(upscaler.upscale(&picture, &options, &mut Unwatched)).unwrap();
    let stopped = block_on(upscaler.upscale(&picture, &options, &mut StopAfter(2)));
    assert_eq!(stopped.unwrap_err().code(), "aborted");
    let after = block_on(upscaler.upscale(&picture, &options, &mut Unwatched)).unwrap();
    assert_eq!(before, after);
}

#[test]
fn broken_weights_are_named() {
    let (config, files) = compact_folder();
    let short = vec![files[0][..files[0].len() - 7].to_vec()];
    assert_eq!(Upscaler::load(config.clone(), short, &cpu()).err().unwrap().code(), "bad-weights");
    let mut wide = config;
    if let resshift::model::config::Arch::Compact { network } = &mut wide.arch {
        network.channels[0] = 52;
    }
    let error = Upscaler::load(wide, files, &cpu()).err().unwrap();
    assert!(error.to_string().contains("expected"), "{error}");
}

/// As many areas as a step has tiles cover a picture that was padded, each with something of it.
#[test]
fn areas_cover_a_picture_once() {
    for (height, width) in [(1, 1), (21, 13), (250, 700), (1001, 999)] {
        let padded = [height, width].map(|side: usize| side.next_multiple_of(8));
        let team = |engines| Team { engines, max_positions: None };
        let bands = |tile, engines| Cut::Bands(Bands::new(padded, 61, 8, tile, team(engines)));
        let tiles = |reach, tile| Cut::Tiles(plan(padded[0], padded[1], reach, 8, tile, None));
        for cut in [
            bands(None, 1),
            bands(Some(8), 1),
            bands(Some(64), 3),
            tiles(Reach::Finite(61), None),
            tiles(Reach::Finite(61), Some(64)),
            tiles(Reach::Global { overlap: 16 }, None),
        ] {
            let areas = cut.areas([height, width]);
            assert_eq!(areas.len(), cut.count());
            let mut covered = vec![0; height * width];
            for [rows, cols] in &areas {
                assert!(!rows.is_empty() && !cols.is_empty(), "{height} x {width}: {cut:?}");
                rows.clone().for_each(|y| cols.clone().for_each(|x| covered[y * width + x] += 1));
            }
            assert!(covered.iter().all(|&times| times == 1), "{height} x {width}: {cut:?}");
        }
    }
}

/// The tiles that a run counts and the pixels of those that it has told, at their places.
#[derive(Default)]
struct Told {
    of: usize,
    tiles: usize,
    data: Vec<u8>,
    width: usize,
}

impl Watch for Told {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Step { of, .. } => self.of = of,
            Event::Tile { x, y, pixels } => {
                self.tiles += 1;
                for (row, line) in pixels.data.chunks_exact(pixels.width * 3).enumerate() {
                    let place = &mut self.data[((y + row) * self.width + x) * 3..][..line.len()];
                    assert!(place.iter().all(|&value| value == 1), "a pixel is told once");
                    place.copy_from_slice(line);
                }
            }
            Event::Preview { .. } => {}
        }
    }
    async fn pause(&mut self) -> resshift::Result<()> {
        Ok(())
    }
}

/// As many tiles come as the progress counts, and together they are the result.
#[test]
fn told_tiles_are_those_of_the_progress() {
    let (config, files) = compact_folder();
    let upscaler = Upscaler::load(config, files, &cpu()).unwrap();
    let (width, height) = (13, 21);
    let rgb = (0..width * height * 3).map(|i| (i % 17) as f32 / 16.0).collect();
    let picture = Picture { width, height, rgb, alpha: None };
    for tile in [None, Some(8)] {
        let options = Options { steps: Some(1), tile, ..Options::default() };
        let mut told = Told { data: vec![1; 16 * 3 * width * height], width: 4 * width, ..Told::default() };
        let result = block_on(upscaler.upscale(&picture, &options, &mut told)).unwrap();
        assert_eq!((told.tiles, told.of), if tile.is_none() { (1, 1) } else { (3, 3) });
        assert_eq!(told.data, result.data);
    }
}

/// Small pictures are taken at once.
#[test]
fn small_pictures_are_one_band() {
    let model = compact(&device());
    let cut = |h: usize, w: usize| Cut::new([h, w], model.denoiser.reach(), 8, None, Team::default(), &cpu());
    assert!(cut(200, 320).is_whole(200));
    assert!(!cut(1000, 1000).is_whole(1000));
    assert_eq!(model.latent.channels(), 48);
}

/// The state of a very large picture is stored in f16: no pixel of its result is another by more than 1 of 255, and hardly one by
/// that. A state between two steps is rounded 15 times, to 11 bits of numbers below 10.
#[test]
fn a_state_in_f16_gives_the_same_picture() {
    let photo = decode_photo();
    let lr = resshift::upscaler::pad(photo, 16).unwrap();
    let (h, w, device) = (lr.height, lr.width, Device::flex());
    for name in ["compact", "nano"] {
        let model = shipped(name, cpu());
        let trained = Schedule::new(model.config.schedule).unwrap();
        let picture = |precision: Precision| {
            let levels = Levels::new(&*model.denoiser, &trained, Some(15)).unwrap();
            let compute = cpu();
            let chain = chain(&*model.latent, &*model.denoiser, levels, Noise::Seeded(3), &compute);
            let chain = Chain { precision, temperature: model.config.temperature, ..chain };
            let z0 = block_on(chain.run(&lr, &Cut::whole(h), &Cut::whole(h), &mut Unwatched)).unwrap();
            let z0 = crop(&z0.part(0..h, 0..w), 0..h, 0..w, &device);
            let picture = decode(&*model.latent, z0, crop(&lr, 0..h, 0..w, &device));
            block_on(read(picture)).unwrap()
        };
        let [single, half] = [Precision::F32, Precision::F16].map(picture);
        let level = |v: f32| to_u8(v * 0.5 + 0.5);
        let apart = || single.iter().zip(&half).map(|(&a, &b)| level(a).abs_diff(level(b)));
        let (most, others) = (apart().max().unwrap(), apart().filter(|&n| n > 0).count() as f64 / single.len() as f64);
        let worst = max_error(&single, &half) * 127.5;
        println!(
            "{name}: at most {worst:.2} of 255 apart; {most} after rounding, in {:.1} % of samples",
            others * 100.0
        );
        assert!(single != half && worst <= 1.0 && most <= 1 && others < 0.15);
    }
}

/// A part of the demo's photo with edges, flat areas and texture.
fn decode_photo() -> Picture {
    let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/www/samples/cat.png")).unwrap();
    let whole = decode_file(&file, &Limits::default()).unwrap();
    let (width, height) = (96, 64);
    let rows = whole.rgb.chunks_exact(whole.width * 3).take(height);
    Picture { width, height, rgb: rows.flat_map(|row| row[..width * 3].to_vec()).collect(), alpha: None }
}
