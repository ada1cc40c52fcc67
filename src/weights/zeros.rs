//! Stand-ins for weights whose values do not matter.

use super::TensorSource;
use crate::Result;

/// Weights of any shape: 0, and where a matrix is square the unit matrix. So what models check of their numbers holds.
pub struct Zeros;

impl TensorSource for Zeros {
    fn read(&self, _: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let mut values = vec![0.0; shape.iter().product()];
        if let [rows, columns] = shape
            && rows == columns
        {
            values.iter_mut().step_by(rows + 1).for_each(|v| *v = 1.0);
        }
        Ok(values)
    }
}
