//! Models: their description, shards, checkpoints, and snapshots of their runs.

use super::harness::{file, fuzz, keep};
use super::support::{compact_folder, cpu};
use super::write::{Entry, plain, torch_legacy, torch_zip, training};
use resshift::chain::run_context::{Event, Watch};
use resshift::chain::snapshot::{Snapshot, State};
use resshift::checkpoint::{Checkpoint, Kind};
use resshift::image::Picture;
use resshift::model::config::ModelConfig;
use resshift::upscaler::{Options, Upscaler};
use resshift::weights::shard;
use resshift::{Error, Result};

#[test]
fn model_json() {
    let seeds = ["compact", "nano"].map(|name| file(&format!("../models/{name}/model.json")));
    let seeds = [&seeds[..], &[file("golden/tiny.model.json")]].concat();
    fuzz("model.json", &seeds, keep, |bytes| ModelConfig::parse(bytes).is_ok());
}

#[test]
fn shards() {
    use safetensors::{Dtype, serialize, tensor::TensorView};
    let numbers: Vec<u8> = (0..96).collect();
    let view =
        |dtype, shape: &[usize], bytes: usize| TensorView::new(dtype, shape.to_vec(), &numbers[..bytes]).unwrap();
    let tensors = [
        ("a.weight#0", view(Dtype::F16, &[2, 3], 12)),
        ("a.weight#1", view(Dtype::F32, &[1, 3], 12)),
        ("b", view(Dtype::I8, &[4, 5], 20)),
        ("b.scale", view(Dtype::F32, &[4], 16)),
        ("c", view(Dtype::BF16, &[2], 4)),
    ];
    fuzz("shard", &[serialize(tensors, None).unwrap()], keep, |bytes| {
        let Ok(parts) = shard::parse(bytes) else { return false };
        for part in parts {
            let whole = part.values(bytes);
            let pieces: Vec<f32> = part.cut(2).take(1000).flat_map(|piece| piece.values(bytes)).collect();
            assert!(pieces.len() <= whole.len());
        }
        true
    });
}

/// Opens the file and reads every tensor.
fn checkpoint(bytes: &[u8]) -> bool {
    let file = bytes.to_vec();
    let Ok(checkpoint) = Checkpoint::open(&file) else { return false };
    for (name, tensor) in checkpoint.tensors() {
        let _ = match tensor.kind {
            Kind::F64 | Kind::F32 | Kind::F16 | Kind::BF16 => checkpoint.read(name, 0, tensor.count()).map(drop),
            _ => checkpoint.read_integers(name).map(drop),
        };
    }
    true
}

#[test]
fn checkpoints() {
    let numbers: Vec<f32> = (0..24).map(|i| i as f32 / 7.0).collect();
    let entries = [Entry::f32("a", &[2, 3, 4], &numbers), Entry::i64("b", &[2, 2], &[0, -1, 7, 1 << 40])];
    let seeds = [torch_zip(plain("module.", &entries), &entries), torch_legacy(training("", &entries), &entries)];
    fuzz("checkpoint", &seeds, keep, checkpoint);
}

/// Gives a run an earlier state, and ends it before the first evaluation of the network.
struct Resumed {
    earlier: Option<Snapshot>,
    taken: Option<Snapshot>,
    evaluations: usize,
}

impl Watch for Resumed {
    fn event(&mut self, _: Event<'_>) {}

    async fn pause(&mut self) -> Result<()> {
        let over = self.evaluations == 0;
        self.evaluations = self.evaluations.saturating_sub(1);
        if over { Err(Error::Aborted) } else { Ok(()) }
    }

    async fn snapshot(&mut self, snapshot: Snapshot<&[u8]>, _: usize) {
        self.taken = Some(snapshot.owned());
    }

    fn snapshots(&self) -> Option<f64> {
        (self.evaluations > 0).then_some(0.0)
    }

    fn earlier(&mut self) -> Option<Snapshot<Box<dyn State>>> {
        self.earlier.take().map(Snapshot::stored)
    }
}

/// A key of 64 bytes, the steps that are done, and the state.
#[test]
fn snapshots() {
    let (config, files) = compact_folder();
    let upscaler = Upscaler::load(config, files, &cpu()).unwrap();
    let rgb = (0..8 * 8 * 3).map(|i| (i * 37 % 101) as f32 / 100.0).collect();
    let picture = Picture { width: 8, height: 8, rgb, alpha: None };
    let options = Options { steps: Some(3), ..Options::default() };
    let run = |earlier: Option<Snapshot>, evaluations: usize| {
        let mut watch = Resumed { earlier, taken: None, evaluations };
        let error = pollster::block_on(upscaler.upscale(&picture, &options, &mut watch)).unwrap_err();
        assert_eq!(error.code(), "aborted");
        watch.taken
    };
    let taken = (2..8).find_map(|evaluations| run(None, evaluations)).unwrap();
    let seed = [taken.key.as_bytes(), &taken.done.to_le_bytes(), &taken.x].concat();
    fuzz("snapshot", &[seed], keep, |bytes| {
        let (key, rest) = bytes.split_at(bytes.len().min(64));
        let (done, x) = rest.split_at(rest.len().min(8));
        let done = done.iter().rev().fold(0, |value, &byte| value << 8 | usize::from(byte));
        run(Some(Snapshot { key: String::from_utf8_lossy(key).into_owned(), done, x: x.to_vec() }), 0);
        true
    });
}
