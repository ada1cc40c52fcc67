//! The full-size checkpoints, with weights by formula and never in memory as a whole: every layout is read, conversion
//! streams, and what f16 and int8 cost.

mod support;
#[path = "support/checkpoint.rs"]
mod write;

use burn::tensor::{Device, Tensor, TensorData};
use resshift::Result;
use resshift::checkpoint::{Bytes, Checkpoint};
use resshift::convert::published::Task;
use resshift::convert::{Configuration, Network, Options, Storage, convert, keys, published};
use resshift::model::config::{Arch, ModelConfig};
use resshift::model::unet::UNet;
use resshift::model::vq::VqAutoencoder;
use resshift::weights::{SafetensorsSource, Weights};
use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;
use support::*;
use write::{Entry, Member, ZipWriter, legacy_index, legacy_keys, plain, training};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: hands every call to the system's allocator and only counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: the caller keeps what `GlobalAlloc` asks for.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps what `GlobalAlloc` asks for.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One test at a time: their memory is counted together.
static TURN: Mutex<()> = Mutex::new(());

/// Bytes of a file, or the tensor whose numbers they are.
enum Piece {
    Bytes(Vec<u8>),
    Tensor(Entry),
}

/// A file whose tensors are computed where they are read.
#[derive(Default)]
struct Generated {
    /// Each piece and where it begins.
    pieces: Vec<(u64, Piece)>,
    length: u64,
}

impl Generated {
    fn push(&mut self, piece: Piece) {
        let length = match &piece {
            Piece::Bytes(bytes) => bytes.len(),
            Piece::Tensor(entry) => entry.count() * entry.size,
        };
        self.pieces.push((self.length, piece));
        self.length += length as u64;
    }

    fn zip(pickle: Vec<u8>, entries: &[Entry]) -> Self {
        let mut file = Self::default();
        let mut writer = ZipWriter::new(Vec::new());
        writer.add(&Member::stored("resshift/data.pkl", pickle)).unwrap();
        for (i, entry) in entries.iter().enumerate() {
            let before = writer.add_elsewhere(&format!("resshift/data/{i}"), entry.count() * entry.size).unwrap();
            file.push(Piece::Bytes(std::mem::take(before)));
            file.push(Piece::Tensor(entry.clone()));
        }
        file.push(Piece::Bytes(writer.finish().unwrap()));
        file
    }

    fn legacy(pickle: Vec<u8>, entries: &[Entry]) -> Self {
        let mut file = Self::default();
        file.push(Piece::Bytes(legacy_index(pickle, entries.len())));
        for key in legacy_keys(entries.len()) {
            file.push(Piece::Bytes((entries[key].count() as u64).to_le_bytes().to_vec()));
            file.push(Piece::Tensor(entries[key].clone()));
        }
        file
    }

    fn safetensors(entries: &[Entry]) -> Self {
        let (mut header, mut end) = (serde_json::Map::new(), 0);
        for entry in entries {
            let begin = end;
            end += entry.count() * entry.size;
            let dtype = if entry.size == 8 { "I64" } else { "F32" };
            let info = serde_json::json!({ "dtype": dtype, "shape": entry.shape, "data_offsets": [begin, end] });
            header.insert(entry.name.clone(), info);
        }
        let header = serde_json::to_vec(&header).unwrap();
        let mut file = Self::default();
        file.push(Piece::Bytes([&(header.len() as u64).to_le_bytes()[..], &header].concat()));
        entries.iter().for_each(|entry| file.push(Piece::Tensor(entry.clone())));
        file
    }
}

