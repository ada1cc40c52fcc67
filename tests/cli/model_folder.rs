//! `model.json` and shards: what is read, what is refused.

use resshift::Error;
use resshift::model::config::ModelConfig;
use resshift::weights::shard;
use resshift::weights::{SafetensorsSource, TensorSource};
use safetensors::{Dtype, serialize, tensor::TensorView};
use serde_json::{Value, json};

/// A valid `model.json`.
fn model() -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/models/compact/model.json");
    serde_json::from_slice(&std::fs::read(folder).unwrap()).unwrap()
}

fn refusal(json: &Value) -> String {
    let error = ModelConfig::parse(json.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.code(), "bad-weights");
    error.to_string()
}

#[test]
fn the_default_model_is_valid_and_stays_so_when_written() {
    let config = ModelConfig::parse(model().to_string().as_bytes()).unwrap();
    assert_eq!(config.bytes, config.shards.iter().map(|shard| shard.bytes).sum::<u64>());
    let written = serde_json::to_value(&config).unwrap();
    let again = ModelConfig::parse(written.to_string().as_bytes()).unwrap();
    assert_eq!(serde_json::to_value(again).unwrap(), written);
}

#[test]
fn a_newer_format_is_refused_before_its_fields_are_read() {
    let this: u32 = env!("CARGO_PKG_VERSION_MINOR").parse().unwrap();
    let newer = format!("{}.{}.0", env!("CARGO_PKG_VERSION_MAJOR"), this + 1);
    let says = refusal(&json!({ "engine": newer, "shards": "elsewhere" }));
    assert!(says.contains(&format!("needs engine {newer} or newer")), "{says}");
    assert!(says.contains(env!("CARGO_PKG_VERSION")), "{says}");
}

#[test]
fn each_broken_field_is_named() {
    let sha256 = "0".repeat(64);
    let shard = |name: &str, bytes: u64| json!([{ "name": name, "bytes": bytes, "sha256": sha256 }]);
    let cases = [
        ("engine", json!("soon"), "not a version"),
        ("engine", json!(1), "invalid type"),
        ("scale", json!(2), "scale 2 is not supported"),
        ("temperature", json!(3), "temperature"),
        ("name", json!("../up"), "plain name"),
        ("arch", json!("other"), "other"),
        ("bytes", json!(1), "bytes is 1 where the shards have"),
        ("shards", shard("../x-00000000.safetensors", 1), "plain file name"),
        ("shards", shard("x-00000001.safetensors", 1), "must end in -00000000.safetensors"),
        ("shards", shard("x-00000000.safetensors", (8 << 20) + 1), "larger than a shard may be"),
        ("shards", json!([{ "name": "x.safetensors", "bytes": 1, "sha256": "00" }]), "64"),
        ("shards", json!(null), "invalid type"),
    ];
    for (field, value, says) in cases {
        let mut json = model();
        json[field] = value;
        let refusal = refusal(&json);
        assert!(refusal.contains(says), "{field}: {refusal}");
    }
    for field in ["name", "version", "engine", "scale", "schedule", "arch", "bytes", "shards", "licence"] {
        let mut json = model();
        json.as_object_mut().unwrap().remove(field);
        let refusal = refusal(&json);
        assert!(refusal.contains(field), "{field}: {refusal}");
    }
    let mut json = model();
    let twice = json["shards"][0].clone();
    json["shards"].as_array_mut().unwrap().push(twice);
    assert!(refusal(&json).contains("named twice"));
}

