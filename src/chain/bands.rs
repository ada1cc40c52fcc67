//! How a picture passes through a network of finite reach: in bands of rows as wide as the picture, and where several engines
//! work together in parts one above the other.

use crate::chain::tiles::{GLOBAL_TILE, Plan, plan};
use crate::compute::Compute;
use crate::limits::{BAND_KEPT, BAND_MAPS, BAND_PIXELS, BAND_WIDTH};
use crate::model::Reach;
use std::ops::Range;

/// Share of one engine's time that a team must stay below to be worth its memory.
const WORTHWHILE: (usize, usize) = (3, 4);

/// Who computes a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Team {
    /// Engines that compute at the same time.
    pub engines: usize,
    /// Most positions that one of them should compute at a time; `None`: any number.
    pub max_positions: Option<usize>,
}

impl Default for Team {
    fn default() -> Self {
        Self { engines: 1, max_positions: None }
    }
}

/// How a network takes a picture.
#[derive(Debug, Clone, PartialEq)]
pub enum Cut {
    /// From the top down: the networks of finite reach.
    Bands(Bands),
    /// In tiles: the networks that see all that they are given.
    Tiles(Plan),
}

/// Bands of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bands {
    /// Most rows that are taken at a time.
    pub rows: usize,
    /// Rows that the network sees above and below its own.
    pub halo: usize,
    /// What parts begin at multiples of.
    pub multiple: usize,
    /// Of the picture, from the top down: one for each engine.
    pub parts: Vec<Part>,
}

/// Rows of a picture that one engine computes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Rows of the result.
    pub keeps: Range<usize>,
    /// The same and a halo towards the other parts.
    pub reads: Range<usize>,
}

impl Cut {
    /// For a computation of the given reach over a canvas, by a team. `tile`: rows of a band or positions of a tile's side, if
    /// not a default. What is kept from band to band grows with the width: very wide canvases are cut in tiles.
    pub fn new(
        [height, width]: [usize; 2],
        reach: Reach,
        multiple: usize,
        tile: Option<usize>,
        team: Team,
        compute: &Compute,
    ) -> Self {
        // Helpers compute on the CPU.
        let engines = if matches!(compute, Compute::Cpu(_)) { team.engines } else { 1 };
        match reach {
            Reach::Finite(halo) if width <= BAND_WIDTH => {
                Cut::Bands(Bands::new([height, width], halo, multiple, tile, Team { engines, ..team }))
            }
            _ => Cut::Tiles(plan(height, width, reach, multiple, tile, team.max_positions)),
        }
    }

    /// Side of the largest square canvas that is taken at once; arguments as of [`Self::new`].
    pub fn largest(reach: Reach, multiple: usize, max_positions: Option<usize>) -> usize {
        match reach {
            Reach::Finite(_) => max_positions.unwrap_or(BAND_PIXELS).min(BAND_PIXELS).isqrt() / multiple * multiple,
            Reach::Global { .. } => GLOBAL_TILE.next_multiple_of(multiple),
        }
    }

    /// All rows at once.
    pub fn whole(height: usize) -> Self {
        Cut::Bands(Bands {
            rows: height,
            halo: 0,
            multiple: 1,
            parts: vec![Part { keeps: 0..height, reads: 0..height }],
        })
    }

    /// Most rows of x0 that are there at a time.
    pub fn tallest(&self) -> usize {
        match self {
            Cut::Bands(bands) => bands.rows,
            Cut::Tiles(plan) => plan.tallest(),
        }
    }

    /// The tiles of a step, which a run's progress counts: bands of rows, or the tiles of a plan.
    pub fn count(&self) -> usize {
        match self {
            Cut::Bands(bands) => bands.count(),
            Cut::Tiles(plan) => plan.count(),
        }
    }

    /// Rows and columns of each tile in a picture of `height` x `width`, without what overlaps: row by row they cover it once.
    pub fn areas(&self, [height, width]: [usize; 2]) -> Vec<[Range<usize>; 2]> {
        let [rows, cols] = match self {
            Cut::Bands(bands) => [(0..bands.count()).map(|i| i * height / bands.count()).collect(), vec![0]],
            Cut::Tiles(plan) => [&plan.rows, &plan.cols].map(|spans| spans.iter().map(|s| s.kept().start).collect()),
        };
        let cols = ranges(&cols, width);
        ranges(&rows, height).into_iter().flat_map(|rows| cols.iter().map(move |c| [rows.clone(), c.clone()])).collect()
    }

