//! Maps on the host that pass through a network band by band.
//!
//! A picture's rows come from the top down, some at a time. Every operation computes the rows of its result that it can,
//! each once, and keeps of its inputs what the rows to come will read: of a 3x3 convolution two or three rows, of an addition
//! the rows of the input that is ahead of the other. So the result is that of the whole picture, to the bit, and what is kept
//! depends on the picture's width alone.

use super::Map;
use crate::cpu::copy_rows;
use crate::layer::Window;
use burn::tensor::Tensor;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

/// Rows of a map `[1, h, w, c]`: those that are new in this band.
#[derive(Clone)]
pub struct Band {
    passage: Rc<Passage>,
    /// The whole map's.
    pub(super) dims: [usize; 4],
    /// The first new row, and the new rows if there are any.
    first: usize,
    rows: Option<Tensor<4>>,
}

/// A picture's way through a network.
pub struct Passage {
    /// Rows of the picture.
    height: usize,
    /// Most new rows of it in a band; of other maps in proportion.
    band: usize,
    /// What the operations keep, in the order in which the network calls them.
    kept: RefCell<Vec<Kept>>,
    next: Cell<usize>,
    /// Numbers that the operations have computed.
    computed: Cell<usize>,
}

/// What an operation keeps between two bands.
struct Kept {
    inputs: Vec<Rows>,
    /// Rows of its result that have been computed.
    written: usize,
}

/// Rows of an input that are there, in pieces; each with the number of its first row.
#[derive(Default)]
pub(super) struct Rows(VecDeque<(usize, Tensor<4>)>);

impl Band {
    /// New rows of an input, `[1, rows, w, c]`, of which the first is row `first`; `dims` of the whole map.
    pub fn new(passage: &Rc<Passage>, dims: [usize; 4], first: usize, rows: Option<Tensor<4>>) -> Self {
        Self { passage: passage.clone(), dims, first, rows }
    }

    /// The new rows' numbers, and they themselves if there are any.
    pub fn into_rows(self) -> (Range<usize>, Option<Tensor<4>>) {
        (self.first..self.end(), self.rows)
    }

    /// Of the whole map.
    pub fn dims(&self) -> [usize; 4] {
        self.dims
    }

    fn end(&self) -> usize {
        self.first + self.rows.as_ref().map_or(0, |rows| rows.dims()[1])
    }
}

impl Passage {
    /// For a picture of `height` rows that comes in bands of `band`.
    pub fn new(height: usize, band: usize) -> Rc<Self> {
        Rc::new(Self { height, band, kept: RefCell::default(), next: Cell::new(0), computed: Cell::new(0) })
    }

    /// Begins the next band: the network is called again.
    pub fn begin_band(&self) {
        self.next.set(0);
    }

    /// Numbers that all operations have computed so far.
    pub fn computed(&self) -> usize {
        self.computed.get()
    }

    /// Most rows in a band of a map of `height` rows.
    fn most(&self, height: usize) -> usize {
        (self.band * height).div_ceil(self.height.max(1))
    }
}

impl Rows {
    /// The rows of this range, in one piece.
    pub(super) fn of(&self, range: Range<usize>) -> Tensor<4> {
        let pieces = self.0.iter().filter_map(|(first, x)| {
            let [n, rows, w, c] = x.dims();
            let (begin, end) = (range.start.max(*first), range.end.min(first + rows));
            match end.saturating_sub(begin) {
                0 => None,
                length if length == rows => Some(x.clone()),
                _ => Some(x.clone().slice([0..n, begin - first..end - first, 0..w, 0..c])),
            }
        });
        let mut pieces: Vec<Tensor<4>> = pieces.collect();
        if pieces.len() == 1 { pieces.remove(0) } else { Tensor::cat(pieces, 1) }
    }

    /// The number of the first row; the rows in two pieces, of which the first is often missing.
    pub(super) fn pieces(&self) -> (usize, Option<Tensor<4>>, Tensor<4>) {
        let mut pieces: Vec<Tensor<4>> = self.0.iter().map(|(_, x)| x.clone()).collect();
        let first = self.0.front().map_or(0, |(first, _)| *first);
        match (pieces.pop(), pieces.len()) {
            (Some(last), 0) => (first, None, last),
            (Some(last), 1) => (first, pieces.pop(), last),
            (Some(last), _) => (first, Some(Tensor::cat(pieces, 1)), last),
            (None, _) => unreachable!("nothing is computed from no rows"),
        }
    }

    fn end(&self) -> usize {
        self.0.back().map_or(0, |(first, x)| first + x.dims()[1])
    }

    /// Drops the rows before row `first`.
    fn keep_from(&mut self, first: usize) {
        while self.0.front().is_some_and(|(begin, x)| begin + x.dims()[1] <= first) {
            self.0.pop_front();
        }
        if let Some((begin, x)) = self.0.front_mut()
            && *begin < first
        {
            let [n, rows, w, c] = x.dims();
            let range = first - *begin..rows;
            *x = copy_rows(x, range.clone()).unwrap_or_else(|| x.clone().slice([0..n, range, 0..w, 0..c]));
            *begin = first;
        }
    }
}

impl Map {
    /// An operation on the host, with a result of `dims`: `compute` is given rows of the inputs, and the rows of the result to
    /// compute from them. Of whole maps that is everything at once.
    pub(super) fn by_rows(
        inputs: &[(&Map, Window)],
        dims: [usize; 4],
        compute: impl Fn(&[Rows], Range<usize>) -> Tensor<4>,
    ) -> Map {
        let Some(passage) = inputs.iter().find_map(|(x, _)| if let Map::Band(x) = x { Some(&x.passage) } else { None })
        else {
            let whole = |(x, _): &(&Map, Window)| Rows([(0, (*x).clone().host())].into());
            return Map::Host(compute(&inputs.iter().map(whole).collect::<Vec<_>>(), 0..dims[1]));
        };
        let place = passage.next.replace(passage.next.get() + 1);
        let mut all = passage.kept.borrow_mut();
        if all.len() == place {
            all.push(Kept { inputs: inputs.iter().map(|_| Rows::default()).collect(), written: 0 });
        }
        let Kept { inputs: kept, written } = &mut all[place];
        let (first, height) = (*written, dims[1]);
        let mut end = height;
        for ((x, window), kept) in inputs.iter().zip(kept.iter_mut()) {
            // A passage has no maps but its own.
            let Map::Band(x) = x else { unreachable!("a whole map met a band") };
            kept.0.extend(x.rows.clone().map(|rows| (x.first, rows)));
            end = end.min(window.ready(x.end(), x.dims[1], height));
        }
        let together = inputs.iter().map(|(_, window)| window.rows_out).max().unwrap_or(1);
        end = end.min(first + passage.most(height).next_multiple_of(together));
        if end < height {
            end -= end % together;
        }
        let rows = (end > first).then(|| compute(kept, first..end));
        if rows.is_some() {
            *written = end;
            passage.computed.set(passage.computed.get() + (end - first) * dims[2] * dims[3]);
            for ((_, window), kept) in inputs.iter().zip(kept.iter_mut()) {
                kept.keep_from(if end == height { kept.end() } else { window.first(end) });
            }
        }
        Map::Band(Band { passage: passage.clone(), dims, first, rows })
    }
}
