//! Files in and out.

use resshift::image::{Format, Pieces};
use resshift::{Error, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The whole file.
///
/// # Errors
/// [`Error::File`].
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|reason| failed(path, reason))
}

/// What the operating system says of `path`.
pub fn failed(path: &Path, reason: impl ToString) -> Error {
    Error::File { path: path.display().to_string(), reason: reason.to_string() }
}

/// The format that the name of `output` asks for, if a result may be written there.
///
/// # Errors
/// [`Error::BadOption`] if its ending names no format, or if it is the input itself; [`Error::File`] if its folder does
/// not exist, it is a folder, or its name is longer than the file system allows.
pub fn check_output(input: &Path, output: &Path) -> Result<Format> {
    let Some(format) = output.extension().and_then(|ending| Format::named(&ending.to_string_lossy())) else {
        let name = output.display();
        return Err(Error::BadOption(format!("The name of a result ends in .png, .jpg or .webp, unlike {name}.")));
    };
    if let (Ok(input), Ok(existing)) = (input.canonicalize(), output.canonicalize())
        && input == existing
    {
        return Err(Error::BadOption("The result would replace the input; choose another name for it.".into()));
    }
    if output.is_dir() {
        return Err(failed(output, io::Error::from(io::ErrorKind::IsADirectory)));
    }
    let folder = folder_of(output);
    match folder.metadata() {
        Ok(data) if data.is_dir() => match output.symlink_metadata() {
            Err(reason) if reason.kind() != io::ErrorKind::NotFound => Err(failed(output, reason)),
            _ => Ok(format),
        },
        Ok(_) => Err(failed(&folder, io::Error::from(io::ErrorKind::NotADirectory))),
        Err(reason) => Err(failed(&folder, reason)),
    }
}

/// A file that is there whole or not at all: under another name in the same folder, renamed when it is on the disk. That name is
/// short, since the file's own may be as long as the file system allows.
pub struct NewFile {
    path: PathBuf,
    partial: PathBuf,
    file: File,
    finished: bool,
}

/// A [`NewFile`] of these bytes.
///
/// # Errors
/// [`Error::File`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut new = NewFile::create(path)?;
    new.append(bytes)?;
    new.finish()
}

impl NewFile {
    /// To be at `path`.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn create(path: &Path) -> Result<Self> {
        let partial = folder_of(path).join(format!(".{}.part", std::process::id()));
        let file = OpenOptions::new().write(true).create_new(true).open(&partial).map_err(|e| failed(path, e))?;
        Ok(Self { path: path.into(), partial, file, finished: false })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|reason| failed(&self.path, reason))
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn finish(mut self) -> Result<()> {
        let kept = self.file.sync_all().and_then(|()| fs::rename(&self.partial, &self.path));
        self.finished = kept.is_ok();
        kept.map_err(|reason| failed(&self.path, reason))
    }
}

impl Pieces for NewFile {
    async fn take(&mut self, piece: &[u8]) -> Result<()> {
        self.append(piece)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.finished {
            // Whatever ended the run is what is reported.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
