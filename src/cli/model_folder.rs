//! The model's folder: where it is, and whether its files are the ones that `model.json` names.

use super::file;
use resshift::limits::DEFAULT_MODEL;
use resshift::model::config::{ModelConfig, Shard};
use resshift::{Error, Result};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Reads `model.json` and the weight files it names, each checked by size and SHA-256.
/// `folder`: as the user gave it, or the first default that exists.
///
/// # Errors
/// [`Error::File`] if a file cannot be read, [`Error::BadWeights`] if there is no folder, `model.json` is not
/// valid or a size differs, [`Error::HashMismatch`].
pub fn load(folder: Option<&Path>) -> Result<(ModelConfig, Vec<Vec<u8>>)> {
    let folder = folder.map_or_else(find, |folder| Ok(folder.to_path_buf()))?;
    let config = ModelConfig::parse(&file::read(&folder.join("model.json"))?)?;
    let files = config.shards.iter().map(|file| read(&folder, file)).collect::<Result<_>>()?;
    Ok((config, files))
}

fn find() -> Result<PathBuf> {
    let places = places();
    let default = Path::new("models").join(DEFAULT_MODEL);
    places.iter().map(|place| place.join(&default)).find(|folder| folder.join("model.json").is_file()).ok_or_else(
        || {
            let places: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
            let (default, places) = (default.display(), places.join(" or "));
            Error::BadWeights(format!("there is no {default} in {places}; name a folder with --model"))
        },
    )
}

/// The current folder (a checkout), the program's own (an unpacked archive), and `share/resshift` beside the
/// program's (an installation into a prefix: `bin/resshift`, `share/resshift/models/compact`).
fn places() -> Vec<PathBuf> {
    let mut places = vec![PathBuf::from(".")];
    // A link from a folder of programs leads to where the program was unpacked.
    let program = std::env::current_exe().and_then(|program| program.canonicalize());
    if let Some(bin) = program.ok().as_deref().and_then(Path::parent) {
        places.push(bin.to_path_buf());
        places.extend(bin.parent().map(|prefix| prefix.join("share/resshift")));
    }
    places
}

fn read(folder: &Path, expected: &Shard) -> Result<Vec<u8>> {
    let path = folder.join(&expected.name);
    let size = path.metadata().map_err(|reason| file::failed(&path, reason))?.len();
    if size != expected.bytes {
        let Shard { name, bytes, .. } = expected;
        return Err(Error::BadWeights(format!("{name} has {size} bytes instead of {bytes}")));
    }
    let bytes = file::read(&path)?;
    if format!("{:x}", Sha256::digest(&bytes)) != expected.sha256 {
        return Err(Error::HashMismatch { file: expected.name.clone() });
    }
    Ok(bytes)
}
