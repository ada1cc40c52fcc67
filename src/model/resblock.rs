//! The UNet's residual block, steered by the time embedding.

use crate::Result;
use crate::layer::ConvShape;
use crate::ops::tap::Tap;
use crate::ops::{Conv2d, GroupNorm, Map};
use crate::weights::Weights;

/// Epsilon of every GroupNorm in the UNet.
pub const EPS: f32 = 1e-5;

/// `skip(x) + conv(silu(film(norm(conv(silu(norm(x)))))))`.
pub struct ResBlock {
    in_norm: GroupNorm,
    in_conv: Conv2d,
    emb: Conv2d,
    out_norm: GroupNorm,
    out_conv: Conv2d,
    skip: Option<Conv2d>,
    in_tap: Tap,
    emb_tap: Tap,
}

impl ResBlock {
    /// Reads `in_layers`, `emb_layers`, `out_layers` and, where the width changes, `skip_connection`.
    /// `emb` is the width of the time embedding.
    pub fn load(weights: &Weights, c_in: usize, c_out: usize, emb: usize) -> Result<Self> {
        let (in_layers, emb_layers, out_layers) =
            (weights.at("in_layers"), weights.at("emb_layers"), weights.at("out_layers"));
        let skip = match c_in == c_out {
            true => None,
            false => Some(Conv2d::load(&weights.at("skip_connection"), ConvShape::same(c_in, c_out, 1))?),
        };
        Ok(Self {
            in_norm: GroupNorm::load(&in_layers.at("0"), c_in, EPS)?,
            in_conv: Conv2d::load(&in_layers.at("2"), ConvShape::same(c_in, c_out, 3))?,
            emb: Conv2d::load_linear(&emb_layers.at("1"), emb, 2 * c_out)?,
            out_norm: GroupNorm::load(&out_layers.at("0"), c_out, EPS)?,
            out_conv: Conv2d::load(&out_layers.at("3"), ConvShape::same(c_out, c_out, 3))?,
            skip,
            in_tap: in_layers.tap(),
            emb_tap: emb_layers.tap(),
        })
    }

    /// `x` `[n, h, w, c_in]`, `emb` the SiLU of the time embedding `[n or 1, 1, 1, emb]`; returns `[n, h, w, c_out]`.
    pub fn forward(&self, x: &Map, emb: &Map) -> Map {
        let h = self.in_tap.pass(self.in_conv.forward(&self.in_norm.forward(x, None, true)));
        let film = self.emb_tap.pass(self.emb.forward(emb));
        let h = self.out_norm.forward(&h, Some(&film), true);
        let skip = self.skip.as_ref().map(|skip| skip.forward(x));
        self.out_conv.forward_with(&h, None, Some(skip.as_ref().unwrap_or(x)))
    }
}
