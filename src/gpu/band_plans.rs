//! The plans for all bands of a picture: most bands share one.

use super::band::Band;
use super::list::Node;
use super::options::RecordOptions;
use super::plan::{Cost, Plan};
use super::recorded::Recorded;
use crate::{Error, Result};
use std::ops::Range;

/// A network for the bands of a picture, planned.
pub struct BandPlans {
    pub(super) plans: Vec<Plan>,
    /// For every band its plan, and the rows of the result that it computes.
    pub(super) bands: Vec<(usize, Range<usize>)>,
    /// Rows of the whole result.
    pub(super) height: usize,
}

impl BandPlans {
    /// For a picture as high as the first of `inputs`, which comes in bands of `band` rows; `record` appends the network to a
    /// list. Inputs of other heights come whole in every band.
    ///
    /// # Errors
    /// As of [`Plan::new`]; [`Error::Internal`] for a network that does not compute by rows.
    pub fn new(
        options: RecordOptions,
        inputs: &[[usize; 4]],
        band: usize,
        record: impl Fn(&[Node]) -> Node,
    ) -> Result<Self> {
        Self::plan(options, inputs, band, &record)
    }

    fn plan(
        options: RecordOptions,
        inputs: &[[usize; 4]],
        band: usize,
        record: &dyn Fn(&[Node]) -> Node,
    ) -> Result<Self> {
        let height = inputs[0][1];
        let (mut places, mut plans, mut bands) = (Vec::new(), Vec::new(), Vec::<(usize, Range<usize>)>::new());
        let (mut before, mut taken, mut whole) = (Vec::new(), 0, usize::MAX);
        // After the last rows of the input come the rest of the result, at least a band at a time.
        let most = 2 * height.div_ceil(band.max(1)) + height;
        while bands.last().is_none_or(|(_, rows)| rows.end < whole) {
            let new = taken..(taken + band).min(height);
            taken = new.end;
            let list = Recorded::new(options, Some(Band { height, most: band, new, before }), inputs, record)?;
            let output = &list.state.maps[list.output];
            whole = output.dims[1];
            if !output.banded || bands.len() > most {
                return Err(Error::Internal("a network does not compute by rows".into()));
            }
            let place = list.state.places();
            let known = places.iter().position(|known| *known == place);
            bands.push((known.unwrap_or(places.len()), output.rows.clone()));
            if known.is_none() {
                places.push(place);
                plans.push(Plan::of(&list)?);
            }
            before = list.state.left();
        }
        Ok(Self { plans, bands, height: whole })
    }

    /// What every band takes, in their order.
    pub fn costs(&self) -> Vec<Cost> {
        self.bands.iter().map(|(plan, _)| self.plans[*plan].cost()).collect()
    }

    /// How many there are: of many bands, few.
    pub fn count(&self) -> usize {
        self.plans.len()
    }

    /// Bytes of a GPU's memory for all of them: intermediate results, inputs and results, and what is carried over.
    pub fn bytes(&self) -> u64 {
        let most = |of: fn(&Cost) -> u64| self.plans.iter().map(|plan| of(&plan.cost())).max().unwrap_or(0);
        most(|cost| cost.activation_bytes)
            + most(|cost| cost.io_bytes)
            + self.largest(|plan| &plan.carried).iter().sum::<u64>()
    }

    /// The largest of each of the sizes that every plan has.
    pub(super) fn largest(&self, of: fn(&Plan) -> &[u64]) -> Vec<u64> {
        let count = self.plans.iter().map(|plan| of(plan).len()).max().unwrap_or(0);
        let largest = |i| self.plans.iter().filter_map(|plan| of(plan).get(i)).copied().max().unwrap_or(0);
        (0..count).map(largest).collect()
    }
}
