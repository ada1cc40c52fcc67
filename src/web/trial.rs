//! What a device was measured at, from and to JavaScript; the worker's clock and its time limits.

use super::object::{field, object};
use crate::compute::device_trial::Measured;
use gloo::timers::callback::Timeout;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

impl Measured {
    /// `Measured` of `npm/src/index.d.ts`.
    pub fn to_js(self) -> JsValue {
        let number = |value: Option<f64>| value.map_or(JsValue::UNDEFINED, JsValue::from);
        object([
            ("webgpu", self.gpu.into()),
            ("webgpuF16", number(self.half)),
            ("cpu", number(self.cpu)),
            ("tiled", self.tiled.map_or(JsValue::UNDEFINED, JsValue::from)),
        ])
    }

    /// The inverse of [`Self::to_js`]; `None` for anything else.
    pub fn from_js(value: &JsValue) -> Option<Self> {
        let number = |name| field(value, name).as_f64();
        let tiled = field(value, "tiled").as_bool();
        Some(Self { gpu: number("webgpu")?, half: number("webgpuF16"), cpu: number("cpu"), tiled })
    }
}

/// What `work` gives, if it does so in time. Work that is late goes no further.
pub async fn within<T>(milliseconds: u32, work: impl Future<Output = T>) -> Option<T> {
    let (sender, receiver) = async_channel::bounded(1);
    let (mut work, mut late) = (pin!(work), pin!(receiver.recv()));
    // Dropped with this call, and the timer with it.
    let _timer = Timeout::new(milliseconds, move || {
        let _ = sender.try_send(());
    });
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => late.as_mut().poll(context).map(|_| None),
    })
    .await
}

#[wasm_bindgen]
extern "C" {
    /// Milliseconds since the worker began.
    #[wasm_bindgen(js_namespace = performance)]
    pub fn now() -> f64;
}
