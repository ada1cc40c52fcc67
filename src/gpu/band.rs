//! Command lists for bands: rows of a picture that pass through a network together, as [`crate::ops::band`] has them on the CPU.
//!
//! Such a list computes, of every map, the rows that have become possible, each once. What later bands will read of a map is
//! carried over: its rows lie before the new ones in the memory that it shares with other maps, and between two bands in a
//! buffer of its own. All places are relative to the first row in memory, so that bands in the middle of a picture have one and
//! the same list.

use super::list::{Role, State};
use crate::layer::Window;
use std::ops::Range;

/// Which band a list is for.
pub(super) struct Band {
    /// Rows of the picture.
    pub(super) height: usize,
    /// Most new rows of it in a band.
    pub(super) most: usize,
    /// Those of this one.
    pub(super) new: Range<usize>,
    /// What the bands before have left of every map.
    pub(super) before: Vec<Left>,
}

/// What a band leaves of a map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Left {
    /// Rows that have been written.
    written: usize,
    /// Those among them, and among those of its slices, that are carried over to the next band.
    pub(super) carried: Range<usize>,
}

impl Band {
    /// New rows of an input of `height` rows; `None` if it comes whole in every band.
    pub(super) fn of_input(&self, height: usize) -> Option<Range<usize>> {
        (height == self.height).then(|| self.new.clone())
    }

    /// Most new rows of a map of `height` rows.
    pub(super) fn most_rows(&self, height: usize) -> usize {
        (self.most * height).div_ceil(self.height.max(1))
    }
}

impl State {
    /// The rows to compute now of the next map, of `height` rows, from these inputs, which are read for them; `None` if those are
    /// whole.
    pub(super) fn next_rows(&mut self, inputs: &[(usize, Window)], height: usize) -> Option<Range<usize>> {
        let rows = self.possible_rows(inputs, height)?;
        for &(id, window) in inputs {
            self.read(id, window, rows.end, height);
        }
        Some(rows)
    }

    /// Notes that rows of a map will be read for those of another, of `height` rows, from row `next` on.
    pub(super) fn read(&mut self, id: usize, window: Window, next: usize, height: usize) {
        let map = &mut self.maps[id];
        let from = if next == height { map.dims[1] } else { window.first(next) };
        map.read_from = Some(map.read_from.map_or(from, |before| before.min(from)));
    }

    /// The rows that can be computed now of the next map, of `height` rows, from these inputs; `None` if those are whole.
    pub(super) fn possible_rows(&mut self, inputs: &[(usize, Window)], height: usize) -> Option<Range<usize>> {
        let band = self.band.as_ref()?;
        if !inputs.iter().any(|&(id, _)| self.maps[id].banded) {
            return None;
        }
        if !inputs.iter().all(|&(id, _)| self.maps[id].banded) {
            self.error.get_or_insert("a whole map met a band".into());
            return None;
        }
        let first = band.before.get(self.maps.len()).map_or(0, |left| left.written);
        let together = inputs.iter().map(|(_, window)| window.rows_out).max().unwrap_or(1);
        let ready = inputs.iter().map(|&(id, window)| {
            let map = &self.maps[id];
            window.ready(map.rows.end, map.dims[1], height)
        });
        let most = first + band.most_rows(height).next_multiple_of(together);
        let mut end = ready.min().unwrap_or(0).min(most);
        if end < height {
            end -= end % together;
        }
        Some(first..end.max(first))
    }

    /// The rows of a map that were carried over to this band.
    pub(super) fn carried_in(&self, root: usize) -> Range<usize> {
        let before = self.band.as_ref().and_then(|band| band.before.get(root));
        before.map_or(0..0, |left| left.carried.clone())
    }

    /// The rows of every map that are in memory, and those that are carried over to the next band: of maps that own memory.
    pub(super) fn rows_in_memory(&self) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
        let mut memory: Vec<Range<usize>> = self.maps.iter().map(|map| 0..map.dims[1]).collect();
        let mut carried = vec![0..0; self.maps.len()];
        for (id, map) in self.maps.iter().enumerate().filter(|(_, map)| map.banded) {
            let root = self.root(id);
            let from = map.read_from.unwrap_or(map.rows.end).min(map.rows.end);
            if root == id {
                let first = match self.carried_in(root) {
                    carried if carried.is_empty() => map.rows.start,
                    carried => carried.start,
                };
                memory[root] = first..map.rows.end;
                carried[root] = from..map.rows.end;
            }
        }
        // Slices may be ahead of the map that they belong to.
        for (id, map) in self.maps.iter().enumerate().filter(|(_, map)| map.banded) {
            let root = self.root(id);
            if root != id {
                let from = map.read_from.unwrap_or(map.rows.end).min(map.rows.end);
                memory[root].start = memory[root].start.min(map.rows.start);
                memory[root].end = memory[root].end.max(map.rows.end);
                carried[root].start = carried[root].start.min(from);
                carried[root].end = carried[root].end.max(map.rows.end);
            }
        }
        (memory, carried)
    }

    /// What this band leaves.
    pub(super) fn left(&self) -> Vec<Left> {
        let carried = |id: usize| self.carried.get(id).cloned().unwrap_or(0..0);
        let left = |(id, map): (usize, &super::list::MapState)| Left { written: map.rows.end, carried: carried(id) };
        self.maps.iter().enumerate().map(left).collect()
    }

    /// Whether rows of a map are carried over, into this band or out of it: an output's never are.
    pub(super) fn is_carried(&self, id: usize) -> bool {
        let map = &self.maps[id];
        map.banded && map.role != Role::Output && map.slice_of.is_none()
    }
}
