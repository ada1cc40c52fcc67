//! Intermediate results of a network by name, for whoever checks its parity. Without an observer a tap is one
//! test of an empty option.

use crate::layer::Activation;
use crate::ops::Map;
use burn::tensor::{Tensor, activation::silu};
use std::rc::Rc;

/// Called with a layer's name in the state dict and what the layer returned, `[n, h, w, c]`.
pub type Observer = Rc<dyn Fn(&str, &Tensor<4>)>;

/// A point of a network that an [`Observer`] sees.
#[derive(Clone, Default)]
pub struct Tap(Option<(Rc<str>, Observer)>);

impl Tap {
    /// Shows what passes here to `observer`, if there is one, under `name`.
    pub fn new(name: &str, observer: Option<&Observer>) -> Self {
        Self(observer.map(|observer| (name.into(), observer.clone())))
    }

    /// `residual + part`, where `part` adds the residual that it is given; an observer sees the part alone.
    pub fn add(&self, residual: &Map, part: impl Fn(Option<&Map>) -> Map) -> Map {
        match (&self.0, residual) {
            (Some(_), Map::Host(x)) => Map::Host(x.clone() + self.pass(part(None)).host()),
            _ => part(Some(residual)),
        }
    }

    /// The SiLU of a part that applies the activation that it is given; an observer sees the part without it.
    pub fn silu(&self, part: impl Fn(Option<Activation>) -> Map) -> Map {
        match &self.0 {
            Some(_) => match self.pass(part(None)) {
                Map::Host(x) => Map::Host(silu(x)),
                Map::Gpu(_) | Map::Band(_) => part(Some(Activation::Silu)),
            },
            None => part(Some(Activation::Silu)),
        }
    }

    /// Returns `x` unchanged. Maps that are only recorded have nothing to show.
    pub fn pass(&self, x: Map) -> Map {
        if let (Some((name, observer)), Map::Host(x)) = (&self.0, &x) {
            observer(name, x);
        }
        x
    }
}
