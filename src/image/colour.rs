//! Colours as a file means them. RGB profiles go along with the result; grey and CMYK ones, and what PNG's own chunks say, are
//! applied. The mathematics of profiles is moxcms'.

use super::encode::Sample;
use super::{Pixels, Tags};
use crate::alloc;
use crate::{Error, Result};
use ::image::DynamicImage;
use ::png::{Info, ScaledFloat, SourceChromaticities};
use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorPrimaries, ColorProfile, Layout, MatrixCoefficients,
    TransferCharacteristics, Transform16BitExecutor, TransformOptions,
};
use std::sync::Arc;

/// Drops a profile that does not describe the samples, as browsers do, and applies that of a grey picture.
///
/// # Errors
/// [`crate::Error::OutOfMemory`].
pub(super) fn settle(image: DynamicImage, tags: Tags) -> Result<(DynamicImage, Tags)> {
    let is_grey = !image.color().has_color();
    let Some(icc) = tags.icc.as_ref().filter(|icc| space(icc) != Some(*b"RGB ") || is_grey) else {
        return Ok((image, tags));
    };
    let image = match is_grey.then(|| Profile::new(icc, *b"GRAY", Layout::Gray)).flatten() {
        Some(profile) => profile.apply_to_grey(image)?,
        None => image,
    };
    Ok((image, Tags { icc: None, ..tags }))
}

/// What the samples of an ICC profile are, if it is as long as it says (ICC.1:2022, 7.2: size, data colour space, signature).
fn space(icc: &[u8]) -> Option<[u8; 4]> {
    const HEADER: usize = 128;
    let size = u32::from_be_bytes(*icc.first_chunk()?) as usize;
    let word = |at: usize| icc.get(at..)?.first_chunk().copied();
    (icc.len() > HEADER && size <= icc.len() && word(36)? == *b"acsp").then(|| word(16)).flatten()
}

/// What light inks leave.
pub(super) struct Inks(Option<Profile>);

impl Inks {
    /// By a CMYK profile, or without one as if each ink took its own light only.
    pub fn new(icc: Option<&[u8]>) -> Self {
        Self(icc.and_then(|icc| Profile::new(icc, *b"CMYK", Layout::Rgba)))
    }

    /// Pixels of CMYK, 0 for no ink, to sRGB.
    pub fn to_rgb(&self, inks: &[u16], rgb: &mut [u16]) {
        if let Some(profile) = &self.0 {
            return profile.apply(inks, rgb);
        }
        let light = |ink: u16| u64::from(u16::MAX - ink);
        for (rgb, inks) in rgb.chunks_exact_mut(3).zip(inks.chunks_exact(4)) {
            for (value, &ink) in rgb.iter_mut().zip(inks) {
                *value = ((light(ink) * light(inks[3]) + 32_767) / 65_535) as u16;
            }
        }
    }
}

/// Pixels as a canvas takes them: RGBA of 8 bits in sRGB, alpha not premultiplied. `take` gets them row by row, so that they need not
/// be in memory twice.
///
/// # Errors
/// [`Error::BadOption`] if the colours are those of a profile that cannot be applied.
pub fn canvas_rows(pixels: &Pixels, icc: Option<&[u8]>, mut take: impl FnMut(&[u8])) -> Result<()> {
    let unknown =
        || Error::BadOption("The picture's colour profile cannot be applied; take a file, which keeps it.".into());
    let profile = icc.map(|icc| Profile::new(icc, *b"RGB ", Layout::Rgb).ok_or_else(unknown)).transpose()?;
    let (channels, samples) = (pixels.channels, pixels.width * 3);
    let mut wide = alloc::filled(0, 2 * samples)?;
    let mut rgba = alloc::filled(u8::MAX, pixels.width * 4)?;
    for row in pixels.data.chunks_exact((pixels.width * channels).max(1)) {
        for (to, from) in rgba.chunks_exact_mut(4).zip(row.chunks_exact(channels)) {
            to[..channels].copy_from_slice(from);
        }
        if let Some(profile) = &profile {
            let (stored, shown) = wide.split_at_mut(samples);
            for (to, from) in stored.chunks_exact_mut(3).zip(row.chunks_exact(channels)) {
                to.iter_mut().zip(from).for_each(|(to, &from)| *to = u16::from(from) * 257);
            }
            profile.apply(stored, shown);
            for (to, from) in rgba.chunks_exact_mut(4).zip(shown.chunks_exact(3)) {
                to.iter_mut().zip(from).for_each(|(to, &from)| *to = from.eight());
            }
        }
        take(&rgba);
    }
    Ok(())
}

