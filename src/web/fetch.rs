//! One download.

use super::object::field;
use crate::{Error, Result};
use gloo::net::http::Request;
use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, RequestCache};

/// How the browser's own HTTP cache is used.
#[derive(Debug, Clone, Copy)]
pub enum Freshness {
    /// As the server's headers say.
    AsServed,
    /// Ask the server whether the cached copy still holds.
    Revalidate,
    /// Download again in any case.
    Reload,
}

/// Fetches `url`. `progress` hears the number of bytes so far after each piece. A download ends when the worker that
/// runs it does.
///
/// # Errors
/// [`Error::Http`] for any status but 200 to 299, [`Error::Offline`] if there is no answer or it breaks off,
/// [`Error::BadWeights`] as soon as there are more than `limit` bytes.
pub async fn download(url: &str, freshness: Freshness, limit: u64, mut progress: impl FnMut(u64)) -> Result<Vec<u8>> {
    let offline = || Error::Offline { url: url.to_string() };
    let cache = match freshness {
        Freshness::AsServed => RequestCache::Default,
        Freshness::Revalidate => RequestCache::NoCache,
        Freshness::Reload => RequestCache::Reload,
    };
    let response = Request::get(url).cache(cache).send().await.map_err(|_| offline())?;
    if !response.ok() {
        return Err(Error::Http { url: url.to_string(), status: response.status() });
    }
    let mut bytes = Vec::new();
    let Some(body) = response.body() else { return Ok(bytes) };
    let reader = ReadableStreamDefaultReader::new(&body).map_err(|_| offline())?;
    loop {
        let read = JsFuture::from(reader.read()).await.map_err(|_| offline())?;
        // The stream's last answer carries no piece.
        let Ok(piece) = field(&read, "value").dyn_into::<Uint8Array>() else { return Ok(bytes) };
        let total = bytes.len() as u64 + u64::from(piece.length());
        if total > limit {
            let _ = JsFuture::from(reader.cancel()).await;
            return Err(Error::BadWeights(format!("{url} is longer than the {limit} bytes expected")));
        }
        bytes.extend(piece.to_vec());
        progress(total);
    }
}
