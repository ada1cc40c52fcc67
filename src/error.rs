//! Every failure of the engine. Its code, sentence and advice are in `errors.json`, with those of the failures that only
//! a page can meet.

/// Result of anything that can fail for a reason outside the program.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. [`Error::code`] is stable across versions; the sentence is not.
#[derive(Debug, Clone)]
pub enum Error {
    /// The input holds no bytes, or no input was given.
    NoInput,
    /// The bytes are not PNG, JPEG, WebP, GIF, BMP or TIFF.
    NotAnImage,
    /// A known format, but broken or cut short.
    BadImage(String),
    /// A known format, in a variety that is not read; the name of both.
    Unsupported(String),
    /// The picture, or its x4 result, is above the limit.
    ImageTooLarge {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
        /// Largest number of input pixels.
        limit: u64,
    },
    /// An allocation was refused.
    OutOfMemory,
    /// An option is outside its range.
    BadOption(String),
    /// The model folder or its weights do not fit this engine.
    BadWeights(String),
    /// A checkpoint that is to be converted is damaged, refused or made for something else.
    BadCheckpoint(String),
    /// A downloaded file's SHA-256 differs from the one the model names.
    HashMismatch {
        /// File name inside the model folder.
        file: String,
    },
    /// No usable WebGPU adapter.
    NoWebGpu(String),
    /// The GPU stopped answering, ran out of memory, or computes wrong results.
    Gpu(String),
    /// The caller's signal ended the run.
    Aborted,
    /// A file on disk could not be read or written (command line only).
    File {
        /// Path as given.
        path: String,
        /// The operating system's words.
        reason: String,
    },
    /// A mistake of ours.
    Internal(String),
}

impl std::error::Error for Error {}

// `code`, `advice` and `Display`, from `errors.json` (`build.rs`).
include!(concat!(env!("OUT_DIR"), "/errors.rs"));

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn the_command_line_hears_nothing_of_browsers() {
        let entries: serde_json::Value = serde_json::from_str(include_str!("../errors.json")).unwrap();
        let mut seen = 0;
        for (name, entry) in entries.as_object().unwrap() {
            let Some(advice) = entry.get("command") else { continue };
            let advice = advice.as_str().unwrap().to_lowercase();
            for word in ["browser", "page", "tab", "server", "reload", "choose"] {
                let found = advice.split(|c: char| !c.is_alphanumeric()).any(|own| own.starts_with(word));
                assert!(!found, "{name}: {advice}");
            }
            seen += 1;
        }
        assert!(seen > 10, "only {seen} errors are the engine's");
    }

    #[test]
    fn fields_are_in_the_sentence() {
        let error = Error::ImageTooLarge { width: 30, height: 20, limit: 100 };
        assert!(error.to_string().contains("30 x 20 pixels; at most 100"), "{error}");
        assert_eq!(
            Error::NoWebGpu("it is switched off.".into()).to_string(),
            "WebGPU is not available: it is switched off."
        );
    }
}