/// A safetensors file of these tensors.
fn file(tensors: &[(&str, Dtype, &[usize], &[u8])]) -> Vec<u8> {
    let mut views = Vec::new();
    for &(name, dtype, shape, data) in tensors {
        views.push((name, TensorView::new(dtype, shape.to_vec(), data).unwrap()));
    }
    serialize(views, None).unwrap()
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

#[test]
fn parts_in_several_shards_are_one_tensor() {
    let first = bytes(&[1.0, 2.0, 3.0, 4.0]);
    let second = bytes(&[5.0, 6.0]);
    let shards = vec![
        file(&[("w#1", Dtype::F32, &[1, 2], &second), ("b", Dtype::F32, &[2], &second)]),
        file(&[("w#0", Dtype::F32, &[2, 2], &first)]),
    ];
    let source = SafetensorsSource::new(shards).unwrap();
    assert_eq!(source.names().collect::<Vec<_>>(), ["b", "w"]);
    assert_eq!(source.shape("w"), Some(&[3, 2][..]));
    assert_eq!(source.read("w", &[3, 2]).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert!(matches!(source.read("w", &[2, 3]), Err(Error::BadWeights(_))));
    assert!(!source.is_half("w"));
}

#[test]
fn int8_rows_have_their_own_scales() {
    let stored = [1i8, -2, 127, -128].map(|q| q as u8);
    let shard = file(&[("w", Dtype::I8, &[2, 2], &stored), ("w.scale", Dtype::F32, &[2], &bytes(&[0.5, 2.0]))]);
    let parts = shard::parse(&shard).unwrap();
    assert_eq!(parts.len(), 1, "scales are no tensors of their own");
    assert_eq!(parts[0].values(&shard), [0.5, -1.0, 254.0, -256.0]);
    assert!(parts[0].is_half());
    // 3 * 0.1 is no f16 number; the nearest one is read.
    let shard = file(&[("w", Dtype::I8, &[1], &[3]), ("w.scale", Dtype::F32, &[1], &bytes(&[0.1]))]);
    let value = shard::parse(&shard).unwrap()[0].values(&shard)[0];
    assert_eq!(value, half::f16::from_f32(3.0 * 0.1).to_f32());
}

/// Whatever is in a shard, reading it ends and does not panic: the same mutations every time.
#[test]
fn mutated_shards_are_read_or_refused() {
    let seed = file(&[
        ("a#0", Dtype::F32, &[2, 2], &bytes(&[1.0, 2.0, 3.0, 4.0])),
        ("a#1", Dtype::F16, &[1, 2], &[0; 4]),
        ("b", Dtype::I8, &[2, 3], &[1; 6]),
        ("b.scale", Dtype::F32, &[2], &bytes(&[0.5, 2.0])),
    ]);
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % bound
    };
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut shard = seed.clone();
        for _ in 0..=random(3) {
            let at = random(shard.len());
            match random(3) {
                0 => shard[at] = random(256) as u8,
                // Digits, so that numbers in the header change and stay numbers.
                1 => shard[at] = b"0123456789"[random(10)],
                _ => drop(shard.remove(at)),
            }
        }
        match SafetensorsSource::new(vec![shard]) {
            Ok(source) => {
                for name in source.names() {
                    let shape = source.shape(name).unwrap();
                    assert_eq!(source.read(name, shape).unwrap().len(), shape.iter().product::<usize>());
                }
                accepted += 1;
            }
            Err(Error::BadWeights(_)) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    println!("{accepted} mutated shards were read, {refused} refused");
    assert!(accepted > 300 && refused > 1000, "the mutations must reach both ends");
}

#[test]
fn shards_that_do_not_fit_are_refused() {
    let number = bytes(&[1.0]);
    let says = |shards: Vec<Vec<u8>>| SafetensorsSource::new(shards).err().unwrap().to_string();
    let one = |name: &str, dtype, shape: &[usize], data: &[u8]| file(&[(name, dtype, shape, data)]);
    let w = |name: &str| one(name, Dtype::F32, &[1], &number);
    assert!(says(vec![w("w"), w("w")]).contains("w occurs twice"));
    assert!(says(vec![w("w"), w("w#0")]).contains("w occurs twice"));
    assert!(says(vec![w("w#1")]).contains("part 0 of w is missing"));
    assert!(says(vec![w("w#0"), w("w#2")]).contains("part 1 of w is missing"));
    assert!(says(vec![w("w#0"), one("w#1", Dtype::F32, &[1, 1], &number)]).contains("do not fit"));
    assert!(says(vec![w("w#0"), one("w#1", Dtype::F32, &[], &number)]).contains("do not fit"));
    assert!(says(vec![one("w", Dtype::I64, &[1], &[0; 8])]).contains("I64"));
    assert!(says(vec![one("w", Dtype::I8, &[1], &[0])]).contains("no scale"));
    assert!(says(vec![one("w", Dtype::I8, &[], &[0])]).contains("no scale"));
    assert!(says(vec![w("w")[..20].to_vec()]).contains("safetensors"));
}
