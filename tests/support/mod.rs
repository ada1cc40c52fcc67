//! What the golden tests share: fixtures, weights and inputs by formula, comparison.
#![allow(dead_code)] // Each test file uses its own part.

use burn::tensor::{Device, Tensor, TensorData};
use pollster::block_on;
use resshift::chain::bands::Cut;
use resshift::chain::canvas::Canvas;
use resshift::chain::latent_canvas::Precision;
use resshift::chain::levels::Levels;
use resshift::chain::run_context::Unwatched;
use resshift::chain::sampler::{Chain, Noise};
use resshift::compute::{Compute, read};
use resshift::model::config::ModelConfig;
use resshift::model::{Denoiser, Latent, Model};
use resshift::ops::Map;
use resshift::paper::schedule::Schedule;
use resshift::weights::{SafetensorsSource, TensorSource, Weights};
use safetensors::{Dtype, SafeTensors};
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

/// The contents of `tests/golden/{name}`.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// A JSON fixture, given without its extension.
pub fn json<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_slice(&fixture(&format!("{name}.json"))).unwrap()
}

/// Numbers and their shape.
#[derive(Debug, Clone)]
pub struct Array<T = f32> {
    pub shape: Vec<usize>,
    pub data: Vec<T>,
}

impl Array {
    /// A batch of pictures stored `[n, c, h, w]` as a tensor `[n, h, w, c]`.
    pub fn picture(&self, device: &Device) -> Tensor<4> {
        let shape: [usize; 4] = self.shape.clone().try_into().unwrap();
        Tensor::<4>::from_data(TensorData::new(self.data.clone(), shape), device).permute([0, 2, 3, 1])
    }
}

/// A safetensors fixture.
pub struct Golden {
    name: String,
    bytes: Vec<u8>,
}

impl Golden {
    /// `tests/golden/{name}.safetensors`.
    pub fn open(name: &str) -> Self {
        Self { name: name.into(), bytes: fixture(&format!("{name}.safetensors")) }
    }

    fn read<T>(&self, name: &str, dtype: Dtype, convert: impl Fn(&[u8]) -> T) -> Array<T> {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let view = file.tensor(name).unwrap_or_else(|_| panic!("{} has no {name}", self.name));
        assert_eq!(view.dtype(), dtype, "{name}");
        let size = dtype.bitsize() / 8;
        Array { shape: view.shape().to_vec(), data: view.data().chunks_exact(size).map(convert).collect() }
    }

    pub fn f32(&self, name: &str) -> Array {
        self.read(name, Dtype::F32, |b| f32::from_le_bytes(b.try_into().unwrap()))
    }

    pub fn f64(&self, name: &str) -> Array<f64> {
        self.read(name, Dtype::F64, |b| f64::from_le_bytes(b.try_into().unwrap()))
    }

    pub fn u8(&self, name: &str) -> Array<u8> {
        self.read(name, Dtype::U8, |b| b[0])
    }

    /// A stored `[n, c, h, w]` in our order, `[n, h, w, c]`, flat.
    pub fn nhwc(&self, name: &str) -> Vec<f32> {
        channels_last(&self.f32(name))
    }

    pub fn i32(&self, name: &str) -> Array<i32> {
        self.read(name, Dtype::I32, |b| i32::from_le_bytes(b.try_into().unwrap()))
    }

    pub fn i8(&self, name: &str) -> Array<i8> {
        self.read(name, Dtype::I8, |b| b[0] as i8)
    }

    /// Step indices, one per picture.
    pub fn steps(&self, name: &str) -> Vec<usize> {
        self.i32(name).data.into_iter().map(|t| t as usize).collect()
    }

    /// A batch of pictures, `[n, h, w, c]`.
    pub fn picture(&self, name: &str, device: &Device) -> Tensor<4> {
        self.f32(name).picture(device)
    }

    /// Names that start with `prefix`, without it.
    pub fn names(&self, prefix: &str) -> Vec<String> {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        file.names().into_iter().filter_map(|n| n.strip_prefix(prefix)).map(str::to_string).collect()
    }

    pub fn metadata(&self, key: &str) -> String {
        let (_, header) = SafeTensors::read_metadata(&self.bytes).unwrap();
        header.metadata().as_ref().unwrap()[key].clone()
    }
}

/// `[n, c, h, w]` in the order `[n, h, w, c]`.
pub fn channels_last(x: &Array) -> Vec<f32> {
    let [n, c, h, w] = x.shape[..] else { panic!("rank {}", x.shape.len()) };
    let at = |i: usize, y: usize, x: usize, k: usize| ((i * c + k) * h + y) * w + x;
    let mut order = Vec::with_capacity(x.data.len());
    for i in 0..n {
        for (y, x) in (0..h).flat_map(|y| (0..w).map(move |x| (y, x))) {
            order.extend((0..c).map(|k| at(i, y, x, k)));
        }
    }
    order.into_iter().map(|at| x.data[at]).collect()
}

/// `models/compact`: its configuration and files.
pub fn compact_folder() -> (ModelConfig, Vec<Vec<u8>>) {
    model_folder("compact")
}

