//! The sampling chain and the released tiling against traces of the released code, on its tiny networks.

use crate::support;
use crate::support::{
    Array, Formula, Golden, chain, channels_last, cpu, crop, decode, encode, json, max_error, noise, predict_x0, seeded,
};
use burn::tensor::Device;
use pollster::block_on;
use resshift::chain::bands::Cut;
use resshift::chain::canvas::Canvas;
use resshift::chain::levels::Levels;
use resshift::chain::reference_tiling::ReferenceTiling;
use resshift::chain::run_context::Unwatched;
use resshift::chain::sampler::Noise;
use resshift::chain::tiles::{Plan, plan, released_starts};
use resshift::compute::read;
use resshift::image::encode::to_u8;
use resshift::model::config::{UNetConfig, VqConfig};
use resshift::model::{Denoiser, Latent, swin_vq};
use resshift::ops::bicubic;
use resshift::paper::schedule::{Schedule, ScheduleConfig};
use resshift::weights::Weights;
use serde_json::Value;

/// Latents: f32 sums in another order, through up to 15 steps.
const LATENT: f64 = 3e-4;
/// Pictures: the same through the decoder.
const PICTURE: f64 = 5e-4;

fn tiny(device: &Device) -> (Box<dyn Latent>, Box<dyn Denoiser>) {
    let unet: UNetConfig = json("tiny_unet.config");
    let vq: VqConfig = json("tiny_vq.config");
    let weights = Weights::new(Formula, device);
    swin_vq::load(&unet, &vq, &weights, &weights).unwrap()
}

fn schedule(steps: usize) -> Schedule {
    let mut config = ScheduleConfig::new(steps, 0.3, 2.0);
    config.min_noise_level = if steps == 4 { 0.2 } else { 0.04 };
    Schedule::new(config).unwrap()
}

fn report(name: &str, error: f64, tolerance: f64) {
    println!("{name}: max |error| = {error:.2e}, tolerance {tolerance:.1e}");
    assert!(error <= tolerance, "{name}: {error:e}");
}

/// u8 `[h, w, c]` to the network's range.
fn low_resolution(image: &Array<u8>) -> Canvas {
    let data = image.data.iter().map(|&v| (v as f32 / 255.0 - 0.5) / 0.5).collect();
    Canvas { height: image.shape[0], width: image.shape[1], channels: 3, data }
}

fn trace(name: &str, steps: usize) {
    let device = Device::flex();
    let golden = Golden::open(name);
    let (latent, denoiser) = tiny(&device);
    let schedule = schedule(steps);
    let lr = low_resolution(&golden.u8("lr_u8"));
    let padded = lr.clone().reflected(denoiser.multiple()).unwrap();
    let (h, w) = (padded.height, padded.width);
    report(&format!("{name} y"), max_error(&padded.data, &golden.nhwc("y")), 1e-6);
    let y = crop(&padded, 0..h, 0..w, &device);
    let enlarged = block_on(read(bicubic(&y.clone().into(), None).host())).unwrap();
    report(&format!("{name} y_bicubic"), max_error(&enlarged, &golden.nhwc("y_bicubic")), 2e-6);
    let z_y = block_on(read(encode(&*latent, y.clone()))).unwrap();
    report(&format!("{name} z_y"), max_error(&z_y, &golden.nhwc("z_y")), 2e-5);

    // Step by step from the stored states, so that each step is tested alone ...
    let mut worst = [0f64; 2];
    let mut x = golden.nhwc("x_T");
    for step in 0..steps {
        let t = steps - 1 - step;
        let field = |what: &str| golden.nhwc(&format!("step{step:02}.t{t}.{what}"));
        let x_t = crop(&Canvas { height: h, width: w, channels: 3, data: x.clone() }, 0..h, 0..w, &device);
        let x0 = block_on(read(predict_x0(&*denoiser, x_t, y.clone(), &schedule, t))).unwrap();
        worst[0] = worst[0].max(max_error(&x0, &field("pred_x0")));
        let q = resshift::paper::process::posterior(&schedule, t, t.checked_sub(1));
        let mean: Vec<f32> = x.iter().zip(&x0).map(|(x, x0)| q.a as f32 * x + q.b as f32 * x0).collect();
        worst[1] = worst[1].max(max_error(&mean, &field("mean")));
        x = field("x_next");
    }
    report(&format!("{name} pred_x0, any step"), worst[0], LATENT);
    report(&format!("{name} mean, any step"), worst[1], LATENT);

    // ... and the chain as a whole.
    let mut draws = vec![golden.nhwc("noise.000")];
    draws.extend((0..steps).map(|step| golden.nhwc(&format!("step{step:02}.t{}.noise", steps - 1 - step))));
    let noise = |row: &mut [f32], draw: u32, y: usize| {
        let length = row.len();
        row.copy_from_slice(&draws[draw as usize][y * length..][..length]);
    };
    let levels = Levels::new(&*denoiser, &schedule, None).unwrap();
    let compute = cpu();
    let chain = chain(&*latent, &*denoiser, levels, Noise::Field(&noise), &compute);
    let whole = Cut::whole(h);
    let z0 = block_on(chain.run(&padded, &whole, &whole, &mut Unwatched)).unwrap().part(0..h, 0..w);
    let last = golden.nhwc(&format!("step{:02}.t0.x_next", steps - 1));
    report(&format!("{name} latent"), max_error(&z0.data, &last), LATENT);
    let decoded = block_on(read(decode(&*latent, crop(&z0, 0..h, 0..w, &device), y))).unwrap();
    report(&format!("{name} picture"), max_error(&decoded, &golden.nhwc("decoded_preclamp")), PICTURE);
    let visible = Canvas { height: 4 * h, width: 4 * w, channels: 3, data: decoded };
    let visible = visible.part(0..4 * lr.height, 0..4 * lr.width);
    let got: Vec<u8> = visible.data.iter().map(|v| to_u8(v * 0.5 + 0.5)).collect();
    let worst = got.iter().zip(&golden.u8("final_u8").data).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    report(&format!("{name} 8-bit picture"), f64::from(worst), 1.0);
}

