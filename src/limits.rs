//! Sizes, ranges and factors that the engine shares with the package, the page and the documentation: `limits.json`.

include!(concat!(env!("OUT_DIR"), "/limits.rs"));
