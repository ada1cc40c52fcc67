//! Damaged files of every kind that is read: no panic, no allocation above a limit, no case above 2 s.
//!
//! A few hundred cases of each kind by default. A million of each, as before a release (about an hour):
//!
//! ```sh
//! FUZZ_CASES=1000000 cargo test --release --test fuzz -- --nocapture
//! ```
//!
//! `FUZZ_SEED=N` chooses other cases. A case that fails is written to the folder for temporary files, and named.

mod harness;
#[path = "../support/held.rs"]
mod held;
mod megabyte;
mod models;
mod pictures;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/checkpoint.rs"]
mod write;
