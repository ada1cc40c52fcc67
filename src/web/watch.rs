//! What a run tells the page, and how the page ends it.

use super::helpers::PageHelpers;
use super::object::object;
use super::picture::opaque_rgba;
use crate::helpers::Helpers;
use crate::upscaler::{Event, Watch};
use crate::{Error, Result};
use js_sys::{Function, Promise};
use std::cell::Cell;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageChannel, MessagePort};

/// A page that looks on.
pub struct PageWatch<'a> {
    on_progress: &'a Function,
    on_tile: Option<&'a Function>,
    aborted: &'a Cell<bool>,
    helpers: &'a PageHelpers,
    turns: Turns,
}

impl<'a> PageWatch<'a> {
    /// `on_progress` gets `RunProgress` and `on_tile` gets `{ x, y, width, height, data }`; the run ends with
    /// [`Error::Aborted`] once `aborted` is set.
    ///
    /// # Errors
    /// [`Error::Internal`] if the browser gives no message channel.
    pub fn new(
        on_progress: &'a Function,
        on_tile: Option<&'a Function>,
        aborted: &'a Cell<bool>,
        helpers: &'a PageHelpers,
    ) -> Result<Self> {
        Ok(Self { on_progress, on_tile, aborted, helpers, turns: Turns::new()? })
    }
}

impl Watch for PageWatch<'_> {
    fn event(&mut self, event: Event<'_>) {
        // A listener that throws must not end the run.
        let _ = match event {
            Event::Step { step, steps, tile, tiles } => {
                let fraction = (step.saturating_sub(1) * tiles + tile) as f64 / (steps * tiles) as f64;
                let progress = object([
                    ("step", step.into()),
                    ("steps", steps.into()),
                    ("tile", tile.into()),
                    ("tiles", tiles.into()),
                    ("fraction", fraction.into()),
                ]);
                self.on_progress.call1(&JsValue::NULL, &progress)
            }
            Event::Tile { x, y, pixels, .. } => match self.on_tile {
                Some(on_tile) => {
                    let tile = object([
                        ("x", x.into()),
                        ("y", y.into()),
                        ("width", pixels.width.into()),
                        ("height", pixels.height.into()),
                        ("data", opaque_rgba(pixels).into()),
                    ]);
                    on_tile.call1(&JsValue::NULL, &tile)
                }
                None => Ok(JsValue::UNDEFINED),
            },
        };
    }

    async fn pause(&mut self) -> Result<()> {
        self.turns.next().await?;
        if self.aborted.get() { Err(Error::Aborted) } else { Ok(()) }
    }

    fn helpers(&self) -> &dyn Helpers {
        self.helpers
    }
}

/// Turns of the worker's event loop, in which its messages are delivered. A message to oneself is the cheapest way to
/// wait for one: timers that follow each other are held back for 4 ms.
struct Turns {
    to: MessagePort,
    from: MessagePort,
}

impl Turns {
    fn new() -> Result<Self> {
        let channel = MessageChannel::new().map_err(|e| Error::Internal(super::error::sentence(&e)))?;
        Ok(Self { to: channel.port1(), from: channel.port2() })
    }

    async fn next(&self) -> Result<()> {
        let mut sent = Ok(());
        let arrived = Promise::new(&mut |resolve, _| {
            self.from.set_onmessage(Some(&resolve));
            sent = self.to.post_message(&JsValue::NULL);
        });
        sent.map_err(|e| Error::Internal(super::error::sentence(&e)))?;
        let _ = JsFuture::from(arrived).await;
        Ok(())
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        self.from.set_onmessage(None);
        self.from.close();
        self.to.close();
    }
}
