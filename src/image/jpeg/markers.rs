//! What the markers of a JPEG file say, before anything is decoded (ITU-T T.81, Annex B).

use crate::alloc::{self, GrowableFile};
use crate::image::decode::cut_short;
use crate::image::{Density, iptc};
use crate::{Error, Result};
use jpeg_decoder::ColorTransform;
use std::io::Write;

/// Files have about 10 scans, progressive ones up to 20 or so. Each takes time for the whole picture, however small it is
/// in the file.
const MAX_SCANS: usize = 100;

/// The frame header, and what else decides how samples are read.
#[derive(Debug, Default)]
pub struct Markers {
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// The components' identifiers, one for each channel.
    pub components: Vec<u8>,
    /// From JFIF's header, which also says that colours are YCbCr.
    jfif: Option<Density>,
    /// The colour transform in Adobe's segment.
    adobe: Option<u8>,
    /// IPTC data, from Photoshop's segment.
    pub iptc: Option<Vec<u8>>,
}

impl Markers {
    /// Reads all segments, and copies the file with every run of coded data followed by [`PADDING`].
    ///
    /// # Errors
    /// [`Error::Unsupported`] with the name of what this decoder lacks; [`Error::BadImage`] if the file ends before its
    /// picture does, or has no picture.
    pub fn read(bytes: &[u8]) -> Result<(Self, Vec<u8>)> {
        let (mut found, mut scans) = (Self::default(), 0);
        let mut padded = GrowableFile(alloc::with_capacity(bytes.len())?);
        let mut copy = |part: &[u8]| padded.write_all(part).map_err(|_| Error::OutOfMemory);
        let (mut at, mut copied) = (0, 0);
        // Whether what lies before the next marker is coded data.
        let mut coded = false;
        while let Some(&[mark, code]) = bytes.get(at..at + 2) {
            // Coded data stuffs a 0 after each 0xFF; 0xFF may also be repeated to fill up.
            if mark != 0xFF || code == 0xFF || code == 0 {
                at += 1;
                continue;
            }
            if coded {
                let fill = bytes[..at].iter().rev().take_while(|&&byte| byte == 0xFF).count();
                let end = at - fill.min(at - copied);
                copy(&bytes[copied..end])?;
                copy(&PADDING)?;
                copied = end;
            }
            at += 2;
            coded = matches!(code, RST0..=RST7 | SOS);
            match code {
                EOI if scans == 0 => return Err(cut_short()),
                EOI => {
                    copy(&bytes[copied..at])?;
                    return Ok((found, padded.0));
                }
                TEM | SOI | RST0..=RST7 => {}
                _ => {
                    let size = bytes.get(at..at + 2).ok_or_else(cut_short)?;
                    let size = usize::from(u16::from_be_bytes([size[0], size[1]]));
                    let segment = bytes.get(at + 2..at + size.max(2)).ok_or_else(cut_short)?;
                    scans += usize::from(code == SOS);
                    if scans > MAX_SCANS {
                        return Err(Error::Unsupported(format!("JPEG with more than {MAX_SCANS} scans")));
                    }
                    found.segment(code, segment)?;
                    at += size;
                }
            }
        }
        Err(cut_short())
    }

    fn segment(&mut self, code: u8, segment: &[u8]) -> Result<()> {
        let unsupported = |what: &str| Err(Error::Unsupported(format!("JPEG {what}")));
        match (code, segment) {
            (0xC9..=0xCB | 0xCD..=0xCF | DAC, _) => return unsupported("with arithmetic coding"),
            (0xC5..=0xC7 | DHP | EXP, _) => return unsupported("of several resolutions (hierarchical)"),
            (0xC0..=0xC3, &[precision, h0, h1, w0, w1, count, ref components @ ..]) => {
                if precision != 8 {
                    return unsupported(&format!("of {precision} bits"));
                }
                (self.width, self.height) = (u16::from_be_bytes([w0, w1]), u16::from_be_bytes([h0, h1]));
                if self.height == 0 {
                    return unsupported("whose height comes after its first scan (DNL)");
                }
                self.components = components.chunks_exact(3).map(|component| component[0]).collect();
                if ![1, 3, 4].contains(&count) {
                    return unsupported(&format!("of {count} components"));
                }
            }
            (APP0, &[b'J', b'F', b'I', b'F', 0, _, _, unit, x0, x1, y0, y1, ..]) => {
                let (x, y) = (u16::from_be_bytes([x0, x1]), u16::from_be_bytes([y0, y1]));
                self.jfif = Some(Density::jfif(unit, x, y));
            }
            (APP13, _) => {
                let resources = segment.strip_prefix(b"Photoshop 3.0\0");
                self.iptc = self.iptc.take().or_else(|| resources.and_then(iptc::of_resources));
            }
            (APP14, &[b'A', b'd', b'o', b'b', b'e', _, _, _, _, _, _, transform, ..]) => self.adobe = Some(transform),
            _ => {}
        }
        Ok(())
    }

    /// What the samples of several components are, by libjpeg's rules: what browsers show.
    pub fn colours(&self) -> ColorTransform {
        match (self.components.len(), self.adobe) {
            (1, _) => ColorTransform::Grayscale,
            (3, _) if self.jfif.is_some() => ColorTransform::YCbCr,
            (3, Some(0)) => ColorTransform::RGB,
            (3, None) if self.components == *b"RGB" => ColorTransform::RGB,
            (3, _) => ColorTransform::YCbCr,
            (_, None | Some(0)) => ColorTransform::CMYK,
            _ => ColorTransform::YCCK,
        }
    }

    /// Pixels per length, or the sides' ratio.
    pub fn density(&self) -> Option<Density> {
        self.jfif
    }
}

/// Six bytes of 1 bits: the rest of a run's last byte is filled with 1 as well, and no code has 1 bits only. A decoder that
/// runs out of data would go on with made-up zeros and give a grey area; here it meets a code that there is not.
/// More bytes than its look-ahead takes would hide the marker behind them.
const PADDING: [u8; 12] = [0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0];

const TEM: u8 = 0x01;
const DAC: u8 = 0xCC;
const RST0: u8 = 0xD0;
const RST7: u8 = 0xD7;
const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const DHP: u8 = 0xDE;
const EXP: u8 = 0xDF;
const APP0: u8 = 0xE0;
const APP13: u8 = 0xED;
const APP14: u8 = 0xEE;
