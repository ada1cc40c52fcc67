//! Damages files, and watches what reads them.

use crate::held::HELD;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MAX_TIME: Duration = Duration::from_secs(2);
/// What decoders may take for a picture of so many pixels, for tables and metadata, and what the picture itself takes.
const MAX_BYTES: isize = 64 << 20;

/// Xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.max(1) as u64) as usize
    }

    /// The file with one to four changes, each of a kind that has broken decoders before.
    fn damaged(&mut self, file: &[u8]) -> Vec<u8> {
        const NUMBERS: [u32; 9] = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, u32::MAX];
        let mut file = file.to_vec();
        for _ in 0..1 + self.below(4) {
            if file.is_empty() {
                return file;
            }
            // Headers more often than what comes after them.
            let reach = if self.below(2) == 0 { file.len().min(128) } else { file.len() };
            let at = self.below(reach);
            let length = (1 + self.below(16)).min(file.len() - at);
            match self.below(8) {
                0 | 1 => file[at] ^= 1 << self.below(8),
                2 => file[at] = self.below(256) as u8,
                3 => {
                    let number = NUMBERS[self.below(NUMBERS.len())];
                    let bytes = if self.below(2) == 0 { number.to_be_bytes() } else { number.to_le_bytes() };
                    let size = [1, 2, 4][self.below(3)].min(file.len() - at);
                    file[at..at + size].copy_from_slice(if bytes[0] == 0 {
                        &bytes[4 - size..]
                    } else {
                        &bytes[..size]
                    });
                }
                4 => drop(file.drain(at..at + length)),
                5 => {
                    let part = file[at..at + length].to_vec();
                    let to = self.below(file.len());
                    file.splice(to..to, part);
                }
                6 => {
                    let from = self.below(file.len() - length + 1);
                    file.copy_within(from..from + length, at);
                }
                _ => file.truncate(at + 1),
            }
        }
        file
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// What reading a file took of this thread's time and memory; `None` for a panic.
struct Cost {
    read: Option<bool>,
    time: Duration,
    bytes: isize,
}

impl Cost {
    fn of(file: &[u8], read: impl Fn(&[u8]) -> bool) -> Self {
        let before = HELD.get().0;
        HELD.set((before, before));
        let begun = thread_time();
        let read = catch_unwind(AssertUnwindSafe(|| read(file))).ok();
        Self { read, time: thread_time() - begun, bytes: HELD.get().1 - before }
    }

    /// What is wrong with it, where a picture may take so many bytes.
    fn fault(&self, max_bytes: isize) -> Option<String> {
        let Self { read, time, bytes } = self;
        match read {
            None => Some("panicked".into()),
            _ if *time > MAX_TIME || *bytes > max_bytes => Some(format!("{time:?}, {bytes} bytes")),
            _ => None,
        }
    }
}

/// Time that this thread has had a processor: other programs on the machine do not count.
fn thread_time() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = statistics.split(' ').next().and_then(|word| word.parse().ok());
    nanoseconds.map_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(), Duration::from_nanos)
}

/// Reads one file that was made to be slow.
pub fn bounded(what: &str, file: &[u8], max_bytes: isize, read: impl Fn(&[u8]) -> bool) {
    let cost = Cost::of(file, read);
    println!("{what}, {} KB: {:?}, {:?}, {} KiB", file.len() / 1000, cost.read, cost.time, cost.bytes >> 10);
    assert_eq!(cost.fault(max_bytes), None, "{what}");
}

/// Reads damaged copies of the `seeds`; `mend` makes check sums right again, so that what is behind them is reached. `read`
/// says whether it took the file.
pub fn fuzz(kind: &str, seeds: &[Vec<u8>], mend: fn(&mut Vec<u8>), read: impl Fn(&[u8]) -> bool) {
    let cases = setting("FUZZ_CASES", 300);
    let name = kind.bytes().fold(1, |hash: u64, byte| hash.wrapping_mul(31) + u64::from(byte));
    let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ name ^ setting("FUZZ_SEED", 0) << 32);
    let (mut taken, mut slowest, mut most, mut failed) = (0, Duration::ZERO, 0, Vec::new());
    for seed in seeds {
        assert!(read(seed), "{kind}: a file that is not damaged is refused");
    }
    for case in 0..cases {
        let mut file = random.damaged(&seeds[case as usize % seeds.len()]);
        mend(&mut file);
        let cost = Cost::of(&file, &read);
        (slowest, most) = (slowest.max(cost.time), most.max(cost.bytes));
        taken += u64::from(cost.read == Some(true));
        if let Some(what) = cost.fault(MAX_BYTES) {
            let path = std::env::temp_dir().join(format!("fuzz-{kind}-{case}"));
            std::fs::write(&path, &file).unwrap();
            failed.push(format!("{}: {what}", path.display()));
            assert!(failed.len() < 20, "{}", failed.join("\n"));
        }
    }
    println!("{kind}: {cases} cases, {taken} read, at most {slowest:?} and {} KiB", most >> 10);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

pub fn keep(_: &mut Vec<u8>) {}

pub fn file(path: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}
