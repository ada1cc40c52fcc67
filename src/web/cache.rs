//! The store of downloaded files: IndexedDB, bytes by key.
//!
//! A write is one transaction, so a key holds either all its bytes or nothing.

use super::error::sentence;
use crate::{Error, Result};
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DomException, IdbDatabase, IdbFactory, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction,
    IdbTransactionMode,
};

const DATABASE: &str = "resshift";
const STORE: &str = "files";

/// An open connection; closed when dropped.
pub struct Cache {
    database: IdbDatabase,
}

impl Cache {
    /// Opens the store of this page's origin.
    ///
    /// # Errors
    /// [`Error::Storage`] where the browser has no IndexedDB or does not allow it (private mode, blocked cookies).
    pub async fn open() -> Result<Self> {
        let global: JsValue = js_sys::global().into();
        let factory: IdbFactory = super::object::field(&global, "indexedDB")
            .dyn_into()
            .map_err(|_| Error::Storage("this browser has no IndexedDB".into()))?;
        let request = factory.open_with_u32(DATABASE, 1).map_err(|e| refused(&e))?;
        let upgrade = {
            let request = request.clone();
            Closure::once(move || create_store(&request))
        };
        request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
        let opened = finished(&request).await;
        request.set_onupgradeneeded(None);
        let database = opened?.dyn_into::<IdbDatabase>().map_err(|e| refused(&e))?;
        Ok(Self { database })
    }

    /// The bytes under `key`.
    ///
    /// # Errors
    /// [`Error::Storage`] if the browser cannot read its store.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let (_, store) = self.begin(IdbTransactionMode::Readonly)?;
        let value = finished(&store.get(&key.into()).map_err(|e| refused(&e))?).await?;
        Ok(value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec))
    }

    /// Keeps `bytes` under `key`; they are there once this has returned.
    ///
    /// # Errors
    /// [`Error::Storage`] if there is no room. What was there before stays.
    pub async fn put(&self, key: &str, bytes: &[u8]) -> Result<()> {
        let (transaction, store) = self.begin(IdbTransactionMode::Readwrite)?;
        store.put_with_key(&Uint8Array::from(bytes), &key.into()).map_err(|e| refused(&e))?;
        committed(&transaction).await
    }

    /// Forgets every key for which `keep` is false.
    ///
    /// # Errors
    /// [`Error::Storage`] if the browser cannot write its store.
    pub async fn retain(&self, keep: impl Fn(&str) -> bool) -> Result<()> {
        let (transaction, store) = self.begin(IdbTransactionMode::Readwrite)?;
        let keys = finished(&store.get_all_keys().map_err(|e| refused(&e))?).await?;
        for key in Array::from(&keys).iter() {
            if key.as_string().is_none_or(|name| !keep(&name)) {
                store.delete(&key).map_err(|e| refused(&e))?;
            }
        }
        committed(&transaction).await
    }

    fn begin(&self, mode: IdbTransactionMode) -> Result<(IdbTransaction, IdbObjectStore)> {
        let transaction = self.database.transaction_with_str_and_mode(STORE, mode).map_err(|e| refused(&e))?;
        let store = transaction.object_store(STORE).map_err(|e| refused(&e))?;
        Ok((transaction, store))
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.database.close();
    }
}

fn create_store(request: &IdbOpenDbRequest) {
    if let Ok(database) = request.result().and_then(|result| result.dyn_into::<IdbDatabase>()) {
        // Fails only if the store is there already.
        let _ = database.create_object_store(STORE);
    }
}

/// Waits for a request and returns its result. The promise's own functions are the handlers: they outlive this call,
/// so an event that comes late finds a function that does nothing.
async fn finished(request: &IdbRequest) -> Result<JsValue> {
    let settled = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    match JsFuture::from(settled).await {
        Ok(_) => request.result().map_err(|e| refused(&e)),
        Err(_) => Err(reason(request.error().ok().flatten())),
    }
}

/// Waits until a transaction is on the disk.
async fn committed(transaction: &IdbTransaction) -> Result<()> {
    let settled = Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    });
    JsFuture::from(settled).await.map(|_| ()).map_err(|_| reason(transaction.error()))
}

fn refused(thrown: &JsValue) -> Error {
    Error::Storage(sentence(thrown))
}

fn reason(exception: Option<DomException>) -> Error {
    let name = exception.as_ref().map(DomException::name);
    Error::Storage(match (name.as_deref(), exception) {
        (Some("QuotaExceededError"), _) => "there is no room left for this site".into(),
        (_, Some(exception)) => sentence(&exception),
        (_, None) => "the browser gave no reason".into(),
    })
}
