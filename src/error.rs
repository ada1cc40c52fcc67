//! Every failure a user can meet: a stable code, what happened, and what to do. `npm/src/error.ts` has those that
//! only a page can meet.

/// Result of anything that can fail for a reason outside the program.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. [`Error::code`] is stable across versions; the sentence is not.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The input holds no bytes, or no input was given.
    #[error("There is no file to read.")]
    NoInput,
    /// The bytes are not PNG, JPEG, WebP, GIF, BMP or TIFF.
    #[error("This file is not a picture that can be read (PNG, JPEG, WebP, GIF, BMP or TIFF).")]
    NotAnImage,
    /// A known format, but broken or cut short.
    #[error("The picture is damaged or cut short: {0}")]
    BadImage(String),
    /// A known format, in a variety that is not read; the name of both.
    #[error("{0} is not supported.")]
    Unsupported(String),
    /// The picture, or its x4 result, is above the limit.
    #[error("The picture is too large: {width} x {height} pixels; at most {limit} can be upscaled here.")]
    ImageTooLarge {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
        /// Largest number of input pixels.
        limit: u64,
    },
    /// An allocation was refused.
    #[error("There is not enough memory for this picture.")]
    OutOfMemory,
    /// An option is outside its range.
    #[error("{0}")]
    BadOption(String),
    /// The model folder or its weights do not fit this engine.
    #[error("The model's weights cannot be used: {0}")]
    BadWeights(String),
    /// A checkpoint that is to be converted is damaged, refused or made for something else.
    #[error("The checkpoint cannot be used: {0}.")]
    BadCheckpoint(String),
    /// A downloaded file's SHA-256 differs from the one the model names.
    #[error("{file} is not the file that the model names: its SHA-256 differs.")]
    HashMismatch {
        /// File name inside the model folder.
        file: String,
    },
    /// No usable WebGPU adapter.
    #[error("WebGPU is not available: {0}")]
    NoWebGpu(String),
    /// The GPU stopped answering, ran out of memory, or computes wrong results.
    #[error("The GPU failed: {0}")]
    Gpu(String),
    /// The caller's signal ended the run.
    #[error("Cancelled.")]
    Aborted,
    /// A file on disk could not be read or written (command line only).
    #[error("{path}: {reason}")]
    File {
        /// Path as given.
        path: String,
        /// The operating system's words.
        reason: String,
    },
    /// A mistake of ours.
    #[error("Internal error: {0}")]
    Internal(String),
}

impl Error {
    /// Stable identifier, kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Error::NoInput => "no-input",
            Error::NotAnImage => "not-an-image",
            Error::BadImage(_) => "bad-image",
            Error::Unsupported(_) => "unsupported-image",
            Error::ImageTooLarge { .. } => "image-too-large",
            Error::OutOfMemory => "out-of-memory",
            Error::BadOption(_) => "bad-option",
            Error::BadWeights(_) => "bad-weights",
            Error::BadCheckpoint(_) => "bad-checkpoint",
            Error::HashMismatch { .. } => "hash-mismatch",
            Error::NoWebGpu(_) => "no-webgpu",
            Error::Gpu(_) => "gpu",
            Error::Aborted => "aborted",
            Error::File { .. } => "file",
            Error::Internal(_) => "internal",
        }
    }

    /// One sentence that says what someone in front of a page can do. The command line has its own.
    pub fn advice(&self) -> &'static str {
        match self {
            Error::NoInput => "Choose a picture first.",
            Error::NotAnImage => "Choose a PNG, JPEG, WebP, GIF, BMP or TIFF file.",
            Error::BadImage(_) => "Open the picture in another program and save it again, or choose another copy.",
            Error::Unsupported(_) => "Save the picture as PNG in a program that opens it, and choose that file.",
            Error::ImageTooLarge { .. } => "Crop the picture or make it smaller before upscaling.",
            Error::OutOfMemory => "Take a smaller copy of the picture, or close other tabs and programs and try again.",
            Error::BadOption(_) => "Correct the option and start again.",
            Error::BadWeights(_) => "Check that the model folder is complete and made for this version.",
            Error::BadCheckpoint(_) => {
                "Choose a released x4 checkpoint and its autoencoder, or download them again from where they are published."
            }
            Error::HashMismatch { .. } => {
                "Load the page again; if it stays, the copy on the server is damaged and its owner must replace it."
            }
            Error::NoWebGpu(_) => "Use a current browser with hardware acceleration switched on, or run on the CPU.",
            Error::Gpu(_) => "Try again with smaller tiles, or run on the CPU.",
            Error::Aborted => "Start again whenever you like.",
            Error::File { .. } => "Check the path and its permissions.",
            Error::Internal(_) => "Please report this with the picture's size and the browser's name.",
        }
    }
}
