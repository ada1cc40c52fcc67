//! What a file says of its picture besides the pixels, and what of it goes into the result's file.

use super::ifd::TiffFile;
use super::{Density, exif, xmp};
use ::image::metadata::Orientation;

/// Colour profile and metadata of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// ICC profile of RGB samples. They are upscaled in the space that it describes, so it holds for the result too.
    pub icc: Option<Vec<u8>>,
    /// EXIF data: a TIFF header and its directories, with the orientation of the file.
    pub exif: Option<Vec<u8>>,
    /// XMP packet.
    pub xmp: Option<Vec<u8>>,
    /// IPTC data (IIM).
    pub iptc: Option<Vec<u8>>,
    /// Pixels per length.
    pub density: Option<Density>,
    /// Whether the file stores grey samples: PNG and JPEG files of the result will, too.
    pub grey: bool,
}

impl Tags {
    /// What a decoder found, in one form. Some programs write JPEG's six-byte prefix before EXIF data in PNG and WebP too. Without
    /// a density or IPTC data of its own, a file has those of its EXIF data.
    pub(super) fn settled(self) -> Self {
        let prefix = |exif: Vec<u8>| exif.strip_prefix(b"Exif\0\0").map_or(exif.clone(), <[u8]>::to_vec);
        let exif = self.exif.map(prefix);
        let file = exif.as_deref().and_then(TiffFile::new);
        let density = self.density.or(file.and_then(|file| exif::density(&file))).filter(Density::says_something);
        let iptc = self.iptc.or(file.and_then(|file| exif::iptc(&file)));
        Self { exif, density, iptc, ..self }
    }

    /// The orientation that the EXIF data asks for; data that cannot be read asks for none.
    pub(super) fn orientation(&self) -> Orientation {
        self.exif.as_deref().and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
    }

    /// For the result: pixels have been turned already, and thumbnails would show the input. Without `metadata` only
    /// the profile goes along: without it colours would be others.
    pub fn for_result(self, metadata: bool) -> Self {
        if !metadata {
            return Self { icc: self.icc, grey: self.grey, ..Self::default() };
        }
        let mut tags = Self { xmp: self.xmp.as_deref().and_then(xmp::upright), ..self };
        tags.exif.iter_mut().for_each(exif::upright);
        tags
    }

    /// With the size of the result where they tell one.
    pub(super) fn sized(&self, width: usize, height: usize) -> Self {
        let mut tags = self.clone();
        tags.exif.iter_mut().for_each(|data| exif::resize(data, width, height));
        tags.xmp = tags.xmp.map(|packet| xmp::resize(&packet, width, height));
        tags
    }
}