/// A folder of `models/`: its configuration and files.
pub fn model_folder(name: &str) -> (ModelConfig, Vec<Vec<u8>>) {
    folder(&format!("models/{name}"))
}

/// A small compact model with weights from a seed, whose y0 is a network's: its configuration and files.
pub fn tiny_prior_folder() -> (ModelConfig, Vec<Vec<u8>>) {
    folder("tests/golden/tiny_prior")
}

/// A small model whose chain has SPAN, `models/training/check.py tiny_span`.
pub fn tiny_span_folder() -> (ModelConfig, Vec<Vec<u8>>) {
    folder("tests/golden/tiny_span")
}

fn folder(path: &str) -> (ModelConfig, Vec<Vec<u8>>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let config = ModelConfig::parse(&std::fs::read(folder.join("model.json")).unwrap()).unwrap();
    let files = config.shards.iter().map(|f| std::fs::read(folder.join(&f.name)).unwrap()).collect();
    (config, files)
}

/// The CPU.
pub fn cpu() -> Compute {
    Compute::cpu()
}

/// A part of a canvas as a tensor `[1, rows, cols, channels]`.
pub fn crop(canvas: &Canvas, rows: Range<usize>, cols: Range<usize>, device: &Device) -> Tensor<4> {
    let Canvas { height, width, channels, data } = canvas.part(rows, cols);
    Tensor::from_data(TensorData::new(data, [1, height, width, channels]), device)
}

/// x0 at index `t` of the schedule, on the CPU.
pub fn predict_x0(denoiser: &dyn Denoiser, x_t: Tensor<4>, lr: Tensor<4>, schedule: &Schedule, t: usize) -> Tensor<4> {
    let device = x_t.device();
    let map = |v: Vec<f32>| {
        let shape = [1, 1, 1, v.len()];
        Map::Host(Tensor::from_data(TensorData::new(v, shape), &device))
    };
    let level: Vec<Map> = denoiser.level(schedule, t).into_iter().map(map).collect();
    denoiser.predict_x0(&x_t.into(), &lr.into(), None, &level).host()
}

/// [`Latent::encode`] on the CPU.
pub fn encode(latent: &dyn Latent, lr: Tensor<4>) -> Tensor<4> {
    latent.encode(&lr.into()).host()
}

/// [`Latent::decode`] on the CPU.
pub fn decode(latent: &dyn Latent, z: Tensor<4>, lr: Tensor<4>) -> Tensor<4> {
    latent.decode(&z.into(), &lr.into()).host()
}

/// The noise of a seed, row by row.
pub fn seeded(seed: u64, channels: usize) -> impl Fn(&mut [f32], u32, usize) {
    move |row, draw, y| resshift::paper::noise::fill_row(row, seed, draw, y as u32, 0, channels)
}

/// A chain with all of its noise, whose predictions nobody looks at.
pub fn chain<'a>(
    latent: &'a dyn Latent,
    denoiser: &'a dyn Denoiser,
    levels: Levels,
    noise: Noise<'a>,
    compute: &'a Compute,
) -> Chain<'a> {
    Chain {
        latent,
        denoiser,
        levels,
        noise,
        temperature: 1.0,
        compute,
        size: [0, 0],
        neutral: None,
        precision: Precision::F32,
        key: None,
    }
}

/// z_0 and picture that a model makes with a golden vector's input and noise, beside the stored ones: `[got, want]` of each.
pub fn stored_chain(model: &Model, golden: &Golden, [h, w]: [usize; 2], steps: usize) -> [[Vec<f32>; 2]; 2] {
    let device = Device::flex();
    let lr = Canvas { height: h, width: w, channels: 3, data: golden.nhwc("lr") };
    let draws = golden.nhwc(&format!("T{steps}.noise"));
    let noise = |row: &mut [f32], draw: u32, y: usize| {
        row.copy_from_slice(&draws[(draw as usize * h + y) * w * 48..][..w * 48]);
    };
    let (compute, trained) = (cpu(), Schedule::new(model.config.schedule).unwrap());
    let levels = Levels::new(&*model.denoiser, &trained, Some(steps)).unwrap();
    let chain = chain(&*model.latent, &*model.denoiser, levels, Noise::Field(&noise), &compute);
    let whole = Cut::whole(h);
    let z = block_on(chain.run(&lr, &whole, &whole, &mut Unwatched)).unwrap();
    let z = z.part(0..h, 0..w);
    let picture = decode(&*model.latent, crop(&z, 0..h, 0..w, &device), crop(&lr, 0..h, 0..w, &device));
    let picture = block_on(read(picture)).unwrap();
    let (last, image) = (format!("T{steps}.step{}.z0", steps - 1), format!("T{steps}.image"));
    [[z.data, golden.nhwc(&last)], [picture, golden.nhwc(&image)]]
}

/// The default model.
pub fn compact(compute: impl Into<Compute>) -> Model {
    shipped("compact", compute)
}

/// A model of `models/`.
pub fn shipped(name: &str, compute: impl Into<Compute>) -> Model {
    model(model_folder(name), compute)
}

