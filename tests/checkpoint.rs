//! Checkpoint files: every layout is read, every hostile or damaged one refused.

#[path = "support/held.rs"]
mod held;
mod support;
#[path = "support/checkpoint.rs"]
mod write;

use held::HELD;
use resshift::checkpoint::{Bytes, Checkpoint, Kind};
use resshift::{Error, Result};
use support::{fixture, weight};
use write::*;

/// Opens the file and reads every tensor.
fn read_all(file: &dyn Bytes) -> Result<usize> {
    let checkpoint = Checkpoint::open(file)?;
    let mut read = 0;
    for (name, tensor) in checkpoint.tensors() {
        read += match tensor.kind {
            Kind::F64 | Kind::F32 | Kind::F16 | Kind::BF16 => checkpoint.read(name, 0, tensor.count())?.len(),
            _ => checkpoint.read_integers(name)?.len(),
        };
    }
    Ok(read)
}

/// What is said of a file that is refused.
fn refusal(file: &[u8]) -> String {
    match read_all(&file.to_vec()) {
        Err(Error::BadCheckpoint(reason)) => reason,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was accepted"),
    }
}

/// Weights, a scalar, an empty tensor and a buffer.
fn entries() -> Vec<Entry> {
    let w = weight("conv.weight", &[3, 2, 3, 3]);
    vec![
        Entry::f32("conv.weight", &w.shape, &w.data),
        Entry::f32("conv.bias", &[3], &weight("conv.bias", &[3]).data),
        Entry::i64("index", &[2, 2], &[0, -1, 7, 1 << 40]),
        Entry::f32("scalar", &[], &[0.5]),
        Entry::f32("empty", &[0, 4], &[]),
    ]
}

fn assert_entries(layout: &str, file: &dyn Bytes) {
    let checkpoint = Checkpoint::open(file).unwrap_or_else(|e| panic!("{layout}: {e}"));
    let names: Vec<_> = checkpoint.tensors().map(|(name, _)| name).collect();
    assert_eq!(names, ["conv.bias", "conv.weight", "empty", "index", "scalar"], "{layout}");
    let w = weight("conv.weight", &[3, 2, 3, 3]);
    assert_eq!(checkpoint.get("conv.weight").unwrap().shape, w.shape);
    assert_eq!(checkpoint.read("conv.weight", 0, 54).unwrap(), w.data, "{layout}");
    assert_eq!(checkpoint.read("conv.weight", 18, 36).unwrap(), w.data[18..36]);
    assert_eq!(checkpoint.read_integers("index").unwrap(), [0, -1, 7, 1 << 40]);
    assert_eq!(checkpoint.read("scalar", 0, 1).unwrap(), [0.5]);
    assert!(checkpoint.read("empty", 0, 0).unwrap().is_empty());
    assert!(checkpoint.read("conv.weight", 18, 55).is_err());
    assert!(checkpoint.read("index", 0, 4).is_err(), "whole numbers are no weights");
    assert!(checkpoint.read("missing", 0, 1).is_err());
}

#[test]
fn every_layout_holds_the_same() {
    let entries = entries();
    for prefix in ["", "module.", "_orig_mod.", "module._orig_mod."] {
        for (kind, pickle) in [("plain", plain(prefix, &entries)), ("training", training(prefix, &entries))] {
            assert_entries(&format!("zip {kind} {prefix}"), &torch_zip(pickle.clone(), &entries));
            assert_entries(&format!("legacy {kind} {prefix}"), &torch_legacy(pickle, &entries));
        }
        assert_entries(&format!("safetensors {prefix}"), &safetensors(prefix, &entries));
    }
}

/// Written by PyTorch itself, with weights by formula.
#[test]
fn files_of_pytorch_hold_the_formulas_weights() {
    for (file, count) in [("tiny_unet", 200), ("tiny_unet.module", 200), ("tiny_unet.trainckpt", 200), ("tiny_vq", 157)]
    {
        let bytes = fixture(&format!("{file}.pth"));
        let checkpoint = Checkpoint::open(&bytes).unwrap();
        assert_eq!(checkpoint.tensors().count(), count, "{file}");
        for (name, tensor) in checkpoint.tensors() {
            if name.ends_with("relative_position_index") {
                let index = checkpoint.read_integers(name).unwrap();
                let formula = resshift::ops::relative_position_index(8);
                assert!(index.iter().map(|&i| i as usize).eq(formula), "{name}");
            } else if !name.ends_with("attn_mask") {
                let values = checkpoint.read(name, 0, tensor.count()).unwrap();
                assert_eq!(values, weight(name, &tensor.shape).data, "{file} {name}");
            }
        }
    }
}

