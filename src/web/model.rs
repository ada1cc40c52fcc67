//! A model's files, from the cache or the network.
//!
//! `model.json` comes from the network first, so that a new version is noticed, and from the cache when there is no
//! network. Weights come from the cache first: their key holds their hash, and every read is hashed again.

use super::cache::Cache;
use super::fetch::{Freshness, download};
use crate::model::config::{ModelConfig, Shard};
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Longest `model.json` that is read.
const JSON_LIMIT: u64 = 1 << 20;

/// A complete model folder.
pub struct ModelFiles {
    /// `model.json`.
    pub config: ModelConfig,
    /// The weight files, in its order.
    pub files: Vec<Vec<u8>>,
    /// Why the files could not be kept for the next visit.
    pub trouble: Option<Error>,
}

/// How far [`obtain`] has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Bytes of weights so far.
    pub loaded: u64,
    /// Bytes of weights in all.
    pub total: u64,
    /// All so far came from the cache.
    pub cached: bool,
}

/// Gets the model whose folder is at the URL `folder` (ending with a slash).
///
/// # Errors
/// [`Error::Http`], [`Error::Offline`], [`Error::BadWeights`], [`Error::HashMismatch`]. A cache that does not work is
/// no error. What is in the cache stays there.
pub async fn obtain(folder: &str, mut progress: impl FnMut(Progress)) -> Result<ModelFiles> {
    let (cache, mut trouble) = match Cache::open().await {
        Ok(cache) => (Some(cache), None),
        Err(error) => (None, Some(error)),
    };
    let json_url = format!("{folder}model.json");
    let json = match download(&json_url, Freshness::Revalidate, JSON_LIMIT, |_| ()).await {
        Ok(json) => json,
        Err(error) if no_answer(&error) => stored(&cache, &json_url).await.ok_or(error)?,
        Err(error) => return Err(error),
    };
    let config = ModelConfig::parse(&json)?;

    let mut state = Progress { loaded: 0, total: config.bytes, cached: true };
    let mut files = Vec::with_capacity(config.shards.len());
    for file in &config.shards {
        let key = key(&config, file);
        let kept = stored(&cache, &key).await.filter(|bytes| is_whole(bytes, file));
        let bytes = match kept {
            Some(bytes) => bytes,
            None => {
                let before = state.loaded;
                state.cached = false;
                let bytes =
                    fetch_weights(folder, file, |loaded| progress(Progress { loaded: before + loaded, ..state }))
                        .await?;
                keep(&cache, &key, &bytes, &mut trouble).await;
                bytes
            }
        };
        state.loaded += file.bytes;
        progress(state);
        files.push(bytes);
    }

    // Only now: a description without its weights would hide an older, complete model from an offline visit.
    if stored(&cache, &json_url).await.as_deref() != Some(&json[..]) {
        keep(&cache, &json_url, &json, &mut trouble).await;
        forget_older(&cache, &config).await;
    }
    Ok(ModelFiles { config, files, trouble })
}

/// Whether the server could not be asked, as opposed to having said no.
fn no_answer(error: &Error) -> bool {
    matches!(error, Error::Offline { .. } | Error::Http { status: 500.., .. })
}

async fn fetch_weights(folder: &str, file: &Shard, mut progress: impl FnMut(u64)) -> Result<Vec<u8>> {
    let url = format!("{folder}{}", file.name);
    let bytes = download(&url, Freshness::AsServed, file.bytes, &mut progress).await;
    if bytes.as_ref().is_ok_and(|bytes| is_whole(bytes, file)) {
        return bytes;
    }
    // The browser's HTTP cache may hold the file of an older version.
    let bytes = match bytes {
        Ok(_) | Err(Error::BadWeights(_)) => download(&url, Freshness::Reload, file.bytes, &mut progress).await?,
        Err(error) => return Err(error),
    };
    if bytes.len() as u64 != file.bytes {
        let name = &file.name;
        return Err(Error::BadWeights(format!("{name} has {} bytes instead of {}", bytes.len(), file.bytes)));
    }
    if sha256(&bytes) != file.sha256 {
        return Err(Error::HashMismatch { file: file.name.clone() });
    }
    Ok(bytes)
}

fn is_whole(bytes: &[u8], file: &Shard) -> bool {
    bytes.len() as u64 == file.bytes && sha256(bytes) == file.sha256
}

/// 64 lower-case hexadecimal digits.
fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn key(config: &ModelConfig, file: &Shard) -> String {
    format!("{}/{}/{}/{}", config.name, config.version, file.name, file.sha256)
}

/// A cache that cannot be read is as good as an empty one: the network is asked.
async fn stored(cache: &Option<Cache>, key: &str) -> Option<Vec<u8>> {
    cache.as_ref()?.get(key).await.ok().flatten()
}

async fn keep(cache: &Option<Cache>, key: &str, bytes: &[u8], trouble: &mut Option<Error>) {
    let Some(cache) = cache else { return };
    if let Err(error) = cache.put(key, bytes).await {
        trouble.get_or_insert(error);
    }
}

/// Drops the weights of other versions of this model.
async fn forget_older(cache: &Option<Cache>, config: &ModelConfig) {
    let Some(cache) = cache else { return };
    let this_model = format!("{}/", config.name);
    let current: Vec<String> = config.shards.iter().map(|file| key(config, file)).collect();
    // Old files that stay are no more than wasted room.
    let _ = cache.retain(|name| !name.starts_with(&this_model) || current.iter().any(|key| key == name)).await;
}
