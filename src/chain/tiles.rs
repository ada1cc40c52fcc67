//! Tile plans: which parts of a latent canvas are computed together, and how the parts are joined.
//!
//! A plan is a grid, the product of one list of [`Span`]s per axis. Every span carries a weight per position;
//! at every position of the axis the weights of all spans sum to 1, so the product's do as well.

use crate::limits::{EXACT_TILE_CORE, EXACT_TILE_WHOLE};
use crate::model::Reach;
use std::ops::Range;

/// Most tiles along a side of a canvas that is divided for a slow device.
const MAX_PARTS: usize = 12;
/// Side of a tile of a network that sees all of it; what the released networks were trained on.
pub(super) const GLOBAL_TILE: usize = 64;

/// One tile's extent along one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// First position that is computed.
    pub begin: usize,
    /// Weight of each computed position in the joined canvas.
    pub weights: Vec<f32>,
    /// Positions whose weight is not 0, relative to `begin`.
    pub keep: Range<usize>,
}

impl Span {
    fn new(begin: usize, weights: Vec<f32>) -> Self {
        let first = weights.iter().position(|&w| w != 0.0).unwrap_or(0);
        let last = weights.iter().rposition(|&w| w != 0.0).map_or(0, |i| i + 1);
        Self { begin, weights, keep: first..last }
    }

    /// Number of positions that are computed.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether nothing is computed.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// Positions on the canvas that are computed.
    pub fn range(&self) -> Range<usize> {
        self.begin..self.begin + self.len()
    }

    /// Positions on the canvas that are written.
    pub fn kept(&self) -> Range<usize> {
        self.begin + self.keep.start..self.begin + self.keep.end
    }
}

/// One tile of a plan.
#[derive(Debug, Clone, Copy)]
pub struct Tile<'a> {
    /// Vertical extent.
    pub y: &'a Span,
    /// Horizontal extent.
    pub x: &'a Span,
}

impl Tile<'_> {
    /// Positions that are computed.
    pub fn count(&self) -> usize {
        self.y.len() * self.x.len()
    }
}

/// A grid of tiles that covers a canvas.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Vertical extents, top to bottom.
    pub rows: Vec<Span>,
    /// Horizontal extents, left to right.
    pub cols: Vec<Span>,
}

impl Plan {
    /// For computations that see at most `halo` positions: each tile computes its core and a halo around it, and
    /// only the core is kept. Cores are equal (the last may be shorter) and have a side of at most `core`; computed
    /// extents start and end at multiples of `multiple` (or at the canvas' edge); both numbers are rounded up to it.
    /// All tiles compute extents of one size, so that one command list serves them all: at an edge of the canvas, where
    /// there is no halo, they reach further inwards.
    pub fn exact(height: usize, width: usize, core: usize, halo: usize, multiple: usize) -> Self {
        Self::exact_of([height, width], [core; 2], halo, multiple)
    }

    /// As [`Self::exact`], with cores of their own height and width.
    pub fn exact_of([height, width]: [usize; 2], cores: [usize; 2], halo: usize, multiple: usize) -> Self {
        let spans = |length: usize, core: usize| {
            let count = length.div_ceil(core.max(1).next_multiple_of(multiple)).max(1);
            let core = length.div_ceil(count).max(1).next_multiple_of(multiple);
            let halo = halo.next_multiple_of(multiple);
            let size = (core + halo * (count - 1).min(2)).min(length);
            (0..length)
                .step_by(core)
                .map(|begin| {
                    let end = (begin + core).min(length);
                    let start = begin.saturating_sub(halo).min(length - size);
                    let inside = |i: usize| if (begin..end).contains(&i) { 1.0 } else { 0.0 };
                    Span::new(start, (start..start + size).map(inside).collect())
                })
                .collect()
        };
        Self { rows: spans(height, cores[0]), cols: spans(width, cores[1]) }
    }

