//! What operations require of their operands. Each says it in its own `check_shapes`, when it is recorded.

use super::weight::Weight;

/// Nothing, or why an operation cannot take its operands.
pub(super) type Checked = Result<(), String>;

/// `shape` is the expected one.
pub(super) fn expect(what: &str, shape: &[usize], expected: &[usize]) -> Checked {
    match shape == expected {
        true => Ok(()),
        false => Err(format!("{what} is {shape:?}, expected {expected:?}")),
    }
}

/// A weight is on a GPU and has so many numbers.
pub(super) fn expect_weight(what: &str, weight: Option<&Weight>, count: usize) -> Checked {
    match weight {
        Some(weight) => expect(what, &[weight.count()], &[count]),
        None => Err(format!("{what} is on another device")),
    }
}

/// A requirement is met; if not, that is the `fault`.
pub(super) fn require(met: bool, fault: &str) -> Checked {
    match met {
        true => Ok(()),
        false => Err(fault.into()),
    }
}