impl Bytes for Generated {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let first = self.pieces.partition_point(|(begin, _)| *begin <= offset) - 1;
        let mut filled = 0;
        for (begin, piece) in &self.pieces[first..] {
            let skip = (offset + filled as u64 - begin) as usize;
            let rest = &mut buffer[filled..];
            filled += match piece {
                Piece::Bytes(bytes) => {
                    let part = &bytes[skip..];
                    let count = part.len().min(rest.len());
                    rest[..count].copy_from_slice(&part[..count]);
                    count
                }
                Piece::Tensor(entry) => fill(entry, skip, rest),
            };
            if filled == buffer.len() {
                return Ok(());
            }
        }
        panic!("read beyond the end");
    }
}

/// Writes the tensor's bytes from `skip` on; returns how many.
fn fill(entry: &Entry, skip: usize, buffer: &mut [u8]) -> usize {
    let count = (entry.count() * entry.size - skip).min(buffer.len());
    let (begin, within) = (skip / entry.size, skip % entry.size);
    if entry.name.ends_with("attn_mask") {
        buffer[..count].fill(0);
    } else if entry.name.ends_with("relative_position_index") {
        let index = resshift::ops::relative_position_index(8);
        let bytes = index[begin..].iter().flat_map(|&i| (i as i64).to_le_bytes()).skip(within);
        buffer[..count].iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
    } else if within == 0 && count.is_multiple_of(4) {
        let values = weight_from(&entry.name, &entry.shape, begin);
        buffer[..count].chunks_exact_mut(4).zip(values).for_each(|(to, v)| to.copy_from_slice(&v.to_le_bytes()));
    } else {
        let bytes = weight_from(&entry.name, &entry.shape, begin).flat_map(f32::to_le_bytes).skip(within);
        buffer[..count].iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
    }
    count
}

/// `keys_full.json`: every entry of the released state dicts.
#[derive(serde::Deserialize)]
struct Keys {
    keys: std::collections::BTreeMap<String, Vec<(String, Vec<usize>, String, String)>>,
}

/// All entries of a released state dict, buffers too, in its order.
fn entries(name: &str) -> Vec<Entry> {
    let Keys { keys } = json("keys_full");
    let entry = |(name, shape, dtype, _): &(String, Vec<usize>, String, String)| match dtype.as_str() {
        "i64" => Entry::without_data(name, shape, "LongStorage", 8),
        _ => Entry::without_data(name, shape, "FloatStorage", 4),
    };
    keys[name].iter().map(entry).collect()
}

#[test]
fn every_layout_of_the_full_checkpoints_is_read() {
    let _turn = TURN.lock();
    let cases = [
        ("unet_realsr_x4", Network::UNet, keys::unet(&Task::X4.unet()).unwrap()),
        ("vq_f4", Network::Autoencoder, keys::autoencoder(&published::autoencoder("vq-f4").unwrap()).unwrap()),
    ];
    for (name, network, keys) in cases {
        let entries = entries(name);
        let files = [
            ("zip", Generated::zip(plain("", &entries), &entries)),
            ("zip, training", Generated::zip(training("module._orig_mod.", &entries), &entries)),
            ("zip, EMA of a wrapped network", Generated::zip(plain("module.", &entries), &entries)),
            ("legacy", Generated::legacy(plain("module.", &entries), &entries)),
            ("safetensors", Generated::safetensors(&entries)),
        ];
        for (layout, file) in &files {
            let checkpoint = Checkpoint::open(file).unwrap();
            assert_eq!(Network::of(&checkpoint).unwrap(), network);
            network.check(&checkpoint, &keys).unwrap();
            for (name, shape) in keys.iter().step_by(23) {
                let count: usize = shape.iter().product();
                let (begin, end) = (count / 3, (count / 3 + 5).min(count));
                let want: Vec<f32> = weight_from(name, shape, begin).take(end - begin).collect();
                assert_eq!(checkpoint.read(name, begin, end).unwrap(), want, "{layout}: {name}");
            }
            println!("{name} as {layout}: {} bytes", file.length);
        }
    }
}

