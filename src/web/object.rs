//! Plain JavaScript objects.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

/// `{ name: value, … }`
pub fn object<const N: usize>(fields: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // Fails only on frozen objects and proxies.
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

/// `object[name]`; undefined if there is no such field or `object` is none.
pub fn field(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
