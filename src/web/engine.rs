//! The one class that the worker sees.

use super::blob::{Blob, BlobParts};
use super::device::Chosen;
use super::error::to_js;
use super::object::{field, object};
use super::picture;
use super::team::{JsHelpers, PageHelpers};
use super::watch::PageWatch;
use crate::chain::team::PartSize;
use crate::image::decode::DEFAULT_MAX_PIXELS;
use crate::image::{FileRows, Format, Limits, Picture, Sample, Size, Tags, reduce};
use crate::model::UPSCALE;
use crate::model::config::{Licence, ModelConfig};
use crate::upscaler::{Options, Upscaler};
use crate::{Error, Result, gpu};
use js_sys::{Array, Float32Array};
use std::arch::wasm32::memory_size;
use std::cell::Cell;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Bytes of a page of WebAssembly's memory.
const PAGE: usize = 1 << 16;

/// A model on a device. Every failure is thrown as `{ code, message, advice }`; anything else that is thrown means
/// that this instance of the module is broken and must be replaced.
#[wasm_bindgen]
pub struct Engine {
    upscaler: Upscaler,
    chosen: Chosen,
    aborted: Cell<bool>,
    max_pixels: Cell<u64>,
}

#[wasm_bindgen]
impl Engine {
    /// `DeviceInfo` of `npm/src/index.d.ts`.
    #[wasm_bindgen(getter)]
    pub fn device(&self) -> JsValue {
        self.chosen.info(self.upscaler.largest_tile(self.chosen.max_positions()))
    }

    /// `ModelInfo` of `npm/src/index.d.ts`.
    #[wasm_bindgen(getter)]
    pub fn model(&self) -> JsValue {
        model_info(self.upscaler.config())
    }

    /// Pixels of the largest picture that is taken, if not [`DEFAULT_MAX_PIXELS`].
    #[wasm_bindgen(setter = maxPixels)]
    pub fn set_max_pixels(&self, most: f64) {
        self.max_pixels.set(most as u64);
    }

    /// What went wrong without stopping the work, as `{ code, message, advice }`.
    #[wasm_bindgen(getter)]
    pub fn warnings(&self) -> Array {
        self.chosen.gpu_error.iter().map(to_js).collect()
    }

    /// Upscales `input` (see [`picture::read`]) and returns `{ file: Blob, width, height, pixels, memory }`; `pixels` counts
    /// those of the input, `memory` the bytes that the engine has now, which never become fewer. `output` is `Output` of `npm/src/shared/protocol.ts`: kind and size of the file. Where its format is
    /// `pixels`, there are `data`, as of `ImageData`, instead of a file. `listeners` and `earlier` are those of [`PageWatch`];
    /// `helpers` take parts of the picture. One run at a time.
    #[allow(clippy::too_many_arguments)]
    pub async fn upscale(
        &self,
        input: JsValue,
        output: JsValue,
        steps: Option<u32>,
        seed: f64,
        temperature: Option<f64>,
        tile: Option<u32>,
        listeners: JsValue,
        earlier: JsValue,
        helpers: Option<JsHelpers>,
    ) -> Result<JsValue, JsValue> {
        self.aborted.set(false);
        let options = Options {
            steps: steps.map(|n| n as usize),
            // Exact: the page sends integers up to 2^53 - 1.
            seed: seed as u64,
            temperature,
            tile: tile.map(|n| n as usize),
            max_positions: self.chosen.max_positions(),
        };
        let helpers = PageHelpers(helpers);
        let watch = PageWatch::new(&listeners, &earlier, &self.aborted, &helpers)?;
        let mut result = self.run(&input, &output, &options, watch).await;
        // A GPU that has refused a part of the work goes on, with wrong numbers.
        if let Some(error) = gpu::take_error() {
            result = Err(Error::Gpu(error));
        }
        // However it ended, the run's tensors are dropped by now: their memory goes back to the device.
        self.chosen.compute.clean_up();
        Ok(result?)
    }