/// The released pair, as its authors published it.
fn released_pair() -> (Generated, Generated, Options) {
    let (unet, vq) = (entries("unet_realsr_x4"), entries("vq_f4"));
    let options = Options { file: "resshift_realsrx4_s4_v3.pth".into(), ..Options::default() };
    (Generated::zip(plain("", &unet), &unet), Generated::zip(plain("", &vq), &vq), options)
}

/// Checkpoints of the other tasks are recognised, whatever they are called, and refused before anything is converted.
#[test]
fn other_tasks_and_unknown_names_are_told() {
    let _turn = TURN.lock();
    let vq = entries("vq_f4");
    let vq = Generated::legacy(plain("", &vq), &vq);
    let refusal = |name: &str, options: Options| {
        let unet = entries(name);
        let unet = Generated::zip(training("module.", &unet), &unet);
        convert(&unet, &vq, &options, &mut |_| panic!("nothing may be converted")).unwrap_err().to_string()
    };
    let named = |file: &str| Options { file: file.into(), ..Options::default() };
    let only = "and this engine only runs x4 enlargement so far";
    for (name, file, task) in [
        ("unet_realsr_x2", "x.pth", "x2 enlargement"),
        ("unet_inpaint", "resshift_inpainting_face_s4.pth", "filling holes in pictures"),
        ("unet_inpaint", "resshift_realsrx4_s4_v3.pth", "filling holes in pictures"),
        ("unet_faceir", "x.pth", "restoring faces"),
    ] {
        let says = refusal(name, named(file));
        assert!(says.contains(&format!("in the UNet's file, it is made for {task}, {only}")), "{says}");
    }
    let says = refusal("unet_realsr_x4", named("ema_model_400000.pth"));
    assert!(says.contains("its file name does not tell which it is"), "{says}");
    assert!(says.contains("realsr-v1, realsr-v2, realsr-v3, bicsr"), "{says}");
    let face = Configuration::Name("face".into());
    let says = refusal("unet_realsr_x4", Options { unet: Some(face), ..named("x.pth") });
    assert!(says.contains("made for restoring faces"), "{says}");
    // The autoencoder of another task.
    let f8 =
        Options { autoencoder: Some(Configuration::Name("vq-f8-face".into())), ..named("resshift_bicsrx4_s4.pth") };
    let says = refusal("unet_realsr_x4", f8);
    assert!(says.contains("not made for x4 enlargement"), "{says}");
}

/// Writes the full-size pair as files, for trials by hand:
/// `RESSHIFT_OUT=DIR cargo test --release --test convert_full -- --ignored`.
#[test]
#[ignore = "writes 700 MB"]
fn write_the_full_checkpoints() {
    let folder = std::path::PathBuf::from(std::env::var_os("RESSHIFT_OUT").expect("RESSHIFT_OUT names no folder"));
    let (unet, vq, options) = released_pair();
    for (name, file) in [(options.file.as_str(), &unet), ("autoencoder_vq_f4.pth", &vq)] {
        let mut out = std::io::BufWriter::new(std::fs::File::create(folder.join(name)).unwrap());
        let mut piece = vec![0; 1 << 20];
        for begin in (0..file.length).step_by(piece.len()) {
            let piece = &mut piece[..(file.length - begin).min(1 << 20) as usize];
            file.read_at(begin, piece).unwrap();
            out.write_all(piece).unwrap();
        }
    }
}

/// 174 million weights; memory for two shards and a part as f32 and as bytes.
#[test]
fn conversion_holds_a_shard_not_the_checkpoint() {
    let _turn = TURN.lock();
    let (unet, vq, options) = released_pair();
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let start = Instant::now();
    let model = convert(&unet, &vq, &options, &mut |_| Ok(())).unwrap();
    let peak = PEAK.load(Relaxed) - before;
    println!(
        "converting {} bytes to {} bytes of f16 in {} shards: {:.1} s, peak {:.1} MiB",
        unet.length + vq.length,
        model.bytes,
        model.shards.len(),
        start.elapsed().as_secs_f64(),
        peak as f64 / 1048576.0
    );
    assert!(peak <= 48 << 20, "peak {peak}");
    assert!(peak as f64 <= 1.2 * unet.length as f64);
    assert_eq!(model.name, "resshift-realsr-v3");
    assert_eq!((model.schedule.steps, model.licence.commercial), (4, false));
    assert!(matches!(&model.arch, Arch::SwinVq { unet, .. } if *unet == Task::X4.unet()));
}