/// The way to sRGB.
struct Profile(Arc<Transform16BitExecutor>);

impl Profile {
    /// `None` for a profile of other samples, or one that cannot be read.
    fn new(icc: &[u8], of: [u8; 4], layout: Layout) -> Option<Self> {
        let profile = (space(icc)? == of).then(|| ColorProfile::new_from_slice(icc))?.ok()?;
        let (to, options) = (ColorProfile::new_srgb(), TransformOptions::default());
        Some(Self(profile.create_transform_16bit(layout, &to, Layout::Rgb, options).ok()?))
    }

    /// Samples of some pixels to RGB.
    fn apply(&self, samples: &[u16], rgb: &mut [u16]) {
        // It fails only if the lengths do not fit.
        let _ = self.0.transform(samples, rgb);
    }

    fn apply_to_grey(&self, image: DynamicImage) -> Result<DynamicImage> {
        let table: Vec<u16> = (0..=u16::MAX).collect();
        let mut rgb = alloc::filled(0, 3 * table.len())?;
        self.apply(&table, &mut rgb);
        Ok(with_curve(image, |v| rgb[3 * usize::from(v) + 1]))
    }
}

/// Every colour sample changed, as 16 bits.
fn with_curve(image: DynamicImage, curve: impl Fn(u16) -> u16) -> DynamicImage {
    let channels = image.color().channel_count();
    let change = |data: &mut [u16], colours: usize| {
        for pixel in data.chunks_exact_mut(channels.into()) {
            pixel[..colours].iter_mut().for_each(|v| *v = curve(*v));
        }
    };
    match channels {
        1 => {
            let mut image = image.into_luma16();
            change(&mut image, 1);
            image.into()
        }
        2 => {
            let mut image = image.into_luma_alpha16();
            change(&mut image, 1);
            image.into()
        }
        3 => {
            let mut image = image.into_rgb16();
            change(&mut image, 3);
            image.into()
        }
        _ => {
            let mut image = image.into_rgba16();
            change(&mut image, 3);
            image.into()
        }
    }
}

/// Applies what a PNG file's chunks say of its colours, by the rules of Chromium: cICP before iCCP before sRGB before gAMA and
/// cHRM. Samples get sRGB's curve, so that an 8-bit result has no bands; other primaries become a profile, so that
/// no colour is lost. High dynamic range (PQ, HLG) stays as it is, with a profile that says so.
pub(super) fn of_png(image: DynamicImage, icc: Option<Vec<u8>>, info: &Info<'_>) -> (DynamicImage, Option<Vec<u8>>) {
    let code_points = info.coding_independent_code_points.filter(|code| code.is_video_full_range_image);
    let code_points = code_points.filter(|code| code.matrix_coefficients == 0).and_then(|code| {
        let primaries = CicpColorPrimaries::try_from(code.color_primaries).ok()?;
        Some((primaries, TransferCharacteristics::try_from(code.transfer_function).ok()?))
    });
    if let Some((primaries, transfer)) = code_points
        && let Some(colours) = profile(primaries, transfer)
    {
        let is_hdr = matches!(transfer, TransferCharacteristics::Smpte2084 | TransferCharacteristics::Hlg);
        if is_hdr {
            let image = if image.color().has_color() { image } else { image.to_rgb16().into() };
            return (image, colours.encode().ok());
        }
        let image = match transfer {
            TransferCharacteristics::Srgb => image,
            // What their displays do (BT.1886), not the reverse of what cameras do.
            TransferCharacteristics::Bt709
            | TransferCharacteristics::Bt601
            | TransferCharacteristics::Bt202010bit
            | TransferCharacteristics::Bt202012bit => shown(image, |x| x.powf(2.4)),
            other => shown(image, |x| other.linearize(x)),
        };
        return (image, if primaries == CicpColorPrimaries::Bt709 { None } else { with_srgb_curve(colours) });
    }
    if icc.is_some() || info.srgb.is_some() {
        return (image, icc);
    }
    let Some(gamma) = info.gama_chunk.map(ScaledFloat::into_scaled).filter(|&gamma| gamma > 0) else {
        return (image, None);
    };
    let primaries = info.chrm_chunk.filter(|primaries| !are_srgb(primaries));
    // What programs write for sRGB.
    if primaries.is_none() && (45_000..=46_000).contains(&gamma) {
        return (image, None);
    }
    let exponent = 100_000.0 / f64::from(gamma);
    let image = shown(image, |x| x.powf(exponent));
    (image, primaries.and_then(|primaries| with_srgb_curve(of_chromaticities(&primaries))))
}

