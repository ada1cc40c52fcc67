//! What several tests share: fixtures, the default model, a device.
#![allow(dead_code)]

use burn::tensor::Device;
use resshift::model::Model;
use resshift::model::config::ModelConfig;
use resshift::weights::{SafetensorsSource, Weights};
use safetensors::{Dtype, SafeTensors};

/// The CPU.
pub fn device() -> Device {
    Device::flex()
}

/// `models/compact` as configuration and files.
pub fn compact_folder() -> (ModelConfig, Vec<Vec<u8>>) {
    let folder = std::path::Path::new("models/compact");
    let config = ModelConfig::parse(&std::fs::read(folder.join("model.json")).unwrap()).unwrap();
    let files = config.files.iter().map(|f| std::fs::read(folder.join(&f.name)).unwrap()).collect();
    (config, files)
}

/// The default model.
pub fn compact(device: &Device) -> Model {
    let (config, files) = compact_folder();
    Model::load(config, &Weights::new(SafetensorsSource::new(files).unwrap(), device)).unwrap()
}

/// Largest absolute difference; infinite if a value is not finite or the lengths differ.
pub fn max_error(got: &[f32], want: &[f32]) -> f32 {
    if got.len() != want.len() || got.iter().any(|v| !v.is_finite()) {
        return f32::INFINITY;
    }
    got.iter().zip(want).map(|(g, w)| (g - w).abs()).fold(0.0, f32::max)
}

/// A file of `tests/golden`.
pub struct Fixture(Vec<u8>);

impl Fixture {
    pub fn open(name: &str) -> Self {
        Self(std::fs::read(format!("tests/golden/{name}.safetensors")).unwrap())
    }

    fn view(&self, name: &str) -> (Dtype, Vec<usize>, Vec<u8>) {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let view = file.tensor(name).unwrap_or_else(|_| panic!("{name} is not in the fixture"));
        (view.dtype(), view.shape().to_vec(), view.data().to_vec())
    }

    /// An f32 tensor as stored, with its shape.
    pub fn f32(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let (dtype, shape, bytes) = self.view(name);
        assert_eq!(dtype, Dtype::F32);
        (shape, bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect())
    }

    pub fn f64(&self, name: &str) -> Vec<f64> {
        self.view(name).2.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
    }

    /// A stored `[n, c, h, w]` tensor in our order, `[n, h, w, c]`.
    pub fn nhwc(&self, name: &str) -> Vec<f32> {
        let (shape, data) = self.f32(name);
        let [n, c, h, w] = shape[..] else { panic!("{name} has rank {}", shape.len()) };
        let mut out = Vec::with_capacity(data.len());
        for n in 0..n {
            for y in 0..h {
                for x in 0..w {
                    out.extend((0..c).map(|c| data[((n * shape[1] + c) * h + y) * w + x]));
                }
            }
        }
        out
    }
}