#[test]
fn trace_of_15_steps() {
    trace("trace_T15", 15);
}

#[test]
fn trace_of_4_steps() {
    trace("trace_T4", 4);
}

#[test]
fn trace_of_4_steps_with_padding() {
    trace("trace_T4pad", 4);
}

/// The deterministic variant from the same x_T.
#[test]
fn trace_of_the_deterministic_chain() {
    let device = Device::flex();
    let (golden, stochastic) = (Golden::open("trace_T15_ddim"), Golden::open("trace_T15"));
    let (_, denoiser) = tiny(&device);
    let schedule = schedule(15);
    let (y0, y) = (stochastic.nhwc("z_y"), stochastic.picture("y", &device));
    let mut x = stochastic.nhwc("x_T");
    let mut worst = 0f64;
    for step in 0..15 {
        let t = 14 - step;
        let x_t = crop(&Canvas { height: 16, width: 16, channels: 3, data: x.clone() }, 0..16, 0..16, &device);
        let x0 = block_on(read(predict_x0(&*denoiser, x_t, y.clone(), &schedule, t))).unwrap();
        let [a, b, c] = resshift::paper::process::deterministic(&schedule, t, t.checked_sub(1)).map(|v| v as f32);
        x = (0..x.len()).map(|i| a * x[i] + b * x0[i] + c * y0[i]).collect();
        worst = worst.max(max_error(&x, &golden.nhwc(&format!("step{step:02}.t{t}.x_next"))));
    }
    report("trace_T15_ddim x_next", worst, LATENT);
}

