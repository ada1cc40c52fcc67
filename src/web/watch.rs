//! What a run tells the page, and how the page ends it.

use super::object::{field, object};
use super::picture::opaque_rgba;
use super::snapshot;
use super::team::PageHelpers;
use crate::chain::run_context::{Event, Watch};
use crate::chain::snapshot::{Snapshot, State};
use crate::chain::team::Helpers;
use crate::image::Pixels;
use crate::{Error, Result};
use js_sys::{Function, Promise};
use std::cell::Cell;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageChannel, MessagePort};

/// A page that looks on.
pub struct PageWatch<'a> {
    on_progress: Option<Function>,
    on_tile: Option<Function>,
    on_preview: Option<Function>,
    on_snapshot: Option<Function>,
    /// Least milliseconds between two snapshots.
    interval: f64,
    earlier: Option<Snapshot<Box<dyn State>>>,
    aborted: &'a Cell<bool>,
    helpers: &'a PageHelpers,
    turns: Turns,
}

impl<'a> PageWatch<'a> {
    /// `listeners` and `earlier`: `Listeners` and `Run.resume` of `npm/src/shared/protocol.ts`. The run ends with [`Error::Aborted`]
    /// once `aborted` is set.
    ///
    /// # Errors
    /// [`Error::Internal`] if the browser gives no message channel.
    pub fn new(
        listeners: &JsValue,
        earlier: &JsValue,
        aborted: &'a Cell<bool>,
        helpers: &'a PageHelpers,
    ) -> Result<Self> {
        let listener = |name| field(listeners, name).dyn_into::<Function>().ok();
        Ok(Self {
            on_progress: listener("progress"),
            on_tile: listener("tile"),
            on_preview: listener("preview"),
            on_snapshot: listener("snapshot"),
            interval: field(listeners, "interval").as_f64().unwrap_or(0.0),
            earlier: snapshot::from_js(earlier),
            aborted,
            helpers,
            turns: Turns::new()?,
        })
    }
}

impl Watch for PageWatch<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Step { step, steps, done, of } => tell(&self.on_progress, || {
                let fraction = (step.saturating_sub(1) * of + done) as f64 / (steps * of) as f64;
                object([
                    ("step", step.into()),
                    ("steps", steps.into()),
                    ("tile", done.into()),
                    ("tiles", of.into()),
                    ("fraction", fraction.into()),
                ])
            }),
            Event::Preview { x, y, pixels } => tell(&self.on_preview, || part(x, y, pixels)),
            Event::Tile { x, y, pixels } => tell(&self.on_tile, || part(x, y, pixels)),
        }
    }

    async fn pause(&mut self) -> Result<()> {
        self.turns.next().await?;
        if self.aborted.get() { Err(Error::Aborted) } else { Ok(()) }
    }

    fn now(&self) -> f64 {
        now()
    }

    fn previews(&self) -> bool {
        self.on_preview.is_some()
    }

    fn snapshots(&self) -> Option<f64> {
        self.on_snapshot.as_ref().map(|_| self.interval)
    }

    async fn snapshot(&mut self, taken: Snapshot<&[u8]>, steps: usize) {
        // Where there is no room for it the run goes on without.
        if let Ok(taken) = snapshot::to_js(taken, steps).await {
            tell(&self.on_snapshot, || taken);
        }
    }

    fn earlier(&mut self) -> Option<Snapshot<Box<dyn State>>> {
        self.earlier.take()
    }

    fn helpers(&self) -> &dyn Helpers {
        self.helpers
    }
}

/// Calls a listener, if there is one. One that throws must not end the run.
fn tell(listener: &Option<Function>, what: impl FnOnce() -> JsValue) {
    if let Some(listener) = listener {
        let _ = listener.call1(&JsValue::NULL, &what());
    }
}

/// `{ x, y, width, height, data }`
fn part(x: usize, y: usize, pixels: &Pixels) -> JsValue {
    object([
        ("x", x.into()),
        ("y", y.into()),
        ("width", pixels.width.into()),
        ("height", pixels.height.into()),
        ("data", opaque_rgba(pixels).into()),
    ])
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
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
