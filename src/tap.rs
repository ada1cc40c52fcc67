//! Intermediate results of a network by name, for whoever checks its parity. Without an observer a tap is one
//! test of an empty option.

use burn::tensor::Tensor;
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

    /// Returns `x` unchanged.
    pub fn pass(&self, x: Tensor<4>) -> Tensor<4> {
        if let Some((name, observer)) = &self.0 {
            observer(name, &x);
        }
        x
    }
}
