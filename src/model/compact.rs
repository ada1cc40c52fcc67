//! The compact model.
