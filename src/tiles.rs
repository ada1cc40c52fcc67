//! Tile plans.