    /// For computations that see their whole tile: tiles of side `tile` overlap by at least `overlap` and are
    /// blended with raised-cosine ramps. Extents start at multiples of `align`; `tile` is one as well. A canvas
    /// side of at most `tile` is one tile.
    pub fn blended(height: usize, width: usize, tile: usize, overlap: usize, align: usize) -> Self {
        let spans = |length: usize| {
            if length <= tile {
                return vec![Span::new(0, vec![1.0; length])];
            }
            let overlap = overlap.clamp(align, tile - align);
            let gaps = (length - tile).div_ceil((tile - overlap) / align * align);
            let starts: Vec<usize> = (0..=gaps).map(|i| (length - tile) * i / gaps / align * align).collect();
            let ramp = |i: usize, start: usize| {
                let rise = |distance: usize| {
                    let u = ((distance as f64 + 0.5) / overlap as f64).min(1.0);
                    (std::f64::consts::FRAC_PI_2 * u).sin().powi(2)
                };
                let left = if start == 0 { 1.0 } else { rise(i - start) };
                let right = if start + tile >= length { 1.0 } else { rise(start + tile - 1 - i) };
                left * right
            };
            let mut total = vec![0.0; length];
            for &start in &starts {
                (start..start + tile).for_each(|i| total[i] += ramp(i, start));
            }
            let weight = |i: usize, start: usize| (ramp(i, start) / total[i]) as f32;
            starts.iter().map(|&s| Span::new(s, (s..s + tile).map(|i| weight(i, s)).collect())).collect()
        };
        Self { rows: spans(height), cols: spans(width) }
    }

    /// The released code's tiles: `chop` wide, `stride` apart, the last one moved back to end at the edge,
    /// averaged with equal weights where they overlap.
    pub fn released(height: usize, width: usize, chop: usize, stride: usize) -> Self {
        let spans = |length: usize| {
            let starts = released_starts(length, chop, stride);
            let mut total = vec![0f32; length];
            for &start in &starts {
                (start..(start + chop).min(length)).for_each(|i| total[i] += 1.0);
            }
            let weights = |s: usize| (s..(s + chop).min(length)).map(|i| 1.0 / total[i]).collect();
            starts.iter().map(|&s| Span::new(s, weights(s))).collect()
        };
        Self { rows: spans(height), cols: spans(width) }
    }

    /// The tiles, row by row.
    pub fn tiles(&self) -> impl Iterator<Item = Tile<'_>> {
        self.rows.iter().flat_map(|y| self.cols.iter().map(move |x| Tile { y, x }))
    }

    /// Positions that the largest tile computes.
    pub fn largest(&self) -> usize {
        self.tiles().map(|tile| tile.y.len() * tile.x.len()).max().unwrap_or(0)
    }

    /// Positions that all tiles compute.
    pub fn computed(&self) -> usize {
        self.tiles().map(|tile| tile.count()).sum()
    }

    /// The first position, from top to bottom, that a tile reads or writes after so many rows of tiles.
    pub fn settled(&self, rows: usize) -> usize {
        let end = self.rows.last().map_or(0, |last| last.range().end);
        self.rows.get(rows).map_or(end, |next| next.begin)
    }

    /// Most positions from the first that a row of tiles reads to the last that it writes.
    pub fn tallest(&self) -> usize {
        self.rows.iter().map(|span| span.keep.end).max().unwrap_or(0)
    }

    /// Number of tiles.
    pub fn count(&self) -> usize {
        self.rows.len() * self.cols.len()
    }
}

/// Start positions of the released code's tiles along an axis: 0, stride, ...; a tile that would pass the end is
/// moved back to it.
pub fn released_starts(length: usize, chop: usize, stride: usize) -> Vec<usize> {
    let mut starts: Vec<usize> =
        (0..length).step_by(stride.max(1)).map(|s| s.min(length.saturating_sub(chop))).collect();
    starts.dedup();
    starts
}

