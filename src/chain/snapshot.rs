//! A chain between two steps: enough to go on from there in another process, after a crash.

use crate::chain::canvas::Canvas;
use crate::model::config::ModelConfig;
use sha2::{Digest, Sha256};
use std::pin::Pin;

/// The state x_t after some of a chain's steps. The noise of a step follows from its seed and number ([`crate::paper::noise`]), so
/// the rest of the chain depends on nothing else: from here it gives the same bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot<X = Vec<u8>> {
    /// Names the chain that this is a state of: see [`Origin::key`].
    pub key: String,
    /// Steps done: at least one, and not the last.
    pub done: usize,
    /// x_t of the padded picture, `[height, width, channels]`: the bytes of its numbers.
    pub x: X,
}

impl Snapshot<&[u8]> {
    /// With a copy of the state.
    pub fn owned(self) -> Snapshot {
        Snapshot { key: self.key, done: self.done, x: self.x.to_vec() }
    }
}

impl Snapshot {
    /// For [`Watch::earlier`](crate::chain::run_context::Watch::earlier).
    pub fn stored(self) -> Snapshot<Box<dyn State>> {
        Snapshot { key: self.key, done: self.done, x: Box::new(self.x) }
    }
}

/// A state where it is kept. It is read only if it belongs to the run, and into the run's own canvas.
pub trait State {
    /// Whether it consists of exactly so many bytes.
    fn holds(&self, bytes: usize) -> bool;
    /// Copies them to `x`, which has as many; false if they can no longer be read.
    fn read<'a>(&'a self, x: &'a mut [u8]) -> Pin<Box<dyn Future<Output = bool> + 'a>>;
}

impl State for Vec<u8> {
    fn holds(&self, bytes: usize) -> bool {
        self.len() == bytes
    }

    fn read<'a>(&'a self, x: &'a mut [u8]) -> Pin<Box<dyn Future<Output = bool> + 'a>> {
        x.copy_from_slice(self);
        Box::pin(async { true })
    }
}

/// Everything that decides how a chain goes on, but the device.
pub struct Origin<'a> {
    /// Its weights.
    pub config: &'a ModelConfig,
    /// Steps in all.
    pub steps: usize,
    /// Of the noise.
    pub seed: u64,
    /// Factor on the noise.
    pub temperature: f64,
    /// Side of a tile as asked for, where tiles leave a trace.
    pub tile: Option<usize>,
    /// The low-resolution picture, padded.
    pub lr: &'a Canvas,
}

impl Origin<'_> {
    /// 64 hexadecimal digits, others for every other chain; also for another version of the engine, which may compute
    /// otherwise.
    pub fn key(&self) -> String {
        let Self { config, steps, seed, temperature, tile, lr } = self;
        let shards = config.shards.iter().map(|shard| shard.sha256.as_str()).collect::<Vec<_>>().join(" ");
        let words = [env!("CARGO_PKG_VERSION"), &config.name, &config.version, &shards].join("\n");
        let numbers = format!("{steps} {seed} {:x} {tile:?} {} {}", temperature.to_bits(), lr.height, lr.width);
        let hash =
            Sha256::new().chain_update(format!("{words}\n{numbers}\n")).chain_update(bytemuck::cast_slice(&lr.data));
        format!("{:x}", hash.finalize())
    }
}

/// Most bytes of a state that is handed out: a picture of the largest size that a page takes has as many, with 48 channels in f16.
const LARGEST: usize = 1536 << 20;
/// A run goes on for so many times as long as its last snapshot took, before there is another.
const REST: f64 = 20.0;

/// When a run hands out its state.
pub struct Pace {
    /// Milliseconds between two.
    interval: f64,
    begun: f64,
    /// Steps that were there at the beginning.
    from: usize,
    last: f64,
    /// Milliseconds that the last one took.
    cost: f64,
}

impl Pace {
    /// From `now`, with `from` steps done; `interval` is the least time between two, in the same milliseconds.
    pub fn new(interval: f64, from: usize, now: f64) -> Self {
        Self { interval, begun: now, from, last: now, cost: 0.0 }
    }

    /// Whether a state of so many `bytes` is worth its copy, after `done` steps of `steps`. It is not where the last one is
    /// hardly older, or took long, nor where the run will soon be over.
    pub fn is_due(&self, done: usize, steps: usize, bytes: usize, now: f64) -> bool {
        let left = (now - self.begun) / (done - self.from).max(1) as f64 * (steps - done) as f64;
        let interval = self.interval.max(REST * self.cost);
        bytes <= LARGEST && now - self.last >= interval && left >= interval
    }

    /// One was handed out, from `begun` until `now`.
    pub fn taken(&mut self, begun: f64, now: f64) {
        (self.last, self.cost) = (now, now - begun);
    }
}
