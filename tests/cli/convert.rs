//! From checkpoints to model folders: the tiny networks in every layout and storage, and every file that does not fit.

use crate::support::*;
use crate::write;
use crate::write::Entry;
use burn::tensor::Device;
use resshift::convert::{
    Configuration, Converted, Network, Options, Storage, convert, keys, network_of, published, repack,
};
use resshift::model::Model;
use resshift::model::config::{Arch, ModelConfig, UNetConfig, VqConfig};
use resshift::weights::shard;
use resshift::weights::{SafetensorsSource, TensorSource, Weights};
use resshift::{Error, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// How the tiny networks are named.
fn options() -> Options {
    Options {
        unet: Some(Configuration::Json(fixture("tiny_unet.config.json"))),
        autoencoder: Some(Configuration::Json(fixture("tiny_vq.config.json"))),
        ..Options::default()
    }
}

/// `model.json` and the shards; each shard is checked against its entry.
#[allow(clippy::ptr_arg, reason = "a vector is read by place, as a file is")]
fn converted(unet: &Vec<u8>, autoencoder: &Vec<u8>, options: &Options) -> Result<(ModelConfig, Vec<Vec<u8>>)> {
    let (mut shards, mut last) = (Vec::new(), 0);
    let config = convert(unet, autoencoder, options, &mut |Converted { shard, bytes, done, total }| {
        assert_eq!(shard.bytes, bytes.len() as u64);
        assert!(shard.bytes <= shard::LIMIT);
        assert_eq!(shard.sha256, format!("{:x}", Sha256::digest(&bytes)));
        assert!(last < done && done <= total);
        last = done;
        shards.push(bytes);
        Ok(())
    })?;
    // As it will be read.
    let config = ModelConfig::parse(&serde_json::to_vec(&config).unwrap()).unwrap();
    assert_eq!(config.shards.len(), shards.len());
    Ok((config, shards))
}

#[allow(clippy::ptr_arg, reason = "as `converted` takes them")]
fn refusal(unet: &Vec<u8>, autoencoder: &Vec<u8>, options: &Options) -> String {
    let error = converted(unet, autoencoder, options).err().unwrap();
    assert!(matches!(error, Error::BadCheckpoint(_) | Error::BadOption(_)), "{error:?}");
    error.to_string()
}

/// Names and shapes of the tiny model in its folder.
fn tiny_keys() -> Vec<keys::Key> {
    let unet = keys::unet(&json::<UNetConfig>("tiny_unet.config")).unwrap();
    let vq = keys::autoencoder(&json::<VqConfig>("tiny_vq.config")).unwrap();
    let below = |prefix: &'static str| move |(name, shape): keys::Key| (format!("{prefix}.{name}"), shape);
    unet.into_iter().map(below("unet")).chain(vq.into_iter().map(below("autoencoder"))).collect()
}

/// The weight of a model folder, by formula: its key is the name in the checkpoint.
fn original(name: &str, shape: &[usize]) -> Vec<f32> {
    weight(name.split_once('.').unwrap().1, shape).data
}

#[test]
fn every_released_container_becomes_the_same_folder() {
    let autoencoder = fixture("tiny_vq.pth");
    let options = Options { storage: Storage::F32, ..options() };
    let mut first: Option<Vec<Vec<u8>>> = None;
    for name in ["tiny_unet", "tiny_unet.module", "tiny_unet.trainckpt"] {
        let (config, shards) = converted(&fixture(&format!("{name}.pth")), &autoencoder, &options).unwrap();
        assert_eq!(config.licence.name, "unknown");
        assert!(!config.licence.commercial);
        assert_eq!(config.provenance["dtype"], "f32");
        let sha256 = format!("{:x}", Sha256::digest(&autoencoder));
        assert_eq!(config.provenance["sources"]["autoencoder"]["sha256"], sha256);
        match &first {
            None => first = Some(shards),
            Some(first) => assert!(*first == shards, "{name}"),
        }
    }
    let source = SafetensorsSource::new(first.unwrap()).unwrap();
    assert_eq!(source.names().count(), tiny_keys().len(), "buffers are dropped");
    for (name, shape) in tiny_keys() {
        assert_eq!(source.read(&name, &shape).unwrap(), original(&name, &shape), "{name}");
    }
}

/// Half a step of each storage: f16 rounds to 11 bits; int8 to 1/127 of the row's largest, and that to f16.
#[test]
fn stored_weights_are_as_near_as_their_format_allows() {
    let (unet, autoencoder) = (fixture("tiny_unet.pth"), fixture("tiny_vq.pth"));
    let mut sizes = Vec::new();
    for storage in [Storage::F32, Storage::F16, Storage::Int8] {
        let (config, shards) = converted(&unet, &autoencoder, &Options { storage, ..options() }).unwrap();
        sizes.push(config.bytes);
        let source = SafetensorsSource::new(shards.clone()).unwrap();
        let mut quantised = 0;
        for (name, shape) in tiny_keys() {
            let (got, want) = (source.read(&name, &shape).unwrap(), original(&name, &shape));
            let is_weight = shape.len() >= 2 && name.ends_with(".weight") && !name.contains("embedding");
            assert_eq!(source.is_half(&name), is_weight && storage != Storage::F32, "{name}");
            if !is_weight {
                assert_eq!(got, want, "{name}");
                continue;
            }
            let small = want.len() < 4096;
            let row = want.len() / shape[0];
            for (got, want) in got.chunks(row).zip(want.chunks(row)) {
                let most = want.iter().fold(0f32, |most, v| most.max(v.abs()));
                for (g, w) in got.iter().zip(want) {
                    let allowed = match storage {
                        Storage::F32 => 0.0,
                        Storage::Int8 if !small => most / 254.0 * 1.001 + most / 2048.0,
                        _ => w.abs() / 2048.0 + 3e-8,
                    };
                    assert!((g - w).abs() <= allowed, "{name}: {g} instead of {w}");
                }
            }
            quantised += usize::from(!small);
        }
        assert!(quantised > 40);
        // And networks are built from it.
        Model::load(config, &Weights::new(SafetensorsSource::new(shards).unwrap(), &Device::flex())).unwrap();
    }
    println!("tiny model as f32, f16, int8: {sizes:?} bytes");
    assert!(sizes[1] * 10 < sizes[0] * 6 && sizes[2] * 10 < sizes[1] * 7);
}

/// Every tensor of a released network, all zeros.
fn zeros(keys: &[keys::Key]) -> Vec<Entry> {
    keys.iter().map(|(name, shape)| Entry::f32(name, shape, &vec![0.0; shape.iter().product()])).collect()
}

fn tiny_unet_entries() -> Vec<Entry> {
    zeros(&keys::unet(&json::<UNetConfig>("tiny_unet.config")).unwrap())
}

fn file(entries: &[Entry]) -> Vec<u8> {
    write::safetensors("", entries)
}

#[test]
fn a_file_that_does_not_fit_is_told_in_one_sentence() {
    let (unet, vq) = (fixture("tiny_unet.pth"), fixture("tiny_vq.pth"));
    let case = |unet: &Vec<u8>, vq: &Vec<u8>, options: &Options, says: &str| {
        let refusal = refusal(unet, vq, options);
        assert!(refusal.contains(says), "{refusal}");
        assert!(refusal.len() < 400 && refusal.ends_with('.') && !refusal.contains(".."), "{refusal}");
    };
    let entries = tiny_unet_entries();
    let changed = |change: &dyn Fn(&mut Vec<Entry>)| {
        let mut entries = entries.clone();
        change(&mut entries);
        file(&entries)
    };
    let options = options();
    case(&vq, &unet, &options, "the file given as the UNet holds the autoencoder");
    case(&unet, &unet, &options, "the file given as the autoencoder holds the UNet");
    case(&file(&[Entry::f32("conv.weight", &[1], &[0.0])]), &vq, &options, "neither a ResShift UNet nor a VQ autoenc");
    case(
        &changed(&|e| drop(e.pop())),
        &vq,
        &options,
        "in the UNet's file, it lacks 1 of the UNet's 192 tensors, such as",
    );
    case(
        &unet,
        &file(&zeros(&[("quantize.embedding.weight".into(), vec![64, 3])])),
        &options,
        "autoencoder's file, it l",
    );
    let wrong = changed(&|e| e[0] = Entry::f32(&e[0].name, &[32, 128], &[0.0; 4096]));
    case(&wrong, &vq, &options, "time_embed.0.weight has shape [32, 128] where [128, 32] is expected");
    let more = changed(&|e| e.push(Entry::f32("input_blocks.1.1.blocks.2.norm1.weight", &[32], &[0.0; 32])));
    case(&more, &vq, &options, "has no input_blocks.1.1.blocks.2.norm1.weight");
    let index = "input_blocks.1.1.blocks.0.attn.relative_position_index";
    let shuffled = changed(&|e| e.push(Entry::i64(index, &[64, 64], &(0..4096).map(|i| i % 225).collect::<Vec<_>>())));
    case(&shuffled, &vq, &options, "relative_position_index is not what this network was trained with");
    let small = changed(&|e| e.push(Entry::i64(index, &[1, 1], &[0])));
    case(&small, &vq, &options, "relative_position_index is not what");
    let endless = changed(&|e| e[3].data[..4].copy_from_slice(&f32::NAN.to_le_bytes()));
    case(&endless, &vq, &options, "time_embed.2.bias holds numbers that are not finite");
    case(&b"GIF89a".to_vec(), &vq, &options, "in the UNet's file, it is neither");

    let with = |name: &str| Options { unet: Some(Configuration::Name(name.into())), ..Options::default() };
    case(&unet, &vq, &with("realsr-v9"), "There is no configuration \"realsr-v9\"; known are realsr-v1, ");
    case(&unet, &vq, &with("realsr-v3"), "of the UNet's 540 tensors");
    case(&unet, &vq, &Options::default(), "if it is not a released one, give its configuration");
    let other_vq = Options { autoencoder: Some(Configuration::Name("vq-f16".into())), ..options.clone() };
    case(&unet, &vq, &other_vq, "known are vq-f4, vq-f8-face");
    let mut text: Value = serde_json::from_slice(&fixture("tiny_unet.config.json")).unwrap();
    text["num_res_blocks"] = json!([1]);
    let broken = Options { unet: Some(Configuration::Json(text.to_string().into())), ..options.clone() };
    case(&unet, &vq, &broken, "channel_mult and num_res_blocks must name the same levels");
    text["num_res_blocks"] = json!([1, 1]);
    text["schedule"] = json!({ "steps": 0, "p": 0.3, "kappa": 2.0 });
    let no_steps = Options { unet: Some(Configuration::Json(text.to_string().into())), ..options.clone() };
    case(&unet, &vq, &no_steps, "1 to 1000 steps");
    let path = Options { name: Some("../model".into()), ..options.clone() };
    case(&unet, &vq, &path, "letters, digits, dots, hyphens");
    let no_json = Options { unet: Some(Configuration::Json(b"{".to_vec())), ..options };
    case(&unet, &vq, &no_json, "The UNet's configuration is not valid");
}

#[test]
fn what_training_kept_beside_the_network_is_ignored() {
    let vq = fixture("tiny_vq.pth");
    let mut entries = tiny_unet_entries();
    let plain = converted(&file(&entries), &vq, &options()).unwrap().1;
    entries.push(Entry::f32("loss.discriminator.weight", &[4], &[0.0; 4]));
    entries.push(Entry::f32("input_blocks.1.1.blocks.1.attn_mask", &[1, 64, 64], &[0.0; 4096]));
    assert!(converted(&file(&entries), &vq, &options()).unwrap().1 == plain);
}

/// `keys_full.json`: every entry of the released state dicts.
#[derive(serde::Deserialize)]
struct Keys {
    configs: serde_json::Map<String, Value>,
    keys: std::collections::BTreeMap<String, Vec<(String, Vec<usize>, String, String)>>,
}

fn sorted(mut keys: Vec<keys::Key>) -> Vec<keys::Key> {
    keys.sort();
    keys
}

#[test]
fn known_configurations_have_the_released_tensors() {
    let Keys { configs, keys: lists } = json("keys_full");
    let parameters = |name: &str| {
        let parameters = lists[name].iter().filter(|(_, _, _, kind)| kind == "param");
        sorted(parameters.map(|(name, shape, ..)| (name.clone(), shape.clone())).collect())
    };
    use published::Task;
    let unets = [
        (Task::X4, "unet_realsr_x4"),
        (Task::X2, "unet_realsr_x2"),
        (Task::Inpainting, "unet_inpaint"),
        (Task::Face, "unet_faceir"),
    ];
    for (task, name) in unets {
        assert_eq!(task.unet(), serde_json::from_value(configs[name].clone()).unwrap(), "{name}");
        assert_eq!(sorted(keys::unet(&task.unet()).unwrap()), parameters(name), "{name}");
    }
    for (ours, name) in [("vq-f4", "vq_f4"), ("vq-f8-face", "vq_f8_face512")] {
        let config = published::autoencoder(ours).unwrap();
        assert_eq!(config, serde_json::from_value(configs[name].clone()).unwrap(), "{name}");
        assert_eq!(sorted(keys::autoencoder(&config).unwrap()), parameters(name), "{name}");
    }
}

/// The lists that checkpoints are compared with are what the networks ask for.
#[test]
fn keys_are_what_the_networks_read() {
    use resshift::model::unet::UNet;
    use resshift::model::vq::VqAutoencoder;
    let asked = |load: &dyn Fn(&Weights)| {
        let requests = Requests::default();
        load(&Weights::new(requests.clone(), &Device::flex()));
        sorted(requests.0.take())
    };
    for name in ["tiny_unet.config", "tiny12_unet.config", "tiny_inpaint.config"] {
        let config: UNetConfig = json(name);
        let asked = asked(&|weights| drop(UNet::load(&config, weights).unwrap()));
        assert_eq!(sorted(keys::unet(&config).unwrap()), asked, "{name}");
    }
    let config: VqConfig = json("tiny_vq.config");
    let asked = asked(&|weights| drop(VqAutoencoder::load(&config, weights).unwrap()));
    assert_eq!(sorted(keys::autoencoder(&config).unwrap()), asked);
}

#[test]
fn files_and_names_tell_the_released_checkpoints_apart() {
    use published::{PUBLISHED, Published};
    for released in &PUBLISHED {
        assert_eq!(Published::named(released.name).unwrap().file, released.file);
        for name in [format!("{}.pth", released.file), format!("a/b\\{} (1).PTH", released.file.to_uppercase())] {
            assert_eq!(Published::in_file(&name).unwrap().name, released.name, "{name}");
        }
        resshift::paper::schedule::Schedule::new(released.schedule()).unwrap();
    }
    assert!(Published::in_file("resshift_realsrx4_s15_v4.pth").is_none());
    let schedule = |name| Published::named(name).unwrap().schedule();
    let v3 = schedule("realsr-v3");
    assert_eq!((v3.steps, v3.min_noise_level, v3.kappa, v3.p), (4, 0.2, 2.0, 0.3));
    let v2 = schedule("realsr-v2");
    assert_eq!((v2.steps, v2.min_noise_level, v2.kappa), (15, 0.04, 2.0));
    assert_eq!(schedule("bicsr-opencv").kappa, 1.0);
    assert!(!published::licence().commercial);
    assert!(published::licence().url.is_some());
}

#[test]
fn networks_are_told_apart() {
    assert_eq!(network_of(&fixture("tiny_unet.trainckpt.pth")).unwrap(), Network::UNet);
    assert_eq!(network_of(&fixture("tiny_vq.pth")).unwrap(), Network::Autoencoder);
    assert_eq!(network_of(&fixture("tiny_vq.config.json")).unwrap_err().code(), "bad-checkpoint");
}

/// Stored otherwise, a model has the same tensors; as f32, the same numbers.
#[test]
fn a_folder_is_stored_otherwise() {
    let (config, files) = compact_folder();
    let source = SafetensorsSource::new(files).unwrap();
    let again = |storage| {
        let mut shards = Vec::new();
        let config = repack(config.clone(), &source, storage, &mut |converted| {
            shards.push(converted.bytes);
            Ok(())
        });
        let config = ModelConfig::parse(&serde_json::to_vec(&config.unwrap()).unwrap()).unwrap();
        Model::load(config.clone(), &Weights::new(SafetensorsSource::new(shards.clone()).unwrap(), &Device::flex()))
            .unwrap();
        (config.bytes, SafetensorsSource::new(shards).unwrap())
    };
    let (f32s, same) = again(Storage::F32);
    let (int8, near) = again(Storage::Int8);
    println!("default model: {} bytes as f16, {f32s} as f32, {int8} as int8", config.bytes);
    assert!(int8 < config.bytes && config.bytes < f32s);
    for name in source.names() {
        let shape = source.shape(name).unwrap();
        assert_eq!(same.read(name, shape).unwrap(), source.read(name, shape).unwrap(), "{name}");
        assert_eq!(near.shape(name), Some(shape), "{name}");
    }
    assert_eq!(same.names().count(), source.names().count());
}

/// What the sink says ends the conversion, and comes out as it went in.
#[test]
fn a_sink_that_fails_ends_the_conversion() {
    let (unet, vq) = (fixture("tiny_unet.pth"), fixture("tiny_vq.pth"));
    let mut calls = 0;
    let error = convert(&unet, &vq, &options(), &mut |_| {
        calls += 1;
        Err(Error::Aborted)
    });
    assert_eq!((error.unwrap_err().code(), calls), ("aborted", 1));
}

/// A model folder says how its networks are built.
#[test]
fn model_json_holds_configurations_and_schedule() {
    let mut text: Value = serde_json::from_slice(&fixture("tiny_unet.config.json")).unwrap();
    text["schedule"] = json!({ "steps": 4, "p": 0.3, "kappa": 2.0, "min_noise_level": 0.2 });
    let options =
        Options { unet: Some(Configuration::Json(text.to_string().into())), name: Some("tiny".into()), ..options() };
    let (config, _) = converted(&fixture("tiny_unet.pth"), &fixture("tiny_vq.pth"), &options).unwrap();
    let Arch::SwinVq { unet, autoencoder } = &config.arch else { panic!("{:?}", config.arch) };
    assert_eq!(*unet, json("tiny_unet.config"));
    assert_eq!(*autoencoder, json("tiny_vq.config"));
    assert_eq!((config.schedule.steps, config.schedule.min_noise_level), (4, 0.2));
    assert!(config.shards.iter().all(|shard| shard.name.starts_with("tiny-")));
    // The same files give the same folder, and it is the one that the schema's test looks at.
    let mut written = serde_json::to_value(&config).unwrap();
    written["provenance"]["converter"] = json!("resshift 0.1.0");
    println!("{written:#}");
    assert_eq!(written, json::<Value>("tiny.model"));
}
