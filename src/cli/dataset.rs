//! Folders of test pictures.

use super::file;
use resshift::degrade::{Degradation, degrade};
use resshift::image::encode::to_u8;
use resshift::image::{Limits, Pixels, decode};
use resshift::model::UPSCALE;
use resshift::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// One picture of a dataset.
pub struct Item {
    /// The dataset's folder name.
    pub dataset: String,
    /// File name without its extension.
    pub name: String,
    hr: Option<PathBuf>,
    lr: Option<PathBuf>,
}

/// The pictures of a dataset, by name: those of `HR/`, with those of `LRx4/` if `published` and they are there; or, without
/// `HR/`, the pictures of the folder itself.
///
/// # Errors
/// [`Error::File`] if a folder cannot be read; [`Error::BadOption`] if there are no pictures, or a low-resolution one is
/// missing.
pub fn list(folder: &Path, published: bool) -> Result<Vec<Item>> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let dataset = name(&folder.canonicalize().map_err(|reason| file::failed(folder, reason))?);
    let hr = folder.join("HR");
    let has_reference = hr.is_dir();
    let paths = pictures(if has_reference { &hr } else { folder })?;
    if paths.is_empty() {
        return Err(Error::BadOption(format!("There are no pictures in {}.", folder.display())));
    }
    let low = folder.join("LRx4");
    let low = if published && low.is_dir() { Some(pictures(&low)?) } else { None };
    paths
        .into_iter()
        .map(|path| {
            let (dataset, name) = (dataset.clone(), stem(&path));
            if !has_reference {
                return Ok(Item { dataset, name, hr: None, lr: Some(path) });
            }
            let lr = match &low {
                None => None,
                Some(low) => Some(
                    low.iter()
                        .find(|lr| stem(lr) == name)
                        .cloned()
                        .ok_or_else(|| Error::BadOption(format!("LRx4 of {} lacks {name}.", folder.display())))?,
                ),
            };
            Ok(Item { dataset, name, hr: Some(path), lr })
        })
        .collect()
}

/// PNG, JPEG and WebP files of a folder, by name.
fn pictures(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|reason| file::failed(folder, reason))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|reason| file::failed(folder, reason))?.path();
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        if ["png", "jpg", "jpeg", "webp"].contains(&extension.as_str()) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

impl Item {
    /// The input and, if there is one, the reference of four times its size. Where there is no stored input it is made
    /// from the reference, with a seed that depends on the picture's name.
    ///
    /// # Errors
    /// Those of decoding; [`Error::BadOption`] if the sizes do not fit.
    pub fn open(&self, kind: Degradation, seed: u64) -> Result<(Pixels, Option<Pixels>)> {
        let hr = self.hr.as_deref().map(read).transpose()?;
        let lr = self.lr.as_deref().map(read).transpose()?;
        let too_small = || Error::BadOption(format!("{} {} is too small.", self.dataset, self.name));
        match (lr, hr) {
            (Some(lr), None) => Ok((lr, None)),
            (Some(lr), Some(hr)) => {
                let hr = cropped(&hr, lr.width * UPSCALE, lr.height * UPSCALE).ok_or_else(too_small)?;
                Ok((lr, Some(hr)))
            }
            (None, Some(hr)) => {
                let (width, height) = (hr.width / UPSCALE, hr.height / UPSCALE);
                if width == 0 || height == 0 {
                    return Err(too_small());
                }
                let hr = cropped(&hr, width * UPSCALE, height * UPSCALE).ok_or_else(too_small)?;
                Ok((degrade(&hr, kind, seed ^ hash(&self.name)), Some(hr)))
            }
            (None, None) => Err(Error::Internal("a test picture without a file".into())),
        }
    }
}

/// 8-bit RGB.
fn read(path: &Path) -> Result<Pixels> {
    let picture = decode(&file::read(path)?, &Limits::default())?;
    let data = picture.rgb.iter().map(|&v| to_u8(v)).collect();
    Ok(Pixels { width: picture.width, height: picture.height, channels: 3, data })
}

/// The upper left part; `None` if the picture is smaller.
fn cropped(picture: &Pixels, width: usize, height: usize) -> Option<Pixels> {
    if picture.width < width || picture.height < height {
        return None;
    }
    let rows = picture.data.chunks_exact(picture.width * 3).take(height);
    let data = rows.flat_map(|row| &row[..width * 3]).copied().collect();
    Some(Pixels { width, height, channels: 3, data })
}

/// FNV-1a.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}
