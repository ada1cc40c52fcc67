//! The browser edge: everything that knows of JavaScript. It runs in a dedicated worker, or, on a device
//! that the page shares, in the page's own thread (`npm/src/worker/worker.ts`).
//!
//! | module | job |
//! |---|---|
//! | [`engine`] | a model on a device |
//! | [`bench`] | measurements, for the page that shows them |
//! | [`device`], [`trial`] | which device to run on; what it was measured at, from and to JavaScript |
//! | [`shared_device`] | a GPU device that the page shares with the engine |
//! | [`import`] | checkpoint files on their way to a stored model |
//! | [`loading`] | a model on its way to a device; `npm/src/worker/model-loader.ts` brings its shards |
//! | [`picture`], [`blob`] | pictures from and to JavaScript; bytes for the browser to keep |
//! | [`team`] | engines of other workers |
//! | [`watch`] | progress, previews, tiles, abort |
//! | [`snapshot`] | a run between two steps, from and to JavaScript |
//! | [`out_of_memory`] | whether memory has run out |
//! | [`error`], [`object`] | failures and plain objects as JavaScript sees them |

pub mod bench;
pub mod blob;
#[cfg(feature = "checks")]
pub mod checks;
pub mod device;
pub mod engine;
pub mod error;
pub mod import;
pub mod loading;
pub mod object;
pub mod out_of_memory;
pub mod picture;
pub mod shared_device;
pub mod snapshot;
pub mod team;
pub mod trial;
pub mod watch;

use wasm_bindgen::prelude::wasm_bindgen;

/// Runs once, before anything else in this module.
#[wasm_bindgen(start)]
pub fn start() {
    // A panic ends this instance. Thrown as an exception its own sentence reaches the worker's error event, where a
    // bare trap would say no more than "unreachable".
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        wasm_bindgen::throw_str(&panic.to_string());
    }));
}