    /// Bytes that a network takes on the CPU at its worst, for a canvas of `height` x `width`, beside its weights: some maps of
    /// what is computed together, of `channels` at the canvas' own size; and rows that it keeps from band to band, of such maps
    /// and of its inputs, which have `latent` channels. About: `limits.ts` has the same formula.
    pub fn network_bytes(&self, [height, width]: [usize; 2], channels: usize, latent: usize) -> usize {
        let (positions, kept) = match self {
            Cut::Bands(Bands { rows, .. }) if *rows < height => (rows * width, width * height.min(BAND_KEPT)),
            Cut::Bands(_) => (height * width, 0),
            Cut::Tiles(plan) => (plan.largest(), 0),
        };
        (positions * BAND_MAPS * channels + kept * (channels + latent)) * size_of::<f32>()
    }

    /// Whether a picture of `height` rows is taken at once.
    pub fn is_whole(&self, height: usize) -> bool {
        match self {
            Cut::Bands(Bands { rows, parts, .. }) => parts.len() == 1 && *rows >= height,
            Cut::Tiles(plan) => plan.count() == 1,
        }
    }
}

impl Bands {
    /// For a network that sees `halo` rows: bands of `rows`, or as many as are worth it. Parts begin at multiples of `multiple`,
    /// and bands are as high; the picture's height is one as well.
    pub fn new(
        [height, width]: [usize; 2],
        halo: usize,
        multiple: usize,
        rows: Option<usize>,
        Team { engines, max_positions }: Team,
    ) -> Self {
        let fitting = || max_positions.unwrap_or(BAND_PIXELS).min(BAND_PIXELS) / width.max(1) / multiple * multiple;
        let rows = rows.map_or_else(fitting, |rows| rows.next_multiple_of(multiple)).max(multiple);
        let halo = halo.next_multiple_of(multiple);
        let (begin, whole) = WORTHWHILE;
        let shared = (2..=engines).filter_map(|engines| Self::parts(height, halo, multiple, engines));
        let longest = |parts: &Vec<Part>| parts.iter().map(|part| part.reads.len()).max().unwrap_or(0);
        let best = shared.min_by_key(longest).filter(|parts| whole * longest(parts) <= begin * height);
        let parts = best.unwrap_or_else(|| vec![Part { keeps: 0..height, reads: 0..height }]);
        Self { rows, halo, multiple, parts }
    }

    /// Bands of a step. A row counts half when it is given to the network, and half when its result comes back.
    pub fn count(&self) -> usize {
        self.parts.iter().map(|part| part.reads.len() + part.keeps.len()).sum::<usize>().div_ceil(2 * self.rows)
    }

    /// Parts of which all read equally many rows; `None` if that leaves one of them nothing.
    fn parts(height: usize, halo: usize, multiple: usize, count: usize) -> Option<Vec<Part>> {
        let reads = (height + 2 * halo * (count - 1)).div_ceil(count).next_multiple_of(multiple);
        let mut parts: Vec<Part> = Vec::new();
        while parts.len() < count {
            let begin = parts.last().map_or(0, |above| above.keeps.end);
            let end = if parts.len() + 1 == count {
                height
            } else {
                (begin.saturating_sub(halo) + reads).checked_sub(halo)?
            };
            if end <= begin || end > height {
                return None;
            }
            parts.push(Part { keeps: begin..end, reads: begin.saturating_sub(halo)..(end + halo).min(height) });
        }
        Some(parts)
    }
}

/// From each start to the next, the last to `end`.
fn ranges(starts: &[usize], end: usize) -> Vec<Range<usize>> {
    let ends = starts.iter().skip(1).copied().chain([end]);
    starts.iter().zip(ends).map(|(&start, next)| start..next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts cover the picture once, with their halo, and are shared only where that pays.
    #[test]
    fn parts_cover_once_with_their_halo() {
        for height in (8..2000).step_by(56) {
            for engines in 1..=4 {
                let bands = Bands::new([height, 640], 61, 8, None, Team { engines, max_positions: None });
                let mut next = 0;
                for Part { keeps, reads } in &bands.parts {
                    assert_eq!(keeps.start, next);
                    assert!(keeps.start % 8 == 0 && reads.start % 8 == 0 && reads.end % 8 == 0);
                    assert!(reads.start == 0 || reads.start + 61 <= keeps.start);
                    assert!(reads.end == height || keeps.end + 61 <= reads.end);
                    next = keeps.end;
                }
                assert_eq!(next, height);
                let longest = bands.parts.iter().map(|part| part.reads.len()).max().unwrap();
                assert!(bands.parts.len() == 1 || 4 * longest <= 3 * height, "{height} rows, {engines} engines");
            }
        }
        let two = Bands::new([768, 1024], 61, 8, None, Team { engines: 2, max_positions: None });
        assert_eq!(two.parts.iter().map(|part| part.reads.len()).collect::<Vec<_>>(), [448, 448]);
        assert_eq!(two.rows, 96);
    }
}
