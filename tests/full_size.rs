//! Writes the full-size model with weights by formula to a folder, for `tests/browser/engine/full-size.spec.ts`:
//! `FULL_SIZE=DIR cargo test --release --test full_size -- --ignored`

mod support;

use resshift::convert::published::{self, Task};
use resshift::convert::{ShardWriter, Storage, keys};
use resshift::model::config::ModelConfig;
use serde_json::json;
use std::path::PathBuf;
use support::weight;

#[test]
#[ignore = "writes 350 MB"]
fn write() {
    let folder = PathBuf::from(std::env::var_os("FULL_SIZE").expect("FULL_SIZE names the folder"));
    std::fs::create_dir_all(&folder).unwrap();
    let (unet, autoencoder) = (Task::X4.unet(), published::autoencoder("vq-f4").unwrap());
    let mut writer = ShardWriter::new("full", Storage::F16);
    let below = |prefix: &'static str| move |key: keys::Key| (prefix, key);
    let vq_keys = keys::autoencoder(&autoencoder).unwrap().into_iter().map(below("autoencoder"));
    for (prefix, (key, shape)) in vq_keys.chain(keys::unet(&unet).unwrap().into_iter().map(below("unet"))) {
        let values = weight(&key, &shape).data;
        writer.add(&format!("{prefix}.{key}"), &shape, |begin, end| Ok(values[begin..end].to_vec())).unwrap();
        while let Some((shard, bytes)) = writer.take() {
            std::fs::write(folder.join(shard.name), bytes).unwrap();
        }
    }
    writer.flush().unwrap();
    while let Some((shard, bytes)) = writer.take() {
        std::fs::write(folder.join(shard.name), bytes).unwrap();
    }
    let shards = writer.finish();
    let json = json!({
        "name": "full", "version": "0", "engine": "0.1.0", "scale": 4,
        "schedule": { "steps": 4, "p": 0.3, "kappa": 2.0, "min_noise_level": 0.2 },
        "arch": "swin-vq", "unet": unet, "autoencoder": autoencoder,
        "bytes": shards.iter().map(|shard| shard.bytes).sum::<u64>(), "shards": shards,
        "licence": { "name": "CC0-1.0", "commercial": true },
    });
    let json = serde_json::to_vec(&json).unwrap();
    ModelConfig::parse(&json).unwrap();
    std::fs::write(folder.join("model.json"), json).unwrap();
}