/// The plan for a computation of the given reach over a canvas: `tile` positions a side, or a default that keeps its memory
/// small beside its halo's cost. `max_positions`: that one of the tiles should compute, halo included, where the reach is finite
/// and no side is given; `None`: any number.
pub fn plan(
    height: usize,
    width: usize,
    reach: Reach,
    multiple: usize,
    tile: Option<usize>,
    max_positions: Option<usize>,
) -> Plan {
    match reach {
        Reach::Finite(halo) => {
            let exact = |cores: [usize; 2]| Plan::exact_of([height, width], cores, halo, multiple);
            if let Some(side) = tile {
                return exact([side; 2]);
            }
            // A core of 256 has, with its halo of about 64 on both sides, 384.
            let usual =
                exact([if height.max(width) <= EXACT_TILE_WHOLE { EXACT_TILE_WHOLE } else { EXACT_TILE_CORE }; 2]);
            let fits = |plan: &Plan| max_positions.is_none_or(|most| plan.largest() <= most);
            if fits(&usual) {
                return usual;
            }
            let sides = |length: usize| (1..=MAX_PARTS).map(move |parts| length.div_ceil(parts));
            let cores = sides(height).flat_map(|rows| sides(width).map(move |cols| [rows, cols]));
            let small = cores.filter(|cores| cores.iter().all(|&side| side <= EXACT_TILE_WHOLE));
            let plans: Vec<Plan> = small.map(exact).collect();
            let best = plans.iter().filter(|plan| fits(plan)).min_by_key(|plan| plan.computed());
            best.or(plans.iter().min_by_key(|plan| plan.largest())).cloned().unwrap_or(usual)
        }
        Reach::Global { overlap } => {
            let tile = tile.unwrap_or(GLOBAL_TILE).next_multiple_of(multiple).max(multiple);
            Plan::blended(height, width, tile, overlap, multiple.min(8))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums_to_one(spans: &[Span], length: usize, tolerance: f32) {
        let mut total = vec![0f32; length];
        for span in spans {
            for (i, w) in span.range().zip(&span.weights) {
                total[i] += w;
            }
        }
        for (i, t) in total.iter().enumerate() {
            assert!((t - 1.0).abs() <= tolerance, "position {i} of {length}: {t}");
        }
    }

    #[test]
    fn exact_plans_cover_once_with_their_halo() {
        for length in [4, 8, 64, 68, 100, 252] {
            for (core, halo) in [(4, 0), (16, 5), (64, 64), (1000, 64)] {
                let plan = Plan::exact(length, length, core, halo, 4);
                sums_to_one(&plan.rows, length, 0.0);
                for span in &plan.rows {
                    let (range, kept) = (span.range(), span.kept());
                    assert!(range.start % 4 == 0 && range.end % 4 == 0);
                    assert!(range.start == 0 || range.start + halo <= kept.start);
                    assert!(range.end == length || kept.end + halo <= range.end);
                    assert_eq!(span.len(), plan.rows[0].len(), "one size serves all tiles");
                }
            }
        }
    }

    /// Weights are f64 quotients rounded once to f32: their sum is off by an ulp or two.
    #[test]
    fn blended_plans_cover_smoothly() {
        for length in [16, 64, 80, 128, 192, 256, 320, 1024] {
            let plan = Plan::blended(length, 64, 64, 16, 8);
            sums_to_one(&plan.rows, length, 3e-7);
            for pair in plan.rows.windows(2) {
                assert!(pair[0].range().end >= pair[1].begin + 16, "{length}: overlap too small");
            }
            for span in &plan.rows {
                assert_eq!(span.begin % 8, 0);
                assert!(span.range().end <= length);
                let step = span.weights.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
                assert!(step < 0.12, "{length}: weights jump by {step}");
            }
        }
    }

    #[test]
    fn one_tile_has_weight_one() {
        for plan in [Plan::exact(64, 32, 64, 16, 4), Plan::blended(64, 32, 64, 16, 8), Plan::released(64, 32, 64, 48)] {
            assert_eq!(plan.count(), 1);
            assert!(plan.rows[0].weights.iter().chain(&plan.cols[0].weights).all(|&w| w == 1.0));
        }
    }
}