#[test]
fn every_number_format_is_read() {
    let value = [0.5f32, -2.0, 0.0, 1.5];
    let bytes = |f: &dyn Fn(f32) -> Vec<u8>| value.iter().flat_map(|&v| f(v)).collect::<Vec<u8>>();
    let cases = [
        ("FloatStorage", bytes(&|v| v.to_le_bytes().to_vec())),
        ("DoubleStorage", bytes(&|v| f64::from(v).to_le_bytes().to_vec())),
        ("HalfStorage", bytes(&|v| half::f16::from_f32(v).to_le_bytes().to_vec())),
        ("BFloat16Storage", bytes(&|v| half::bf16::from_f32(v).to_le_bytes().to_vec())),
    ];
    for (class, data) in cases {
        let pickle = Pickle::new().op(b"}").text("w").tensor(class, "0", 4, 0, &[4], &[1]).op(b"s").end();
        let file = zip(&members(pickle, [data]));
        let checkpoint = Checkpoint::open(&file).unwrap();
        assert_eq!(checkpoint.read("w", 0, 4).unwrap(), value, "{class}");
    }
}

/// A header of 640 bytes begins as a pickle does, with 0x80 0x02.
#[test]
fn a_safetensors_header_of_any_length_is_known() {
    let file = safetensors("", &entries());
    let (length, rest) = file.split_first_chunk().unwrap();
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    for length in [640usize, 0x380, 0x480, 0x580, 700] {
        let mut padded = header.to_vec();
        padded.resize(length, b' ');
        assert_entries("padded", &[&(length as u64).to_le_bytes()[..], &padded, data].concat());
    }
}

