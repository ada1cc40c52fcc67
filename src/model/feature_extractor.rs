//! Brings a conditioning picture that is larger than the latent down to the latent's size.

use crate::Result;
use crate::layer::ConvShape;
use crate::ops::tap::Tap;
use crate::ops::{Conv2d, Map};
use crate::weights::Weights;

/// Channels after the first convolution; every stage doubles them.
const WIDTH: usize = 16;

/// Stages of 3x3 convolution, SiLU and 3x3 convolution of stride 2.
pub struct FeatureExtractor {
    stages: Vec<Stage>,
    tap: Tap,
}

struct Stage {
    conv: Conv2d,
    down: Conv2d,
    conv_tap: Tap,
    down_tap: Tap,
}

impl FeatureExtractor {
    /// Channels that `stages` stages return for a picture of `channels`.
    pub fn channels(channels: usize, stages: usize) -> usize {
        if stages == 0 { channels } else { WIDTH << stages }
    }

    /// Reads layers `3 i` and `3 i + 2` for every stage i.
    pub fn load(weights: &Weights, channels: usize, stages: usize) -> Result<Self> {
        let stage = |i: usize| {
            let c_in = if i == 0 { channels } else { WIDTH << i };
            let width = WIDTH << i;
            let (conv, down) = (weights.at((3 * i).to_string()), weights.at((3 * i + 2).to_string()));
            Ok(Stage {
                conv: Conv2d::load(&conv, ConvShape::same(c_in, width, 3))?,
                down: Conv2d::load(&down.at("op"), ConvShape::down(width, 2 * width, 1, 1))?,
                conv_tap: conv.tap(),
                down_tap: down.tap(),
            })
        };
        Ok(Self { stages: (0..stages).map(stage).collect::<Result<_>>()?, tap: weights.tap() })
    }

    /// `[n, h, w, c]` to `[n, h / 2^stages, w / 2^stages, c']`.
    pub fn forward(&self, x: Map) -> Map {
        let features = self.stages.iter().fold(x, |x, stage| {
            let x = stage.conv_tap.silu(|activation| stage.conv.forward_with(&x, activation, None));
            stage.down_tap.pass(stage.down.forward(&x))
        });
        self.tap.pass(features)
    }
}
