//! LPIPS v0.1 with AlexNet (Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", 2018).

use super::same_size;
use crate::image::Pixels;
use crate::weights::{SafetensorsSource, Weights};
use crate::{Error, Result};
use burn::tensor::module::{conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData, activation::relu};

/// AlexNet's convolutions: index in torchvision's `features`, channels in and out, kernel, stride, padding, and whether
/// a 3x3 maximum with stride 2 comes before.
const LAYERS: [(usize, [usize; 2], usize, usize, usize, bool); 5] = [
    (0, [3, 64], 11, 4, 2, false),
    (3, [64, 192], 5, 1, 2, true),
    (6, [192, 384], 3, 1, 1, true),
    (8, [384, 256], 3, 1, 1, false),
    (10, [256, 256], 3, 1, 1, false),
];
/// Mean and standard deviation of a colour in [-1, 1], as the metric's authors scale their input.
const SHIFT: [f32; 3] = [-0.030, -0.088, -0.188];
const SCALE: [f32; 3] = [0.458, 0.448, 0.450];
/// Below this side the last maximum has nothing to look at.
const MIN_SIDE: usize = 31;

/// The network with the metric's weights on its features.
pub struct Lpips {
    layers: Vec<(Tensor<4>, Tensor<1>)>,
    heads: Vec<Tensor<4>>,
    device: Device,
}

impl Lpips {
    /// Reads `features.{0,3,6,8,10}.{weight,bias}` and `lin0` .. `lin4` from a safetensors file. Runs on the CPU.
    ///
    /// # Errors
    /// [`Error::BadWeights`].
    pub fn load(file: Vec<u8>) -> Result<Self> {
        let device = Device::flex();
        let weights = Weights::new(SafetensorsSource::new(vec![file])?, &device);
        let mut layers = Vec::new();
        let mut heads = Vec::new();
        for (i, (index, [c_in, c_out], kernel, ..)) in LAYERS.into_iter().enumerate() {
            let layer = weights.at("features").at(index.to_string());
            let weight = layer.tensor("weight", [c_out, c_in, kernel, kernel])?.host();
            layers.push((weight, layer.tensor("bias", [c_out])?.host()));
            heads.push(weights.tensor(&format!("lin{i}"), [1, c_out, 1, 1])?.host());
        }
        Ok(Self { layers, heads, device })
    }

    /// The distance of two pictures: 0 for equal ones, larger is worse.
    ///
    /// # Errors
    /// [`Error::BadOption`] if the sizes differ or a side is below 31 pixels.
    pub fn distance(&self, picture: &Pixels, reference: &Pixels) -> Result<f64> {
        same_size(picture, reference)?;
        if picture.width.min(picture.height) < MIN_SIDE {
            return Err(Error::BadOption(format!("LPIPS needs pictures of at least {MIN_SIDE} pixels a side.")));
        }
        let mut sum = 0.0;
        for ((a, b), head) in self.features(picture).into_iter().zip(self.features(reference)).zip(&self.heads) {
            let [_, _, h, w] = a.dims();
            let difference = a - b;
            let weighted = (difference.clone() * difference * head.clone()).sum().into_data();
            let total: f64 = weighted.iter::<f64>().sum();
            sum += total / (h * w) as f64;
        }
        Ok(sum)
    }

    /// What each convolution sees, every pixel scaled to unit length.
    fn features(&self, picture: &Pixels) -> Vec<Tensor<4>> {
        let mut x = self.input(picture);
        let mut taps = Vec::new();
        for ((weight, bias), (_, _, _, stride, padding, pooled)) in self.layers.iter().zip(LAYERS) {
            if pooled {
                x = max_pool2d(x, MaxPoolOptions::new([3, 3]).with_stride([2, 2]));
            }
            let options = ConvOptions::new([stride; 2], [padding; 2], [1, 1], 1);
            x = relu(conv2d(x, weight.clone(), Some(bias.clone()), options));
            let length = x.clone().powf_scalar(2.0).sum_dim(1).sqrt() + 1e-10;
            taps.push(x.clone() / length);
        }
        taps
    }

    /// `[1, 3, h, w]`, scaled.
    fn input(&self, picture: &Pixels) -> Tensor<4> {
        let Pixels { width, height, channels, data } = picture;
        let plane = |c: usize| {
            let samples = data.iter().skip(c).step_by(*channels);
            samples.map(move |&v| (v as f32 / 127.5 - 1.0 - SHIFT[c]) / SCALE[c])
        };
        let values: Vec<f32> = (0..3).flat_map(plane).collect();
        Tensor::from_data(TensorData::new(values, [1, 3, *height, *width]), &self.device)
    }
}