/// Two tensors in one storage, one of them transposed.
#[test]
fn views_of_a_storage_are_read_in_order() {
    let numbers: Vec<u8> = (0..10).flat_map(|i| (i as f32).to_le_bytes()).collect();
    let pickle = Pickle::new().op(b"}(").text("tail").tensor("FloatStorage", "0", 10, 7, &[3], &[1]);
    let pickle = pickle.text("turned").tensor("FloatStorage", "0", 10, 1, &[3, 2], &[1, 3]).op(b"u").end();
    let file = zip(&members(pickle, [numbers]));
    let checkpoint = Checkpoint::open(&file).unwrap();
    assert_eq!(checkpoint.read("tail", 0, 3).unwrap(), [7.0, 8.0, 9.0]);
    assert_eq!(checkpoint.read("turned", 0, 6).unwrap(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    assert_eq!(checkpoint.read("turned", 2, 4).unwrap(), [2.0, 5.0]);
}

/// As `torch.save` writes with `pickle_protocol=4`: frames, short texts, names from the stack, numbered by itself.
#[test]
fn the_newer_pickle_protocol_is_read() {
    let short = |pickle: Pickle, text: &str| pickle.op(&[0x8c, text.len() as u8]).op(text.as_bytes()).op(&[0x94]);
    let global = |pickle, module, name| short(short(pickle, module), name).op(&[0x93, 0x94]);
    let tensor = |pickle: Pickle| {
        let pickle = global(pickle, "torch._utils", "_rebuild_tensor_v2").op(b"(");
        let pickle = global(short(pickle.op(b"("), "storage"), "torch", "FloatStorage");
        let pickle = short(short(pickle, "0"), "cpu").int(4).op(&[b't', 0x94, b'Q']);
        let pickle = pickle.int(0).int(4).op(&[0x85, 0x94]).int(1).op(&[0x85, 0x94, 0x89]);
        global(pickle, "collections", "OrderedDict").op(&[b')', b'R', 0x94, b't', 0x94, b'R', 0x94])
    };
    let frame = [0x95, 0, 1, 0, 0, 0, 0, 0, 0];
    let pickle = short(Pickle(vec![0x80, 4]).op(&frame).op(&[b'}', 0x94, b'(']), "first");
    // The second name is the third thing that was remembered: the dict, "first", its tensor's module.
    let pickle = tensor(pickle).op(b"h\x02");
    let pickle = tensor(pickle).op(b"u").end();
    let numbers: Vec<u8> = (0..4).flat_map(|i| (i as f32).to_le_bytes()).collect();
    let file = zip(&members(pickle, [numbers]));
    let checkpoint = Checkpoint::open(&file).unwrap();
    assert_eq!(checkpoint.read("first", 0, 4).unwrap(), [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(checkpoint.read("torch._utils", 0, 4).unwrap(), [0.0, 1.0, 2.0, 3.0]);
}

/// The archive of a pickle and one storage of 16 numbers.
fn archive(pickle: Pickle) -> Vec<u8> {
    zip(&members(pickle.end(), [vec![0; 64]]))
}

#[test]
fn code_is_refused() {
    let calls = [
        ("os", "system"),
        ("posix", "system"),
        ("builtins", "eval"),
        ("subprocess", "Popen"),
        ("torch._utils", "_import_dotted_name"),
        ("torch", "load"),
        ("collections", "Counter"),
    ];
    for (module, name) in calls {
        let run = Pickle::new().global(module, name).text("touch /tmp/harm").op(b"\x85R");
        let stacked = Pickle::new().text(module).text(name).op(b"\x93");
        for pickle in [run, stacked] {
            let says = refusal(&archive(pickle.clone()));
            assert!(says.contains(&format!("asks for {module}.{name}")), "{says}");
            // Nothing after it is looked at.
            assert_eq!(says, refusal(&archive(pickle.op(b"\xff\xff"))));
        }
    }
    // What is known is not called with anything but its own arguments, and nothing else is called at all.
    let dict = || Pickle::new().global("collections", "OrderedDict");
    for pickle in [
        dict().text("x").op(b"\x85R"),
        dict().op(b")R)R"),
        dict().op(b"NR"),
        Pickle::new().global("torch", "FloatStorage").op(b")R"),
        dict().op(b"}b"),
        Pickle::new().global("torch._utils", "_rebuild_tensor_v2").op(b")R"),
    ] {
        assert!(refusal(&archive(pickle)).contains("broken"));
    }
    // INST, OBJ, NEWOBJ, NEWOBJ_EX, EXT1, PERSID, POP, DUP, NEXT_BUFFER.
    for opcode in [b'i', b'o', 0x81, 0x92, 0x82, b'P', b'0', b'2', 0x97] {
        let says = refusal(&archive(Pickle::new().op(&[opcode])));
        assert!(says.contains(&format!("opcode 0x{opcode:02x}")), "{says}");
    }
}

/// Sizes of up to 2^63 for which no memory may be taken.
#[test]
fn claimed_sizes_are_compared_with_the_file() {
    let tensor = |count, offset, shape: &[usize], strides: &[usize]| {
        let pickle = Pickle::new().op(b"}").text("w").tensor("FloatStorage", "0", count, offset, shape, strides);
        refusal(&archive(pickle.op(b"s")))
    };
    let huge = i32::MAX as usize;
    for says in [
        tensor(16, 0, &[17], &[1]),
        tensor(16, 1, &[16], &[1]),
        tensor(16, huge, &[1], &[1]),
        tensor(16, 0, &[huge, huge], &[huge, 1]),
        tensor(16, 0, &[huge; 8], &[1; 8]),
        tensor(16, 0, &[huge, 1], &[0, 1]),
    ] {
        assert!(says.contains("w: it reaches beyond its storage"), "{says}");
    }
    assert!(tensor(huge, 0, &[16], &[1]).contains("not as large"));
    assert!(tensor(15, 0, &[15], &[1]).contains("not as large"));
    for says in [tensor(16, 0, &[4, 4], &[0, 1]), tensor(16, 0, &[4, 4], &[1, 1]), tensor(16, 0, &[8], &[2])] {
        assert!(says.contains("overlap or have gaps"), "{says}");
    }
    assert!(tensor(16, 0, &[1; 9], &[1; 9]).contains("broken"));
    assert!(tensor(16, 0, &[16], &[]).contains("not that of a tensor"));
    let long_text = Pickle::new().op(b"X\xff\xff\xff\x7f");
    assert!(refusal(&archive(long_text)).contains("longer than any name"));
    let negative = Pickle::new().op(b"}").text("w").global("torch._utils", "_rebuild_tensor_v2").op(b"((");
    let negative = negative.text("storage").global("torch", "FloatStorage").text("0").text("cpu").int(16).op(b"tQ");
    let negative = negative.int(0).op(b"J\xff\xff\xff\xff\x85").ints(&[1]).op(b"tRs");
    assert!(refusal(&archive(negative)).contains("broken"));
}

#[test]
fn archives_that_lie_are_refused() {
    let entries = entries();
    let whole = || members(plain("", &entries), entries.iter().map(|entry| entry.data.clone()));
    let with = |change: &dyn Fn(&mut Vec<Member>)| {
        let mut members = whole();
        change(&mut members);
        refusal(&zip(&members))
    };
    // A bomb: small data that unpacks to gigabytes. Nothing is ever unpacked.
    assert!(with(&|m| (m[2].method, m[2].claimed) = (8, Some(u32::MAX - 1))).contains("compressed"));
    assert!(with(&|m| m[2].claimed = Some(1 << 30)).contains("cut short"));
    assert!(with(&|m| m[2].claimed = Some(400)).contains("overlap"));
    assert!(with(&|m| m[2].claimed = Some(12)).contains("not as large"));
    // Many files over the same bytes.
    assert!(with(&|m| m[4].instead = Some(2)).contains("overlap"));
    assert!(with(&|m| m[3].name = m[2].name.clone()).contains("two files of one name"));
    assert!(with(&|m| drop(m.remove(2))).contains("conv.weight: its storage is missing"));
    assert!(with(&|m| m[1].data = b"big".to_vec()).contains("most significant byte first"));
    assert!(with(&|m| m[0].name = "archive/other.pkl".into()).contains("not one that PyTorch wrote"));
    assert!(with(&|m| m.push(Member::stored("second/data.pkl", vec![]))).contains("not one that PyTorch wrote"));
}

#[test]
fn old_files_that_lie_are_refused() {
    let entries = entries();
    let whole = torch_legacy(plain("", &entries), &entries);
    assert!(refusal(&legacy_head(false)).contains("most significant byte first"));
    assert!(refusal(&plain("", &entries)).contains("not one that PyTorch wrote"));
    // The count before the first storage, which has 54 numbers.
    let at = whole.windows(8).rposition(|bytes| bytes == 54u64.to_le_bytes()).unwrap();
    for count in [53u64, 55, u64::MAX] {
        let mut file = whole.clone();
        file[at..at + 8].copy_from_slice(&count.to_le_bytes());
        assert!(refusal(&file).contains("storages are cut short or broken"));
    }
    // The same key twice with two sizes.
    let twice = Pickle::new().op(b"}(").text("a").tensor("FloatStorage", "0", 4, 0, &[4], &[1]);
    let twice = twice.text("b").tensor("DoubleStorage", "0", 4, 0, &[4], &[1]).op(b"u").end();
    let entry = Entry::f32("a", &[4], &[0.0; 4]);
    assert!(refusal(&torch_legacy(twice, &[entry])).contains("two sizes"));
}

#[test]
fn cycles_and_depth_do_no_harm() {
    let entries = entries();
    let data = || entries.iter().map(|entry| entry.data.clone());
    // {"self": itself, "state_dict": itself, ...}
    let pickle = Pickle::new().op(b"}q\0(").text("self").op(b"h\0").text("state_dict").op(b"h\0u").end();
    assert!(refusal(&zip(&members(pickle, data()))).contains("no tensors"));
    // A list in itself, a million levels deep, beside a good state dict.
    let deep = [vec![b']', b'q', 0, b'h', 0, b'a'], vec![b']'; 300_000], vec![b'a'; 300_000]].concat();
    let pickle = Pickle::new().op(b"}(").text("deep").op(&deep).text("state_dict").state_dict("", &entries).op(b"u");
    assert_entries("deep", &zip(&members(pickle.end(), data())));
    let tuples = Pickle::new().op(b"}").text("deep").op(b"N").op(&vec![0x85; 300_000]).op(b"s");
    assert!(refusal(&archive(tuples)).contains("no tensors"));
    let many = Pickle::new().op(&vec![b')'; 1 << 21]);
    assert!(refusal(&archive(many)).contains("more than a network needs"));
}

/// What is named again and again is not copied again and again.
#[test]
fn sharing_does_not_multiply_memory() {
    let long = "k".repeat(60_000);
    let storage = Pickle::new().op(b"}q\0((").text("storage").global("torch", "FloatStorage").text(&long).text("cpu");
    // The id of one storage with a long key, 100,000 times.
    let ids = storage.int(16).op(b"tq\x01").op(&b"h\x01Q".repeat(100_000));
    // A shape of 60,000 numbers for 20,000 tensors.
    let wide = Pickle::new().global("torch._utils", "_rebuild_tensor_v2").op(b"q\0((").text("storage");
    let wide = wide.global("torch", "FloatStorage").text("0").text("cpu").int(16).op(b"tQq\x01(");
    let wide = wide.op(&b"K\x01".repeat(60_000)).op(b"tq\x02");
    let wide = wide.op(&b"h\0(h\x01K\0h\x02h\x02tR".repeat(20_000));
    // One long name for 50,000 entries.
    let names = Pickle::new().op(b"}").text(&long).op(b"q\0").tensor("FloatStorage", "0", 16, 0, &[16], &[1]);
    let names = names.op(b"q\x01s(").op(&b"h\0h\x01".repeat(50_000)).op(b"u");
    for (what, pickle) in [("ids", ids), ("shapes", wide), ("names", names)] {
        let file = archive(pickle);
        HELD.set((0, 0));
        assert!(read_all(&file).is_err());
        let peak = HELD.get().1 as usize;
        assert!(peak <= 64 * file.len() + (160 << 10), "{what}: {peak} bytes for {}", file.len());
    }
}

#[test]
fn other_files_are_named_so() {
    assert!(refusal(b"").contains("neither"));
    assert!(refusal(b"PK").contains("neither"));
    assert!(refusal(&fixture("photo.png")).contains("neither a PyTorch checkpoint nor a safetensors file"));
    assert!(refusal(b"version https://git-lfs.github.com/spec/v1").contains("neither"));
    assert!(refusal(&zip(&[Member::stored("word/document.xml", vec![])])).contains("not one that PyTorch wrote"));
    assert!(refusal(&archive(Pickle::new().op(b"N"))).contains("no state dict"));
    assert!(refusal(&archive(Pickle::new().op(b"}"))).contains("no tensors"));
    let twice = [Entry::f32("a", &[1], &[0.0]), Entry::f32("module.a", &[1], &[0.0])];
    assert!(refusal(&torch_zip(plain("", &twice), &twice)).contains("a occurs twice"));
    let endless = [Entry::f32("a", &[2], &[0.0, f32::INFINITY])];
    assert!(refusal(&torch_zip(plain("", &endless), &endless)).contains("not finite"));
}

/// The three layouts of one small state dict: the seeds of the mutations below.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let entries = &entries()[..3];
    vec![
        ("zip", torch_zip(plain("module.", entries), entries)),
        ("zip of training", torch_zip(training("", entries), entries)),
        ("legacy", torch_legacy(training("module.", entries), entries)),
        ("safetensors", safetensors("", entries)),
    ]
}

/// No file that ends early is taken for a whole one, wherever it ends.
#[test]
fn every_truncation_is_refused() {
    for (layout, file) in seeds() {
        for length in 0..file.len() {
            let says = refusal(&file[..length]);
            assert!(!says.is_empty(), "{layout} of {length} bytes");
        }
    }
}

/// A bounded fuzz run: the same mutations of the seeds every time. Whatever the file, reading it ends, does not panic,
/// and takes memory in proportion to the file: 128 bytes for each of its own (a one-byte opcode makes an object) beside
/// the archive reader's buffer and one piece.
#[test]
fn mutated_files_neither_panic_nor_exhaust_memory() {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as usize % bound.max(1)
    };
    let interesting: [&[u8]; 12] = [
        b"\xff",
        b"\0",
        b"\x7f",
        b"\x80",
        b"(",
        b".",
        b"R",
        b"\x85",
        b"X\xff\xff\xff\xff",
        b"\xff\xff\xff\x7f",
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
        b"cos\nsystem\n",
    ];
    let (mut accepted, mut refused) = (0, 0);
    for (layout, seed) in seeds() {
        for run in 0..4000 {
            let mut file = seed.clone();
            for _ in 0..=random(4) {
                let at = random(file.len());
                match random(5) {
                    0 => file[at] ^= 1 << random(8),
                    1 => file[at] = random(256) as u8,
                    2 => {
                        let insert = interesting[random(interesting.len())];
                        file.splice(at..at, insert.iter().copied());
                    }
                    3 => {
                        let with = interesting[random(interesting.len())];
                        let end = (at + with.len()).min(file.len());
                        file[at..end].copy_from_slice(&with[..end - at]);
                    }
                    _ => {
                        let end = (at + 1 + random(64)).min(file.len());
                        let copy = file[at..end].to_vec();
                        let to = random(file.len());
                        file.splice(to..to, copy);
                    }
                }
            }
            HELD.set((0, 0));
            let result = read_all(&file);
            let peak = HELD.get().1 as usize;
            assert!(peak <= 128 * file.len() + (160 << 10), "{layout} {run}: {peak} bytes for {}", file.len());
            match result {
                Ok(_) => accepted += 1,
                Err(Error::BadCheckpoint(_)) => refused += 1,
                Err(other) => panic!("{layout} {run}: {other:?}"),
            }
        }
    }
    println!("{accepted} mutated files were read, {refused} refused");
    assert!(accepted > 100 && refused > 1000, "the mutations must reach both ends");
}
