//! Multi-head attention inside 8x8 (or smaller) windows of `[n, h, w, 3c]`, Swin style: the windows may
//! be shifted, positions enter as a learned relative bias.

use super::{Map, Weight};
use crate::gpu::{self, WindowShape};
use crate::layer::MaskKind;
use crate::{Error, Result};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData};

/// Window attention without its projections.
#[derive(Clone, Debug)]
pub struct WindowAttention {
    /// Relative position bias, `[(2 window - 1)^2, heads]`.
    pub table: Weight<2>,
    /// Heads; divides c.
    pub heads: usize,
    /// Window side in pixels.
    pub window: usize,
    /// Cyclic shift in pixels, 0 or `window / 2`.
    pub shift: usize,
    /// Applies where `shift` is not 0.
    pub mask: MaskKind,
}

impl WindowAttention {
    /// `qkv` `[n, h, w, 3c]`, channels in the order `[3][heads][c / heads]`; returns `[n, h, w, c]`.
    /// Height and width are multiples of the window.
    pub fn forward(&self, qkv: &Map) -> Map {
        match qkv {
            Map::Gpu(qkv) => Map::Gpu(gpu::window_attention(qkv, self.table.gpu(), self.shape())),
            _ => Map::Host(self.on_host(qkv.clone().host())),
        }
    }

    fn shape(&self) -> WindowShape {
        let &Self { heads, window, shift, mask, .. } = self;
        WindowShape { heads, window, shift, mask }
    }

    fn on_host(&self, qkv: Tensor<4>) -> Tensor<4> {
        let [n, h, w, c3] = qkv.dims();
        let (c, ws, heads) = (c3 / 3, self.window, self.heads);
        let (rows, cols, tokens, dim) = (h / ws, w / ws, ws * ws, c / heads);
        let shift = self.shift as i64;
        let qkv = if shift == 0 { qkv } else { qkv.roll(&[-shift, -shift], &[1, 2]) };
        // [3, n, windows, heads, tokens, dim]
        let parts = qkv
            .reshape([n, rows, ws, cols, ws, c3])
            .permute([0, 1, 3, 2, 4, 5])
            .reshape([n, rows * cols, tokens, 3, heads, dim])
            .permute([3, 0, 1, 4, 2, 5]);
        let part = |i: usize| parts.clone().slice([i..i + 1]).reshape([n * rows * cols, heads, tokens, dim]);
        let scores = part(0) * (dim as f64).powf(-0.5);
        let scores = scores.matmul(part(1).swap_dims(2, 3)) + self.bias();
        let scores = match self.mask(rows, cols, &scores.device()) {
            None => scores,
            Some(mask) => {
                let scores = scores.reshape([n, rows * cols, heads, tokens * tokens]);
                (scores + mask.reshape([1, rows * cols, 1, tokens * tokens])).reshape([
                    n * rows * cols,
                    heads,
                    tokens,
                    tokens,
                ])
            }
        };
        let out = softmax(scores, 3).matmul(part(2));
        let out = out.reshape([n, rows, cols, heads, ws, ws, dim]).permute([0, 1, 4, 2, 5, 3, 6]).reshape([n, h, w, c]);
        if shift == 0 { out } else { out.roll(&[shift, shift], &[1, 2]) }
    }

    /// Whether `c` channels can be computed where the table lies.
    ///
    /// # Errors
    /// [`Error::BadWeights`] if not.
    pub fn check(&self, c: usize) -> Result<()> {
        let divides = self.heads > 0 && c.is_multiple_of(self.heads);
        let needs_kernel = matches!(self.table, Weight::Gpu(..));
        if divides && (!needs_kernel || self.has_kernel(c)) {
            return Ok(());
        }
        let (window, heads) = (self.window, self.heads);
        Err(Error::BadWeights(format!("attention of {c} channels, {heads} heads and window {window} cannot run here")))
    }

    fn has_kernel(&self, c: usize) -> bool {
        let dim = c / self.heads;
        self.window <= 8 && dim.is_multiple_of(4) && dim <= 64
    }

    /// The bias of every query and key, `[1, heads, tokens, tokens]`.
    fn bias(&self) -> Tensor<4> {
        let tokens = self.window * self.window;
        let index: Vec<i32> = relative_position_index(self.window).iter().map(|&i| i as i32).collect();
        let table = self.table.host();
        let index =
            Tensor::<1, burn::tensor::Int>::from_data(TensorData::new(index, [tokens * tokens]), &table.device());
        table.select(0, index).reshape([1, tokens, tokens, self.heads]).permute([0, 3, 1, 2])
    }

    /// 0 or -100 for every window, query and key, `[windows, tokens, tokens]`; `None` without a shift.
    fn mask(&self, rows: usize, cols: usize, device: &Device) -> Option<Tensor<3>> {
        if self.shift == 0 {
            return None;
        }
        let tokens = self.window * self.window;
        let mask: Vec<f32> =
            self.separated(rows, cols).into_iter().map(|apart| if apart { MASKED } else { 0.0 }).collect();
        Some(Tensor::from_data(TensorData::new(mask, [rows * cols, tokens, tokens]), device))
    }

    /// Which pairs of tokens may not see each other in a map of `rows` x `cols` windows, row-major over
    /// `[windows, queries, keys]`. Applies where `shift` is not 0.
    pub fn separated(&self, rows: usize, cols: usize) -> Vec<bool> {
        let (ws, tokens) = (self.window, self.window * self.window);
        // Beyond this line of a window, the cyclic shift has brought pixels from the opposite border.
        let beyond = |i: usize| i >= ws - self.shift;
        let mut separated = Vec::with_capacity(rows * cols * tokens * tokens);
        for window in 0..rows * cols {
            let last_row = window / cols + 1 == rows;
            let last_col = window % cols + 1 == cols;
            for (q, k) in (0..tokens).flat_map(|q| (0..tokens).map(move |k| (q, k))) {
                let apart_in_rows = beyond(q / ws) != beyond(k / ws);
                let apart_in_cols = beyond(q % ws) != beyond(k % ws);
                separated.push(match self.mask {
                    MaskKind::Released => last_row && apart_in_cols,
                    MaskKind::Textbook => (last_row && apart_in_rows) || (last_col && apart_in_cols),
                });
            }
        }
        separated
    }
}

/// What a masked pair's score is lowered by. Finite, as released: softmax keeps a trace of e^-100.
pub const MASKED: f32 = -100.0;

/// Row of the bias table for query `q` and key `k`, row-major over `[tokens, tokens]`:
/// `(dy + w - 1)(2w - 1) + dx + w - 1` with `(dy, dx)` = query minus key.
pub fn relative_position_index(window: usize) -> Vec<usize> {
    let tokens = window * window;
    let side = 2 * window - 1;
    let mut index = Vec::with_capacity(tokens * tokens);
    for q in 0..tokens {
        for k in 0..tokens {
            let dy = q / window + window - 1 - k / window;
            let dx = q % window + window - 1 - k % window;
            index.push(dy * side + dx);
        }
    }
    index
}
