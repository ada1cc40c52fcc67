//! SPAN (Wan et al. 2023), which draws a picture by itself: the prior mean y0, or in `span_denoiser.rs` a part of every prediction.

use crate::Result;
use crate::layer::{Activation, ConvShape};
use crate::ops::{Conv2d, Map, parameter_free_attention};
use crate::weights::Weights;

/// Blocks of three 3x3 convolutions each.
pub(super) const BLOCKS: usize = 6;
/// Of the numbers that a block gives. Features of photos stay below it but for single ones (the largest of 50 pictures: 6.4). Where
/// two pure colours meet they do not, and each block multiplies what the one before it gave: without a bound the picture breaks
/// up there.
const BOUND: f32 = 4.0;
/// Channels of the result: 3 colours x 4 x 4 positions.
const PICTURE: usize = 48;

/// The network. Every block is `(x + y) (sigmoid(y) - 1/2)`, clamped to [-4, 4], with `y = c3(SiLU(c2(SiLU(c1(x)))))`; the picture is made of the
/// first features, the first block's, the last block's, and those inside the last block.
pub struct Span {
    /// Takes the data's mean off, before the zeros around the picture: a 1x1 convolution by 1.
    mean: Conv2d,
    conv_1: Conv2d,
    blocks: Vec<[Conv2d; 3]>,
    conv_2: Conv2d,
    conv_cat: Conv2d,
    upsampler: Conv2d,
}

impl Span {
    /// Reads a network of so many channels.
    ///
    /// # Errors
    /// [`Error::BadWeights`](crate::Error::BadWeights) if a tensor is missing or shaped otherwise.
    pub fn load(channels: usize, weights: &Weights) -> Result<Self> {
        let conv = |name: &str, shape| Conv2d::load(&weights.at(name), shape);
        let block = |block: usize| -> Result<[Conv2d; 3]> {
            let layer = |layer: usize| conv(&format!("blocks.{block}.{layer}"), ConvShape::same(channels, channels, 3));
            Ok([layer(0)?, layer(1)?, layer(2)?])
        };
        let compute = weights.compute();
        let one = vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        let mean = weights.read("mean", &[3])?.iter().map(|mean| -mean).collect();
        Ok(Self {
            mean: Conv2d::new(compute.weight(one, [3, 3, 1, 1]), compute.weight(mean, [3]), ConvShape::same(3, 3, 1)),
            conv_1: conv("conv_1", ConvShape::same(3, channels, 3))?,
            blocks: (0..BLOCKS).map(block).collect::<Result<_>>()?,
            conv_2: conv("conv_2", ConvShape::same(channels, channels, 3))?,
            conv_cat: conv("conv_cat", ConvShape::same(4 * channels, channels, 1))?,
            upsampler: conv("upsampler", ConvShape::same(channels, PICTURE, 3))?,
        })
    }

    /// RGB `[n, h, w, 3]` in [-1, 1] to the picture four times as large in space-to-depth order, `[n, h, w, 48]`, not clamped.
    pub fn forward(&self, lr: &Map) -> Map {
        self.picture(&self.features(lr, None, &[]))
    }

    /// What the picture is made of, `[n, h, w, c]`. `others`, shaped alike, are added to the first features; `scales`, `[1, 1, 1,
    /// c]` for each block, are factors of its inner features, 1 where there are none.
    pub(super) fn features(&self, lr: &Map, others: Option<&Map>, scales: &[Map]) -> Map {
        let silu = Some(Activation::Silu);
        let first = self.conv_1.forward_with(&self.mean.forward(lr), None, others);
        let (mut x, mut early, mut inner) = (first.clone(), None, None);
        for (block, [c1, c2, c3]) in self.blocks.iter().enumerate() {
            let h = c1.forward_with(&x, silu, None);
            let h = scales.get(block).map_or(h.clone(), |scale| h.scale(scale, None));
            let y = c3.forward(&c2.forward_with(&h, silu, None));
            x = parameter_free_attention(&x, &y, BOUND);
            early.get_or_insert_with(|| x.clone());
            inner = Some(h);
        }
        let last = self.conv_2.forward(&x);
        self.conv_cat.forward(&Map::concat([Some(first), Some(last), early, inner].into_iter().flatten().collect()))
    }

    /// The picture of its features.
    pub(super) fn picture(&self, features: &Map) -> Map {
        self.upsampler.forward(features)
    }

    /// How far, in low-resolution pixels, a pixel of the picture can depend on the input: the reach of all layers, one after
    /// the other.
    pub fn halo(&self) -> usize {
        self.layers().map(|layer| layer.shape.kernel / 2).sum()
    }

    /// Every convolution, in their order.
    pub(super) fn layers(&self) -> impl Iterator<Item = &Conv2d> {
        let blocks = self.blocks.iter().flatten();
        [&self.mean, &self.conv_1].into_iter().chain(blocks).chain([&self.conv_2, &self.conv_cat, &self.upsampler])
    }
}
