//! What the operations of this folder take and give: a feature map, computed already or still to be computed.

use super::Band;
use crate::gpu::{self, Node};
use crate::layer::Window;
use burn::tensor::Tensor;

/// A feature map `[n, h, w, c]`, channels last. Networks are written once in terms of it: with maps on the host they
/// compute, with maps of a GPU's command list they record.
#[derive(Clone)]
pub enum Map {
    /// Numbers, in a tensor of burn's CPU backend (or of its autodiff).
    Host(Tensor<4>),
    /// Numbers of some rows.
    Band(Band),
    /// What a command list will have written.
    Gpu(Node),
}

impl From<Tensor<4>> for Map {
    fn from(x: Tensor<4>) -> Self {
        Map::Host(x)
    }
}

impl From<Node> for Map {
    fn from(x: Node) -> Self {
        Map::Gpu(x)
    }
}

impl Map {
    /// `[n, h, w, c]`.
    pub fn dims(&self) -> [usize; 4] {
        match self {
            Map::Host(x) => x.dims(),
            Map::Band(x) => x.dims,
            Map::Gpu(x) => x.dims(),
        }
    }

    /// The tensor of a whole map on the host.
    pub fn host(self) -> Tensor<4> {
        match self {
            Map::Host(x) => x,
            // Networks that look at whole maps are not given bands: their reach is not finite.
            Map::Band(_) => unreachable!("a band is not a whole map"),
            // Lists are recorded from nodes alone; a node never meets a tensor.
            Map::Gpu(_) => unreachable!("a map of a command list has no numbers yet"),
        }
    }

    /// The node of a map in a command list.
    pub fn node(&self) -> &Node {
        match self {
            Map::Gpu(x) => x,
            Map::Host(_) | Map::Band(_) => unreachable!("a command list is recorded from its own maps alone"),
        }
    }

    /// Maps of equal size side by side, `[n, h, w, sum of c]`.
    pub fn concat(parts: Vec<Map>) -> Map {
        match &parts[0] {
            Map::Gpu(_) => Map::Gpu(Node::concat(&parts.iter().map(|part| part.node().clone()).collect::<Vec<_>>())),
            Map::Host(_) | Map::Band(_) => {
                let [n, h, w, _] = parts[0].dims();
                let channels = parts.iter().map(|part| part.dims()[3]).sum();
                let inputs: Vec<(&Map, Window)> = parts.iter().map(|part| (part, Window::ROW)).collect();
                Map::by_rows(&inputs, [n, h, w, channels], |inputs, out| {
                    Tensor::cat(inputs.iter().map(|input| input.of(out.clone())).collect(), 3)
                })
            }
        }
    }

    /// Every channel times a number of its own: `factor` `[1, 1, 1, c]`. A `mean`, shaped as the map, is subtracted before.
    pub fn scale(&self, factor: &Map, mean: Option<&Map>) -> Map {
        match self {
            Map::Gpu(x) => Map::Gpu(gpu::scale(x, factor.node(), mean.map(Map::node))),
            Map::Host(_) | Map::Band(_) => {
                let inputs: Vec<(&Map, Window)> = [self].into_iter().chain(mean).map(|x| (x, Window::ROW)).collect();
                Map::by_rows(&inputs, self.dims(), |inputs, out| {
                    let x = inputs[0].of(out.clone());
                    let x = inputs.get(1).map_or(x.clone(), |mean| x - mean.of(out));
                    x * factor.clone().host()
                })
            }
        }
    }

    /// Has a GPU store all maps of this one's command list as f32, whatever it does with those of others.
    pub fn in_f32(&self) {
        if let Map::Gpu(x) = self {
            x.in_f32();
        }
    }
}