/// The model of a folder.
pub fn model((config, files): (ModelConfig, Vec<Vec<u8>>), compute: impl Into<Compute>) -> Model {
    Model::load(config, &Weights::new(SafetensorsSource::new(files).unwrap(), compute)).unwrap()
}

/// `[n, h, w, c]` as numbers in the fixtures' order, `[n, c, h, w]`.
pub fn numbers(x: &Tensor<4>) -> Array {
    let x = x.clone().inner().permute([0, 3, 1, 2]);
    Array { shape: x.dims().to_vec(), data: x.into_data().try_into_vec().unwrap() }
}

/// Indices that are kept as floats.
pub fn integers(x: Map) -> Vec<i32> {
    x.host().into_data().try_into_vec::<f32>().unwrap().into_iter().map(|i| i as i32).collect()
}

/// Largest absolute difference; NaN if either side has one.
pub fn max_error(got: &[f32], want: &[f32]) -> f64 {
    assert_eq!(got.len(), want.len());
    let worst = |worst: f64, (a, b): (&f32, &f32)| match (f64::from(*a) - f64::from(*b)).abs() {
        e if e <= worst => worst,
        e => e,
    };
    got.iter().zip(want).fold(0.0, worst)
}

/// Prints the largest absolute difference and fails if it is above `tolerance`.
pub fn assert_close(name: &str, got: &Array, want: &Array, tolerance: f64) {
    assert_eq!(got.shape, want.shape, "{name}");
    let error = max_error(&got.data, &want.data);
    println!("{name}: max |error| = {error:.2e}, tolerance {tolerance:.1e}");
    assert!(error <= tolerance, "{name}: max |error| = {error:e} is above {tolerance:e}");
}

/// What a network's taps saw, by name.
pub type Seen = Rc<RefCell<HashMap<String, Array>>>;

/// The weights with an observer that keeps the taps named in `wanted`.
pub fn observed(weights: Weights, wanted: &[String]) -> (Weights, Seen) {
    let seen = Seen::default();
    let (keep, wanted) = (seen.clone(), wanted.to_vec());
    let weights = weights.observed(move |name, x| {
        if wanted.iter().any(|w| w == name) {
            keep.borrow_mut().insert(name.to_string(), numbers(x));
        }
    });
    (weights, seen)
}

/// 24-bit integers of the stream `name` (`fill.json`, `algorithm`), from number `begin` on.
fn stream(name: &str, begin: usize) -> impl Iterator<Item = u64> {
    let key =
        name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3));
    (begin as u64 + 1..).map(move |i| {
        let mut z = key.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) >> 40
    })
}

fn affine(name: &str, begin: usize, mean: f64, amplitude: f64) -> impl Iterator<Item = f32> {
    let value = move |u: u64| (mean + amplitude * (u as f64 * 2f64.powi(-23) - 1.0)) as f32;
    stream(name, begin).map(value)
}

/// The weight `name`, by the rules of `fill.json`.
pub fn weight(name: &str, shape: &[usize]) -> Array {
    let data = weight_from(name, shape, 0).take(shape.iter().product()).collect();
    Array { shape: shape.to_vec(), data }
}

/// Its numbers from `begin` on; beyond the last come others.
pub fn weight_from(name: &str, shape: &[usize], begin: usize) -> impl Iterator<Item = f32> {
    let (mean, amplitude) = if name.ends_with("relative_position_bias_table") {
        (0.0, 1.0)
    } else if name.ends_with("embedding.weight") {
        (0.0, 1.5)
    } else if shape.len() == 1 {
        if name.ends_with(".weight") { (1.0, 0.25) } else { (0.0, 0.1) }
    } else {
        (0.0, (3.0 / shape[1..].iter().product::<usize>() as f64).sqrt())
    };
    affine(name, begin, mean, amplitude)
}

/// Uniform in [-1, 1).
pub fn uniform(name: &str, shape: &[usize]) -> Array {
    Array { shape: shape.to_vec(), data: affine(name, 0, 0.0, 1.0).take(shape.iter().product()).collect() }
}

/// Nearly standard normal: sums of twelve uniform numbers.
pub fn noise(name: &str, shape: &[usize]) -> Array {
    let mut stream = stream(name, 0);
    let data = (0..shape.iter().product::<usize>())
        .map(|_| (stream.by_ref().take(12).sum::<u64>() as f64 * 2f64.powi(-24) - 6.0) as f32)
        .collect();
    Array { shape: shape.to_vec(), data }
}

/// Weights by formula: any name, any shape.
pub struct Formula;

impl TensorSource for Formula {
    fn read(&self, name: &str, shape: &[usize]) -> resshift::Result<Vec<f32>> {
        Ok(weight(name, shape).data)
    }
}

/// Notes what is asked for, and answers with zeros.
#[derive(Clone, Default)]
pub struct Requests(pub Rc<RefCell<Vec<(String, Vec<usize>)>>>);

impl TensorSource for Requests {
    fn read(&self, name: &str, shape: &[usize]) -> resshift::Result<Vec<f32>> {
        self.0.borrow_mut().push((name.to_string(), shape.to_vec()));
        Ok(vec![0.0; shape.iter().product()])
    }
}