#[test]
fn released_tile_starts() {
    let golden: Value = json("tiling");
    for case in golden["starts"].as_array().unwrap() {
        let number = |key: &str| case[key].as_u64().unwrap() as usize;
        let want: Vec<usize> =
            case["starts"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
        assert_eq!(released_starts(number("length"), number("chop"), number("stride")), want, "{case}");
    }
}

fn released_tiling(tag: &str) {
    let device = Device::flex();
    let name = format!("tile_{tag}");
    let golden = Golden::open(&name);
    let (latent, denoiser) = tiny(&device);
    let lr = low_resolution(&golden.u8("lr_u8"));
    let levels = Levels::new(&*denoiser, &schedule(4), None).unwrap();
    // Every padded tile is 32 x 32; draw k of tile i is draw 5 i + k of the run.
    let draw = |index: usize| channels_last(&noise(&format!("noise.{name}.{index:03}"), &[1, 3, 32, 32]));
    let draws: Vec<Vec<f32>> = (0..20).map(draw).collect();
    let noise = |tile: usize, row: &mut [f32], draw: u32, y: usize| {
        let length = row.len();
        row.copy_from_slice(&draws[5 * tile + draw as usize][y * length..][..length]);
    };
    let reference = ReferenceTiling {
        latent: &*latent,
        denoiser: &*denoiser,
        levels,
        chop: 32,
        stride: 24,
        noise: &noise,
        compute: &cpu(),
    };
    let result = block_on(reference.run(&lr, &mut Unwatched)).unwrap();
    report(&format!("{name} result"), max_error(&result.data, &golden.nhwc("final_01")), PICTURE);
    let got = result.data.iter().map(|&v| to_u8(v));
    let worst = got.zip(&golden.u8("out_u8").data).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    report(&format!("{name} 8-bit result"), f64::from(worst), 1.0);
}

#[test]
fn released_tiling_in_two_directions() {
    released_tiling("a");
}

#[test]
fn released_tiling_of_a_low_picture() {
    released_tiling("b");
}

/// Three pictures of 40 x 64: flat, a diagonal gradient, and a photo.
fn pictures() -> [(&'static str, Canvas); 3] {
    let (h, w) = (40, 64);
    let fill = |f: &dyn Fn(usize, usize, usize) -> f32| {
        let at = (0..h).flat_map(|y| (0..w).flat_map(move |x| (0..3).map(move |c| (y, x, c))));
        Canvas { height: h, width: w, channels: 3, data: at.map(|(y, x, c)| f(y, x, c)).collect() }
    };
    let photo = image::load_from_memory(&support::fixture("photo.png")).unwrap().to_rgb8();
    [
        ("flat", fill(&|_, _, c| 0.2 * c as f32)),
        ("gradient", fill(&|y, x, _| (x + y) as f32 / 52.0 - 1.0)),
        ("photo", fill(&|y, x, c| photo.get_pixel(x as u32, y as u32)[c] as f32 / 127.5 - 1.0)),
    ]
}

/// Mean gradient across the columns `borders`, over the mean 8 columns to either side of them.
fn seam_ratio(picture: &Canvas, borders: &[usize]) -> f64 {
    let row = picture.width * 3;
    let gradient = |x: usize| -> f64 {
        let step = |y: usize, c: usize| picture.data[y * row + x * 3 + c] - picture.data[y * row + (x - 1) * 3 + c];
        (0..picture.height).flat_map(|y| (0..3).map(move |c| (y, c))).map(|(y, c)| f64::from(step(y, c).abs())).sum()
    };
    let (across, inside) = borders.iter().fold((0.0, 0.0), |(across, inside), &x| {
        (across + gradient(x), inside + 0.5 * (gradient(x - 8) + gradient(x + 8)))
    });
    across / inside
}

/// How visible tile borders are, ours beside the released averaging. With formula weights the networks' pictures are
/// texture, not photos: the ratio says how much stronger the gradient is where tiles meet.
#[test]
fn seams_are_weaker_than_released() {
    let device = Device::flex();
    let (latent, denoiser) = tiny(&device);
    let levels = Levels::new(&*denoiser, &schedule(4), None).unwrap();
    let mut means = [0.0; 2];
    for (name, lr) in pictures() {
        let padded = lr.clone().reflected(denoiser.multiple()).unwrap();
        let noise = seeded(5, 3);
        let compute = cpu();
        let chain = chain(&*latent, &*denoiser, levels.clone(), Noise::Field(&noise), &compute);
        let network = plan(padded.height, padded.width, denoiser.reach(), denoiser.multiple(), Some(32), None);
        let autoencoder = plan(padded.height, padded.width, latent.encode_reach(), 1, Some(32), None);
        let z0 = block_on(chain.run(
            &padded,
            &Cut::Tiles(autoencoder.clone()),
            &Cut::Tiles(network.clone()),
            &mut Unwatched,
        ))
        .unwrap()
        .part(0..padded.height, 0..padded.width);
        let mut ours = Canvas::zeros(4 * padded.height, 4 * padded.width, 3);
        for tile in autoencoder.tiles() {
            let (rows, cols) = (tile.y.range(), tile.x.range());
            let (z, y) = (crop(&z0, rows.clone(), cols.clone(), &device), crop(&padded, rows, cols, &device));
            ours.add(tile, &block_on(read(decode(&*latent, z, y))).unwrap(), 4);
        }
        ours.data.iter_mut().for_each(|v| *v = v.clamp(-1.0, 1.0) * 0.5 + 0.5);
        let noise = |tile: usize, row: &mut [f32], draw: u32, y: usize| seeded(5 + tile as u64, 3)(row, draw, y);
        let reference = ReferenceTiling {
            latent: &*latent,
            denoiser: &*denoiser,
            levels: levels.clone(),
            chop: 32,
            stride: 24,
            noise: &noise,
            compute: &cpu(),
        };
        let theirs = block_on(reference.run(&lr, &mut Unwatched)).unwrap();
        // Where the set of tiles that contribute changes.
        let borders = |plan: &Plan| -> Vec<usize> {
            let ends = plan.cols.iter().flat_map(|s| [s.range().start, s.range().end]);
            ends.filter(|&x| x > 0 && x < lr.width).map(|x| 4 * x).collect()
        };
        let ratios = [
            seam_ratio(&ours, &borders(&network)),
            seam_ratio(&theirs, &borders(&Plan::released(lr.height, lr.width, 32, 24))),
        ];
        println!("seam ratio, {name}: ours {:.3}, released averaging {:.3}", ratios[0], ratios[1]);
        means[0] += ratios[0] / 3.0;
        means[1] += ratios[1] / 3.0;
    }
    assert!(means[0] < means[1] && means[0] < 1.05, "{means:?}");
}

/// Pictures on which the released sampler fails (narrower than their padding; one step): any size from 1 x 1 up works,
/// also where the padding is several reflections.
#[test]
fn sizes_that_the_released_code_refuses() {
    let device = Device::flex();
    let (latent, denoiser) = tiny(&device);
    let schedule = Schedule::new(ScheduleConfig::new(1, 0.3, 2.0)).unwrap();
    for (height, width) in [(13, 7), (1, 1), (3, 18), (17, 2)] {
        let data = (0..height * width * 3).map(|i| (i % 7) as f32 / 3.5 - 1.0).collect();
        let lr = Canvas { height, width, channels: 3, data };
        let padded = lr.clone().reflected(16).unwrap();
        assert!(padded.height.is_multiple_of(16) && padded.width.is_multiple_of(16));
        assert_eq!(padded.part(0..height, 0..width), lr);
        let noise = seeded(2, 3);
        let levels = Levels::new(&*denoiser, &schedule, None).unwrap();
        let compute = cpu();
        let chain = chain(&*latent, &*denoiser, levels, Noise::Field(&noise), &compute);
        let plan = Cut::Tiles(Plan::blended(padded.height, padded.width, 16, 8, 8));
        let z0 = block_on(chain.run(&padded, &plan, &plan, &mut Unwatched)).unwrap();
        assert!(z0.is_finite());
    }
}

/// A one-tile plan is no tiling, and a batch of two is two batches of one.
#[test]
fn laws() {
    let device = Device::flex();
    let (latent, denoiser) = tiny(&device);
    let lr = pictures()[2].1.part(0..16, 0..16);
    let x = crop(&lr, 0..16, 0..16, &device);
    let other = x.clone() * -0.5;
    let schedule = schedule(4);
    let pair = burn::tensor::Tensor::cat(vec![x.clone(), other.clone()], 0);
    let both = block_on(read(predict_x0(&*denoiser, pair.clone(), pair, &schedule, 2))).unwrap();
    for (i, x) in [x, other].into_iter().enumerate() {
        let one = block_on(read(predict_x0(&*denoiser, x.clone(), x, &schedule, 2))).unwrap();
        assert!(max_error(&one, &both[i * one.len()..][..one.len()]) <= 1e-5);
    }
    let noise = seeded(1, 3);
    let levels = Levels::new(&*denoiser, &schedule, Some(2)).unwrap();
    assert_eq!(levels.visited, [1, 3]);
    let run = |cut: &Cut| {
        let levels = levels.clone();
        let compute = cpu();
        let chain = chain(&*latent, &*denoiser, levels, Noise::Field(&noise), &compute);
        block_on(chain.run(&lr, cut, cut, &mut Unwatched)).unwrap()
    };
    assert!(run(&Cut::whole(16)) == run(&Cut::Tiles(Plan::blended(16, 16, 64, 16, 8))));
}
