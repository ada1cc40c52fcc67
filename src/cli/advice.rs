//! What someone at the command line can do about a failure. A page gives other advice ([`Error::advice`]).

use resshift::Error;

/// One sentence for whoever typed the command.
pub fn advice(error: &Error) -> &'static str {
    match error {
        Error::NoInput => "Name a file that holds a picture.",
        Error::NotAnImage => "Name a PNG, JPEG, WebP, GIF, BMP or TIFF file.",
        Error::BadImage(_) => "Open the picture in another program and save it again, or use another copy.",
        Error::ImageTooLarge { .. } => "Crop the picture or make it smaller before upscaling.",
        Error::OutOfMemory => "Use a smaller copy of the picture, or close other programs and try again.",
        Error::BadOption(_) => "Correct the option and try again; --help lists what each one accepts.",
        Error::BadWeights(_) => "Check that the model folder is complete and made for this version.",
        Error::BadCheckpoint(_) => {
            "Use a released x4 checkpoint and its autoencoder, or download them again from where they are published."
        }
        Error::HashMismatch { .. } => "Replace the file, or the whole model folder, by a fresh copy.",
        Error::NoWebGpu(_) => "Install a current graphics driver, or run with --device cpu.",
        Error::Gpu(_) => "Try a smaller --tile, or run with --device cpu.",
        Error::Unsupported(_) => "Open the picture in another program and save it as PNG.",
        Error::Aborted => "Run the command again.",
        Error::File { .. } => "Check the path and its permissions.",
        Error::Internal(_) => "Please report this with the command and the picture's size.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_error() -> Vec<Error> {
        let text = || "x".to_string();
        vec![
            Error::NoInput,
            Error::NotAnImage,
            Error::BadImage(text()),
            Error::Unsupported(text()),
            Error::ImageTooLarge { width: 1, height: 1, limit: 1 },
            Error::OutOfMemory,
            Error::BadOption(text()),
            Error::BadWeights(text()),
            Error::BadCheckpoint(text()),
            Error::HashMismatch { file: text() },
            Error::NoWebGpu(text()),
            Error::Gpu(text()),
            Error::Aborted,
            Error::File { path: text(), reason: text() },
            Error::Internal(text()),
        ]
    }

    #[test]
    fn nothing_is_said_of_browsers() {
        for error in every_error() {
            let advice = advice(&error).to_lowercase();
            for word in ["browser", "page", "tab", "server", "load again", "choose"] {
                let found = advice.split(|c: char| !c.is_alphanumeric()).any(|own| own.starts_with(word));
                assert!(!found, "{}: {advice}", error.code());
            }
        }
    }
}
