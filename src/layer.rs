//! Static descriptions of layers: what the CPU kernels, the GPU kernels and the operations on both agree on.

/// What follows a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Activation {
    /// `v / (1 + exp(-v))`
    Silu,
    /// `v Phi(v)`, exact
    Gelu,
}

/// Static shape of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConvShape {
    /// Input channels.
    pub c_in: usize,
    /// Output channels.
    pub c_out: usize,
    /// 1 or 3.
    pub kernel: usize,
    /// 1 or 2.
    pub stride: usize,
    /// Zero rows and columns before the first pixel (top and left).
    pub pad_begin: usize,
    /// Zero rows and columns after the last pixel (bottom and right).
    pub pad_end: usize,
    /// Read the input as if every pixel had been doubled in both directions.
    pub upsample: bool,
}

impl ConvShape {
    /// `kernel` x `kernel`, stride 1, same size.
    pub fn same(c_in: usize, c_out: usize, kernel: usize) -> Self {
        let pad = kernel / 2;
        Self { c_in, c_out, kernel, stride: 1, pad_begin: pad, pad_end: pad, upsample: false }
    }

    /// 3x3, stride 2, with the given padding.
    pub fn down(c_in: usize, c_out: usize, pad_begin: usize, pad_end: usize) -> Self {
        Self { c_in, c_out, kernel: 3, stride: 2, pad_begin, pad_end, upsample: false }
    }

    /// Nearest x2, then 3x3 of the same size.
    pub fn up(c_in: usize, c_out: usize) -> Self {
        Self { upsample: true, ..Self::same(c_in, c_out, 3) }
    }

    /// Which rows an output row reads. With `pairs` two rows of stride 1 are computed together.
    pub fn window(&self, pairs: bool) -> Window {
        let (above, beyond) = (self.pad_begin, self.kernel.saturating_sub(self.pad_begin + self.stride));
        match (self.upsample, self.stride) {
            // The rows on both sides of a source row; it becomes two.
            (true, _) => Window { rows_in: 1, rows_out: 2, above: 1, below: 1 },
            (false, 1) if pairs && self.kernel > 1 => Window { rows_in: 2, rows_out: 2, above, below: beyond },
            (false, stride) => Window { rows_in: stride, rows_out: 1, above, below: beyond },
        }
    }

    /// Output height or width for an input of `size`.
    pub fn output(&self, size: usize) -> usize {
        let size = if self.upsample { 2 * size } else { size };
        (size + self.pad_begin + self.pad_end - self.kernel) / self.stride + 1
    }
}

/// Which rows of an input are read for rows of an output: for the group `g` of `rows_out` output rows, those from
/// `g * rows_in - above` to before `(g + 1) * rows_in + below`, as far as they are in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Input rows from one group to the next.
    pub rows_in: usize,
    /// Output rows of a group, which are computed together.
    pub rows_out: usize,
    /// Input rows before those of the group.
    pub above: usize,
    /// Input rows after them.
    pub below: usize,
}

impl Window {
    /// Of an operation that looks at one row.
    pub const ROW: Self = Self { rows_in: 1, rows_out: 1, above: 0, below: 0 };

    /// How many of `height_out` output rows can be computed when the first `there` of `height` input rows are there.
    pub fn ready(&self, there: usize, height: usize, height_out: usize) -> usize {
        match there >= height {
            true => height_out,
            false => (there.saturating_sub(self.below) / self.rows_in * self.rows_out).min(height_out),
        }
    }

    /// The first input row that output row `row`, or one after it, reads.
    pub fn first(&self, row: usize) -> usize {
        (row / self.rows_out * self.rows_in).saturating_sub(self.above)
    }
}

/// Which pairs of tokens a shifted window keeps apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MaskKind {
    /// What the released networks were trained with: only the last row of windows is masked, by in-window
    /// columns (two indexing slips in the released code).
    #[default]
    Released,
    /// Swin's own mask: tokens from different image regions, which the cyclic shift has brought into one
    /// window, do not see each other.
    Textbook,
}
