//! A list that is complete.

use super::band::Band;
use super::kernels::scale;
use super::list::{List, Node, Role, State};
use super::options::RecordOptions;
use crate::{Error, Result};
use std::rc::Rc;

/// What a network has appended to a list, with the storage of its maps decided.
pub(super) struct Recorded {
    pub(super) options: RecordOptions,
    pub(super) state: State,
    /// Its inputs, by their numbers.
    pub(super) inputs: Vec<usize>,
    pub(super) output: usize,
}

impl Recorded {
    /// The list that `record` makes of inputs of the given sizes.
    ///
    /// # Errors
    /// [`Error::Internal`] if an operation does not take its operands.
    pub(super) fn new(
        options: RecordOptions,
        band: Option<Band>,
        inputs: &[[usize; 4]],
        record: impl FnOnce(&[Node]) -> Node,
    ) -> Result<Self> {
        let list = List::new(options, band);
        let inputs: Vec<Node> = inputs.iter().map(|&dims| list.input(dims)).collect();
        let output = record(&inputs);
        Self::complete(&list, inputs.iter().map(|input| input.id).collect(), &output)
    }

    fn complete(list: &Rc<List>, inputs: Vec<usize>, output: &Node) -> Result<Self> {
        let output = output.materialize();
        // An input, or a slice of a wider map, is copied to where it can be read.
        let plain = {
            let state = list.state.borrow();
            let map = &state.maps[output.id];
            map.role == Role::Temporary && map.slice_of.is_none()
        };
        let output = if plain { output } else { scale::copy(&output) };
        let mut state = std::mem::take(&mut *list.state.borrow_mut());
        if let Some(error) = state.error.take() {
            return Err(Error::Internal(error));
        }
        state.maps[output.id].role = Role::Output;
        (state.memory, state.carried) = state.rows_in_memory();
        if list.options.half_maps && !state.in_f32 {
            state.store();
        }
        Ok(Self { options: list.options, state, inputs, output: output.id })
    }
}