/// Peak signal to noise ratio in dB, over the range of what is wanted.
fn psnr(name: &str, got: &Array, want: &Array) -> f64 {
    assert_eq!(got.shape, want.shape);
    let (low, high) = want.data.iter().fold((f32::MAX, f32::MIN), |(low, high), &v| (low.min(v), high.max(v)));
    let square = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).powi(2);
    let mse = got.data.iter().zip(&want.data).map(square).sum::<f64>() / got.data.len() as f64;
    let psnr = 20.0 * f64::from(high - low).log10() - 10.0 * mse.log10();
    println!("{name}: {psnr:.1} dB");
    psnr
}

/// Converted, loaded from its shards, run: how far from the released code's own results in f32. The floors lie some dB
/// below what was measured; f32 storage is exact and is tested with the small networks.
#[test]
fn storage_differences_of_the_full_model() {
    let _turn = TURN.lock();
    let (unet_file, vq_file, options) = released_pair();
    for (storage, unet_floor, vq_floor) in [(Storage::F16, 72.0, 72.0), (Storage::Int8, 47.0, 47.0)] {
        let options = Options { storage, ..options.clone() };
        let mut shards = Vec::new();
        let model = convert(&unet_file, &vq_file, &options, &mut |converted| {
            shards.push(converted.bytes);
            Ok(())
        });
        let ModelConfig { arch: Arch::SwinVq { unet, autoencoder }, bytes, .. } = model.unwrap() else { panic!() };
        println!("{}: {bytes} bytes in {} shards", storage.name(), shards.len());
        let device = Device::flex();
        let weights = Weights::new(SafetensorsSource::new(shards).unwrap(), &device);

        let unet = UNet::load(&unet, &weights.at("unet")).unwrap();
        let x = noise("full.x", &[1, 3, 64, 64]).picture(&device);
        let lq = uniform("full.lq", &[1, 3, 64, 64]).picture(&device);
        let out = numbers(&unet.forward(x, &[7], lq, None));
        drop(unet);
        let unet = psnr(&format!("{} UNet", storage.name()), &out, &Golden::open("full_unet_out").f32("out"));
        assert!(unet >= unet_floor);

        // The released code's own choice of codes.
        let golden = Golden::open("full_vq");
        let vq = VqAutoencoder::load(&autoencoder, &weights.at("autoencoder")).unwrap();
        drop(weights);
        let codebook = weight("quantize.embedding.weight", &[autoencoder.n_embed, 3]).data;
        let codes: Vec<f32> =
            golden.i32("indices").data.iter().flat_map(|&i| codebook[3 * i as usize..][..3].to_vec()).collect();
        let codes = Tensor::from_data(TensorData::new(codes, [1, 64, 64, 3]), &device);
        let picture = stride_8(&numbers(&vq.decode(&codes.into()).host()));
        let vq = psnr(&format!("{} decoder", storage.name()), &picture, &golden.f32("decode_stride8"));
        assert!(vq >= vq_floor);
    }
}

/// Every eighth pixel in both directions.
fn stride_8(x: &Array) -> Array {
    let [n, c, h, w]: [usize; 4] = x.shape.clone().try_into().unwrap();
    let at = |i: usize| (i / w % h).is_multiple_of(8) && (i % w).is_multiple_of(8);
    let data = x.data.iter().enumerate().filter(|(i, _)| at(*i)).map(|(_, v)| *v).collect();
    Array { shape: vec![n, c, h / 8, w / 8], data }
}
