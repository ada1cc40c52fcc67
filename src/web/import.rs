//! Checkpoint files that a person has chosen, on their way to a model of this device.

use super::blob::Blob;
use super::object::{field, object};
use crate::checkpoint::Bytes;
use crate::convert::{Configuration, Conversion, Network, Options, Storage, network_of};
use crate::{Error, Result};
use js_sys::{Array, ArrayBuffer, Uint8Array};
use std::cell::RefCell;
use std::ops::Range;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

/// Smaller reads are served from a block of this many bytes: a header is read in words.
const BLOCK: u64 = 1 << 16;

#[wasm_bindgen]
extern "C" {
    /// Reads in a worker, without a turn of its event loop.
    type FileReaderSync;
    #[wasm_bindgen(constructor)]
    fn new() -> FileReaderSync;
    #[wasm_bindgen(method, catch, js_name = readAsArrayBuffer)]
    fn read_as_array_buffer(this: &FileReaderSync, blob: &Blob) -> Result<ArrayBuffer, JsValue>;
}

/// Two checkpoints that fit. Failures are thrown as by `Engine`.
#[wasm_bindgen]
pub struct Import {
    conversion: Option<Conversion<'static>>,
}

#[wasm_bindgen]
impl Import {
    /// Recognises `files` (`File` objects): a UNet and an autoencoder in either order, and their configurations if they
    /// were not released. `name`, `config` and `storage` as in `ImportOptions` of `npm/src/index.d.ts`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        files: Array,
        name: Option<String>,
        config: Option<String>,
        storage: Option<String>,
    ) -> Result<Import, JsValue> {
        Ok(Self { conversion: Some(begin(&files, name, config, storage.as_deref())?) })
    }

    /// `ImportPlan` of `npm/src/index.d.ts`.
    #[wasm_bindgen(getter)]
    pub fn plan(&self) -> JsValue {
        let Some(conversion) = &self.conversion else { return JsValue::UNDEFINED };
        object([
            ("name", conversion.name().into()),
            ("bytes", (conversion.estimated_bytes() as f64).into()),
            ("licence", super::engine::licence(conversion.licence())),
        ])
    }

    /// The next shard, `{ sha256, data: Uint8Array, fraction }` with the part of the work that is done by then, 0 to 1;
    /// undefined once all have come.
    pub fn next(&mut self) -> Result<JsValue, JsValue> {
        let conversion = self.conversion.as_mut().ok_or_else(finished)?;
        Ok(conversion.next_shard()?.map_or(JsValue::UNDEFINED, |converted| {
            object([
                ("sha256", converted.shard.sha256.as_str().into()),
                ("data", Uint8Array::from(&converted.bytes[..]).into()),
                ("fraction", (converted.done as f64 / converted.total.max(1) as f64).into()),
            ])
        }))
    }

    /// The bytes of `model.json`, after the last shard.
    pub fn finish(&mut self) -> Result<Vec<u8>, JsValue> {
        let model = self.conversion.take().ok_or_else(finished)?.finish()?;
        Ok(serde_json::to_vec(&model).map_err(|e| Error::Internal(e.to_string()))?)
    }
}

fn begin(
    files: &Array,
    name: Option<String>,
    config: Option<String>,
    storage: Option<&str>,
) -> Result<Conversion<'static>> {
    let storage = match storage {
        None | Some("f16") => Storage::F16,
        Some("f32") => Storage::F32,
        Some("int8") => Storage::Int8,
        Some(other) => return Err(Error::BadOption(format!("The storage is f16, f32 or int8, not {other:?}."))),
    };
    let unet = config.map(Configuration::Name);
    let mut options = Options { storage, name, unet, ..Options::default() };
    let mut checkpoints = Vec::new();
    for file in files.iter() {
        let name = field(&file, "name").as_string().unwrap_or_default();
        // They live as long as the worker, which ends with the import.
        let file: &'static BlobBytes = Box::leak(Box::new(BlobBytes::new(file.unchecked_into())));
        if file.first()? == Some(b'{') {
            configure(&mut options, file.all()?);
        } else {
            checkpoints.push((file, name));
        }
    }
    let [first, second] = &checkpoints[..] else {
        let count = checkpoints.len();
        return Err(Error::BadOption(format!("A model has two files, a UNet and its autoencoder; {count} came.")));
    };
    let in_order = network_of(first.0)? == Network::UNet;
    let (unet, autoencoder) = if in_order { (first, second) } else { (second, first) };
    options.file = unet.1.clone();
    Conversion::new(unet.0, autoencoder.0, &options)
}

/// An autoencoder's configuration is known by its `ddconfig`.
fn configure(options: &mut Options, json: Vec<u8>) {
    let fields: serde_json::Value = serde_json::from_slice(&json).unwrap_or_default();
    let place = if fields.get("ddconfig").is_some() { &mut options.autoencoder } else { &mut options.unet };
    *place = Some(Configuration::Json(json));
}

fn finished() -> Error {
    Error::Internal("the import has ended".into())
}

/// A file of the page.
struct BlobBytes {
    blob: Blob,
    reader: FileReaderSync,
    /// The block that was read last, and where it begins.
    block: RefCell<(u64, Vec<u8>)>,
}

impl BlobBytes {
    fn new(blob: Blob) -> Self {
        Self { blob, reader: FileReaderSync::new(), block: RefCell::default() }
    }

    fn first(&self) -> Result<Option<u8>> {
        let mut byte = [0];
        Ok(if self.len() > 0 { self.read_at(0, &mut byte).map(|()| byte.first().copied())? } else { None })
    }

    /// All of it, if it is as short as a configuration.
    fn all(&self) -> Result<Vec<u8>> {
        let mut bytes = vec![0; self.len().min(BLOCK) as usize];
        self.read_at(0, &mut bytes)?;
        Ok(bytes)
    }

    fn read(&self, range: Range<u64>, buffer: &mut [u8]) -> Result<()> {
        let part = self.blob.slice(range.start as f64, range.end as f64);
        let bytes = self.reader.read_as_array_buffer(&part).map(|buffer| Uint8Array::new(&buffer));
        match bytes {
            Ok(bytes) if bytes.length() as usize == buffer.len() => {
                bytes.copy_to(buffer);
                Ok(())
            }
            _ => Err(Error::BadCheckpoint("the browser can no longer read it".into())),
        }
    }
}

impl Bytes for BlobBytes {
    fn len(&self) -> u64 {
        self.blob.size() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let end = offset.checked_add(buffer.len() as u64).filter(|&end| end <= self.len());
        let end = end.ok_or_else(|| Error::BadCheckpoint("it is cut short".into()))?;
        if buffer.len() as u64 >= BLOCK {
            return self.read(offset..end, buffer);
        }
        let (begin, block) = &mut *self.block.borrow_mut();
        if offset < *begin || end > *begin + block.len() as u64 {
            *begin = offset;
            block.resize((self.len() - offset).min(BLOCK) as usize, 0);
            let until = offset + block.len() as u64;
            if let Err(error) = self.read(offset..until, block) {
                block.clear();
                return Err(error);
            }
        }
        let at = (offset - *begin) as usize;
        buffer.copy_from_slice(block.get(at..at + buffer.len()).unwrap_or_default());
        Ok(())
    }
}
