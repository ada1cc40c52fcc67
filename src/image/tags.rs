//! What a file says of its picture besides the pixels, and what of it goes into the result's file.

use ::image::metadata::Orientation;

/// Colour profile and metadata of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// ICC profile of RGB samples. They are upscaled in the space that it describes, so it holds for the result too.
    pub icc: Option<Vec<u8>>,
    /// EXIF data: a TIFF header and its directories, with the orientation of the file.
    pub exif: Option<Vec<u8>>,
}

impl Tags {
    /// What a decoder found. A profile that does not describe RGB is left out: such pictures are converted without it. Some
    /// programs write JPEG's six-byte prefix before EXIF data in PNG and WebP too.
    pub(super) fn new(icc: Option<Vec<u8>>, exif: Option<Vec<u8>>) -> Self {
        let prefix = |exif: Vec<u8>| exif.strip_prefix(b"Exif\0\0").map_or(exif.clone(), <[u8]>::to_vec);
        Self { icc: icc.filter(|icc| describes_rgb(icc)), exif: exif.map(prefix) }
    }

    /// The orientation that the EXIF data asks for; data that cannot be read asks for none.
    pub(super) fn orientation(&self) -> Orientation {
        self.exif.as_deref().and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
    }

    /// For the result: pixels have been turned already, and without `metadata` the EXIF data stays behind. The profile
    /// always goes along: without it colours would be others.
    pub fn for_result(mut self, metadata: bool) -> Self {
        self.exif = self.exif.filter(|_| metadata);
        if let Some(exif) = &mut self.exif {
            let _turned = Orientation::remove_from_exif_chunk(exif);
        }
        self
    }
}

/// Whether an ICC profile is as long as it says and describes RGB (ICC.1:2022, 7.2: size, data colour space, signature).
fn describes_rgb(icc: &[u8]) -> bool {
    const HEADER: usize = 128;
    let size = icc.first_chunk().map(|&size| u32::from_be_bytes(size) as usize);
    let says = |at: usize, word: &[u8; 4]| icc.get(at..at + 4) == Some(word);
    icc.len() > HEADER && size.is_some_and(|size| size <= icc.len()) && says(16, b"RGB ") && says(36, b"acsp")
}