    /// As a helper of another engine: a band of rows (see [`Upscaler::predict`]). `inputs` are `Float32Array`s, as is the result.
    pub async fn predict(
        &self,
        height: u32,
        width: u32,
        band: u32,
        first: bool,
        inputs: Vec<Float32Array>,
    ) -> Result<Float32Array, JsValue> {
        let inputs: Vec<Vec<f32>> = inputs.iter().map(Float32Array::to_vec).collect();
        let inputs: Vec<&[f32]> = inputs.iter().map(Vec::as_slice).collect();
        let part = PartSize { height: height as usize, width: width as usize, band: band as usize };
        let x0 = self.upscaler.predict(part, first, &inputs).await?;
        Ok(Float32Array::from(&x0[..]))
    }

    /// Ends the run in progress before its next network evaluation.
    pub fn abort(&self) {
        self.aborted.set(true);
    }
}

impl Engine {
    /// The model that `upscaler` has on the device `chosen`.
    pub fn new(upscaler: Upscaler, chosen: Chosen) -> Self {
        Self { upscaler, chosen, aborted: Cell::new(false), max_pixels: Cell::new(DEFAULT_MAX_PIXELS) }
    }

    async fn run(
        &self,
        input: &JsValue,
        output: &JsValue,
        options: &Options,
        mut watch: PageWatch<'_>,
    ) -> Result<JsValue> {
        let name = field(output, "format").as_string().unwrap_or_default();
        let format = Format::named(&name);
        if format.is_none() && name != "pixels" {
            return Err(Error::BadOption("The format is png, jpeg, webp or pixels.".into()));
        }
        let quality = field(output, "quality").as_f64().map(|quality| quality as u8);
        let (picture, tags) = picture::read(input, &Limits { max_pixels: self.max_pixels.get() })?;
        let tags = tags.for_result(field(output, "metadata").is_truthy());
        let side = |name| field(output, name).as_f64().map(|n| n as usize);
        let size = Size { width: side("width"), height: side("height"), scale: field(output, "scale").as_f64() };
        let (width, height) = size.of(UPSCALE * picture.width, UPSCALE * picture.height)?;
        let pixels = picture.width * picture.height;
        if let Some(format) = format {
            format.check_size(width, height, quality)?;
        }
        let size = (width, height);
        let sixteen = field(output, "depth").as_f64() == Some(16.0);
        let (kind, result): (_, JsValue) = match format {
            None => {
                let pixels = reduce(self.upscaler.upscale(&picture, options, &mut watch).await?, size)?;
                ("data", picture::canvas_pixels(&pixels, &tags)?.into())
            }
            Some(format) => {
                let kind = (format, quality);
                let file = match sixteen {
                    false => self.file::<u8>(picture, options, size, &tags, kind, &mut watch).await?,
                    true => self.file::<u16>(picture, options, size, &tags, kind, &mut watch).await?,
                };
                ("file", file.into())
            }
        };
        Ok(object([
            (kind, result),
            ("width", width.into()),
            ("height", height.into()),
            ("pixels", pixels.into()),
            ("memory", ((memory_size::<0>() * PAGE) as f64).into()),
        ]))
    }

    /// The file of a result of `size`, written as the result grows.
    async fn file<T: Sample>(
        &self,
        picture: Picture,
        options: &Options,
        size: (usize, usize),
        tags: &Tags,
        kind: (Format, Option<u8>),
        watch: &mut PageWatch<'_>,
    ) -> Result<Blob> {
        let mut file = FileRows::<T, _>::new(&picture, UPSCALE, size, tags, kind, BlobParts::default())?;
        self.upscaler.upscale_rows(picture, options, watch, &mut file).await?;
        file.finish().await?.finish(kind.0.media_type())
    }
}

/// `ModelInfo` of `npm/src/index.d.ts`.
pub fn model_info(config: &ModelConfig) -> JsValue {
    object([
        ("name", config.name.as_str().into()),
        ("version", config.version.as_str().into()),
        ("steps", config.schedule.steps.into()),
        ("y0", config.share_of_y0().into()),
        ("bytes", (config.bytes as f64).into()),
        ("licence", licence(&config.licence)),
    ])
}

/// `Licence` of `npm/src/index.d.ts`.
pub fn licence(licence: &Licence) -> JsValue {
    let text = |text: &Option<String>| text.as_deref().map_or(JsValue::UNDEFINED, JsValue::from);
    object([
        ("name", licence.name.as_str().into()),
        ("commercial", licence.commercial.into()),
        ("url", text(&licence.url)),
        ("text", text(&licence.text)),
    ])
}