/// Every colour sample by a curve to linear light, then with sRGB's. Chromium cuts 16 bits to 8 before it does that, so what it
/// shows is half a level darker on average, which is seen in shadows of linear samples: the same is done here, without
/// the bands.
fn shown(image: DynamicImage, linearize: impl Fn(f64) -> f64) -> DynamicImage {
    let cut = if image.color().bytes_per_pixel() > image.color().channel_count() { 128.0 / 65535.0 } else { 0.0 };
    let value = |v: u16| {
        let v = f64::from(v) / 65535.0;
        let light = linearize((v - cut * (1.0 - v)).max(0.0)).clamp(0.0, 1.0);
        (TransferCharacteristics::Srgb.gamma(light) * 65535.0).round() as u16
    };
    let values: Vec<u16> = (0..=u16::MAX).map(value).collect();
    with_curve(image, |v| values[usize::from(v)])
}

fn profile(primaries: CicpColorPrimaries, transfer: TransferCharacteristics) -> Option<ColorProfile> {
    let known = ColorPrimaries::try_from(primaries).is_ok();
    let reserved = [TransferCharacteristics::Reserved, TransferCharacteristics::Unspecified].contains(&transfer);
    (known && !reserved).then(|| {
        ColorProfile::new_from_cicp(CicpProfile {
            color_primaries: primaries,
            transfer_characteristics: transfer,
            matrix_coefficients: MatrixCoefficients::Identity,
            full_range: true,
        })
    })
}

/// Its primaries with sRGB's curve, as an ICC profile.
fn with_srgb_curve(colours: ColorProfile) -> Option<Vec<u8>> {
    let mut profile = ColorProfile::new_srgb();
    (profile.red_colorant, profile.green_colorant, profile.blue_colorant) =
        (colours.red_colorant, colours.green_colorant, colours.blue_colorant);
    (profile.cicp, profile.description) = (None, None);
    profile.encode().ok()
}

fn pairs(primaries: &SourceChromaticities) -> [(f32, f32); 4] {
    [primaries.white, primaries.red, primaries.green, primaries.blue].map(|(x, y)| (x.into_value(), y.into_value()))
}

fn are_srgb(primaries: &SourceChromaticities) -> bool {
    const SRGB: [(f32, f32); 4] = [(0.3127, 0.3290), (0.64, 0.33), (0.30, 0.60), (0.15, 0.06)];
    pairs(primaries).iter().zip(SRGB).all(|(a, b)| (a.0 - b.0).abs() < 0.002 && (a.1 - b.1).abs() < 0.002)
}

fn of_chromaticities(primaries: &SourceChromaticities) -> ColorProfile {
    let [white, red, green, blue] = pairs(primaries).map(|(x, y)| Chromaticity { x, y });
    let mut colours = ColorProfile::new_srgb();
    colours.update_rgb_colorimetry(white.to_xyyb(), ColorPrimaries { red, green, blue });
    colours
}
