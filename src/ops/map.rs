//! What the operations of this folder take and give: a feature map, computed already or still to be computed.

use crate::gpu::{self, Node};
use burn::tensor::Tensor;

/// A feature map `[n, h, w, c]`, channels last. Networks are written once in terms of it: with maps on the host they
/// compute, with maps of a GPU's command list they record.
#[derive(Clone)]
pub enum Map {
    /// Numbers, in a tensor of burn's CPU backend (or of its autodiff).
    Host(Tensor<4>),
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
            Map::Gpu(x) => x.dims(),
        }
    }

    /// The tensor of a map on the host.
    pub fn host(self) -> Tensor<4> {
        match self {
            Map::Host(x) => x,
            // Lists are recorded from nodes alone; a node never meets a tensor.
            Map::Gpu(_) => unreachable!("a map of a command list has no numbers yet"),
        }
    }

    /// The node of a map in a command list.
    pub fn node(&self) -> &Node {
        match self {
            Map::Gpu(x) => x,
            Map::Host(_) => unreachable!("a command list is recorded from its own maps alone"),
        }
    }

    /// Maps of equal size side by side, `[n, h, w, sum of c]`.
    pub fn concat(parts: Vec<Map>) -> Map {
        match &parts[0] {
            Map::Host(_) => Map::Host(Tensor::cat(parts.into_iter().map(Map::host).collect(), 3)),
            Map::Gpu(_) => Map::Gpu(Node::concat(&parts.iter().map(|part| part.node().clone()).collect::<Vec<_>>())),
        }
    }

    /// Every channel times a number of its own: `factor` `[1, 1, 1, c]`. A `mean`, shaped as the map, is subtracted before.
    pub fn scale(&self, factor: &Map, mean: Option<&Map>) -> Map {
        match self {
            Map::Host(x) => {
                let x = mean.map_or(x.clone(), |mean| x.clone() - mean.clone().host());
                Map::Host(x * factor.clone().host())
            }
            Map::Gpu(x) => Map::Gpu(gpu::scale(x, factor.node(), mean.map(Map::node))),
        }
    }

    /// Has a GPU store all maps of this one's command list as f32, whatever it does with those of others.
    pub fn in_f32(&self) {
        if let Map::Gpu(x) = self {
            x.in_f32();
        }
    }
}
