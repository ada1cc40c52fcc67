//! Failures as JavaScript sees them.

use super::object::{field, object};
use crate::Error;
use wasm_bindgen::JsValue;

/// `{ code, message, advice }`
impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        to_js(&error)
    }
}

/// `{ code, message, advice }`
pub fn to_js(error: &Error) -> JsValue {
    object([("code", error.code().into()), ("message", error.to_string().into()), ("advice", error.advice().into())])
}

/// What a thrown JavaScript value says of itself: its message, or its name where the message is empty.
pub fn sentence(thrown: &JsValue) -> String {
    let text = |name| field(thrown, name).as_string().filter(|text| !text.is_empty());
    text("message").or_else(|| text("name")).unwrap_or_else(|| format!("{thrown:?}"))
}
