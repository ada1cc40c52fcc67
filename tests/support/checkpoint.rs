//! Checkpoint files in every layout, written as PyTorch writes them.
#![allow(dead_code)] // Each test file uses its own part.

use std::io::{self, Write};

/// A tensor of f32 or i64 numbers.
#[derive(Clone)]
pub struct Entry {
    pub name: String,
    pub shape: Vec<usize>,
    /// PyTorch's class, such as `FloatStorage`.
    pub class: &'static str,
    /// Bytes of one number.
    pub size: usize,
    pub data: Vec<u8>,
}

impl Entry {
    pub fn f32(name: &str, shape: &[usize], values: &[f32]) -> Self {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self { name: name.into(), shape: shape.to_vec(), class: "FloatStorage", size: 4, data }
    }

    pub fn i64(name: &str, shape: &[usize], values: &[i64]) -> Self {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self { name: name.into(), shape: shape.to_vec(), class: "LongStorage", size: 8, data }
    }

    /// A tensor whose numbers are supplied elsewhere.
    pub fn without_data(name: &str, shape: &[usize], class: &'static str, size: usize) -> Self {
        Self { name: name.into(), shape: shape.to_vec(), class, size, data: Vec::new() }
    }

    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Opcodes of Python's pickle, protocol 2.
#[derive(Default, Clone)]
pub struct Pickle(pub Vec<u8>);

impl Pickle {
    pub fn new() -> Self {
        Self(vec![0x80, 2])
    }

    pub fn op(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn text(self, text: &str) -> Self {
        self.op(b"X").op(&(text.len() as u32).to_le_bytes()).op(text.as_bytes())
    }

    pub fn int(self, n: usize) -> Self {
        if n < 256 { self.op(&[b'K', n as u8]) } else { self.op(b"J").op(&(n as i32).to_le_bytes()) }
    }

    pub fn ints(self, numbers: &[usize]) -> Self {
        numbers.iter().fold(self.op(b"("), |pickle, &n| pickle.int(n)).op(b"t")
    }

    pub fn global(self, module: &str, name: &str) -> Self {
        self.op(format!("c{module}\n{name}\n").as_bytes())
    }

    /// `_rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict())`.
    pub fn tensor(
        self,
        class: &str,
        key: &str,
        count: usize,
        offset: usize,
        shape: &[usize],
        strides: &[usize],
    ) -> Self {
        self.global("torch._utils", "_rebuild_tensor_v2")
            .op(b"((")
            .text("storage")
            .global("torch", class)
            .text(key)
            .text("cpu")
            .int(count)
            .op(b"tQ")
            .int(offset)
            .ints(shape)
            .ints(strides)
            .op(&[0x89])
            .global("collections", "OrderedDict")
            .op(b")RtR")
    }

    /// An `OrderedDict` of the entries with prefixed names, storages numbered from 0, and `_metadata` as an attribute.
    pub fn state_dict(self, prefix: &str, entries: &[Entry]) -> Self {
        let mut pickle = self.global("collections", "OrderedDict").op(b")R(");
        for (key, entry) in entries.iter().enumerate() {
            let strides = row_major(&entry.shape);
            let name = format!("{prefix}{}", entry.name);
            pickle = pickle.text(&name).tensor(entry.class, &key.to_string(), entry.count(), 0, &entry.shape, &strides);
        }
        // {"_metadata": OrderedDict()}
        pickle.op(b"u}").text("_metadata").global("collections", "OrderedDict").op(b")Rsb")
    }

    pub fn end(self) -> Vec<u8> {
        self.op(b".").0
    }
}

pub fn row_major(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).map(|i| shape[i + 1..].iter().product()).collect()
}

/// The pickle of a plain state dict.
pub fn plain(prefix: &str, entries: &[Entry]) -> Vec<u8> {
    Pickle::new().state_dict(prefix, entries).end()
}

/// The pickle of a training checkpoint: counters, the state dict, and an optimiser with shared and nested objects.
pub fn training(prefix: &str, entries: &[Entry]) -> Vec<u8> {
    let pickle = Pickle::new().op(b"}q\0(").text("iters_start").int(300_000);
    let pickle = pickle.text("state_dict").state_dict(prefix, entries);
    // {"param_groups": [{"lr": 5e-5, "params": [0, 1]}], "again": the same list}
    let pickle = pickle.text("optimizer").op(b"}(").text("param_groups").op(b"]q\x01(}(").text("lr").op(b"G");
    let pickle = pickle.op(&5e-5f64.to_be_bytes()).text("params").op(b"](").int(0).int(1).op(b"eue");
    pickle.text("again").op(b"h\x01u").text("best").op(b"Nu").end()
}

/// One file of a zip archive.
pub struct Member {
    pub name: String,
    pub data: Vec<u8>,
    /// 0: stored.
    pub method: u16,
    /// What the directory claims instead of the data's size.
    pub claimed: Option<u32>,
    /// Which member's bytes it is said to be, instead of its own.
    pub instead: Option<usize>,
}

impl Member {
    pub fn stored(name: impl Into<String>, data: Vec<u8>) -> Self {
        Self { name: name.into(), data, method: 0, claimed: None, instead: None }
    }
}

/// A zip archive, member by member, aligned to 64 bytes as PyTorch does.
pub struct ZipWriter<W> {
    out: W,
    position: u64,
    directory: Vec<u8>,
    offsets: Vec<u32>,
}

impl<W: Write> ZipWriter<W> {
    pub fn new(out: W) -> Self {
        Self { out, position: 0, directory: Vec::new(), offsets: Vec::new() }
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.position += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// Begins a file whose `size` bytes are supplied elsewhere; returns where the archive may go on.
    pub fn add_elsewhere(&mut self, name: &str, size: usize) -> io::Result<&mut W> {
        self.add(&Member { claimed: Some(size as u32), ..Member::stored(name, vec![]) })?;
        self.position += size as u64;
        Ok(&mut self.out)
    }

    pub fn add(&mut self, member: &Member) -> io::Result<()> {
        let own = self.position as u32;
        self.offsets.push(own);
        let offset = member.instead.map_or(own, |other| self.offsets[other]);
        let name = member.name.as_bytes();
        let padding = (64 - (self.position as usize + 30 + name.len() + 4) % 64) % 64;
        let size = member.claimed.unwrap_or(member.data.len() as u32);
        // Method, time, date, CRC, both sizes.
        let mut common = member.method.to_le_bytes().to_vec();
        common.extend([0; 4]);
        common.extend(rawzip::crc32(&member.data).to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        self.put(b"PK\x03\x04\0\0\0\x08")?;
        self.put(&common)?;
        self.put(&(4 + padding as u16).to_le_bytes())?;
        self.put(name)?;
        self.put(b"FB")?;
        self.put(&(padding as u16).to_le_bytes())?;
        self.put(&vec![b'Z'; padding])?;
        self.put(&member.data)?;
        self.directory.extend(b"PK\x01\x02\0\0\0\0\0\x08");
        self.directory.extend(common);
        self.directory.extend([0; 12]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name);
        Ok(())
    }

    pub fn finish(mut self) -> io::Result<W> {
        let (begin, count) = (self.position as u32, self.offsets.len() as u16);
        let directory = std::mem::take(&mut self.directory);
        self.put(&directory)?;
        let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
        end.extend(count.to_le_bytes());
        end.extend(count.to_le_bytes());
        end.extend((directory.len() as u32).to_le_bytes());
        end.extend(begin.to_le_bytes());
        end.extend([0; 2]);
        self.put(&end)?;
        Ok(self.out)
    }
}

pub fn zip(members: &[Member]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Vec::new());
    members.iter().for_each(|member| writer.add(member).unwrap());
    writer.finish().unwrap()
}

/// The members of PyTorch's archive for a pickle and its storages.
pub fn members(pickle: Vec<u8>, storages: impl IntoIterator<Item = Vec<u8>>) -> Vec<Member> {
    let mut members =
        vec![Member::stored("archive/data.pkl", pickle), Member::stored("archive/byteorder", b"little".to_vec())];
    members.extend(storages.into_iter().enumerate().map(|(i, data)| Member::stored(format!("archive/data/{i}"), data)));
    members.push(Member::stored("archive/version", b"3\n".to_vec()));
    members
}

/// PyTorch's container since 1.6.
pub fn torch_zip(pickle: Vec<u8>, entries: &[Entry]) -> Vec<u8> {
    zip(&members(pickle, entries.iter().map(|entry| entry.data.clone())))
}

/// What PyTorch's older container begins with.
pub fn legacy_head(little_endian: bool) -> Vec<u8> {
    let magic = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
    let mut file = Pickle::new().op(&[0x8a, 10]).op(&magic).end();
    file.extend(Pickle::new().op(b"M\xe9\x03").end());
    let flag = if little_endian { [0x88] } else { [0x89] };
    let formats = Pickle::new().op(b"}q\0(").text("protocol_version").op(b"M\xe9\x03").text("little_endian").op(&flag);
    file.extend(formats.text("type_sizes").op(b"}(").text("short").int(2).text("int").int(4).op(b"uu").end());
    file
}

/// The keys of that many storages in the order in which PyTorch's older container has them: as texts.
pub fn legacy_keys(count: usize) -> Vec<usize> {
    let mut keys: Vec<usize> = (0..count).collect();
    keys.sort_by_key(usize::to_string);
    keys
}

/// PyTorch's container before 1.6, up to its first storage.
pub fn legacy_index(pickle: Vec<u8>, storages: usize) -> Vec<u8> {
    let mut file = legacy_head(true);
    // Its persistent ids have a sixth field, None.
    let mut from = pickle.as_slice();
    while let Some(at) = from.windows(2).position(|pair| pair == b"tQ") {
        file.extend(&from[..at]);
        file.extend(b"NtQ");
        from = &from[at + 2..];
    }
    file.extend(from);
    let keys = legacy_keys(storages);
    let list = keys.iter().fold(Pickle::new().op(b"]q\0("), |pickle, key| pickle.text(&key.to_string()));
    file.extend(list.op(b"e").end());
    file
}

/// PyTorch's container before 1.6.
pub fn torch_legacy(pickle: Vec<u8>, entries: &[Entry]) -> Vec<u8> {
    let mut file = legacy_index(pickle, entries.len());
    for key in legacy_keys(entries.len()) {
        let entry = &entries[key];
        file.extend((entry.count() as u64).to_le_bytes());
        file.extend(&entry.data);
    }
    file
}

pub fn safetensors(prefix: &str, entries: &[Entry]) -> Vec<u8> {
    use ::safetensors::{Dtype, serialize, tensor::TensorView};
    let views: Vec<_> = entries
        .iter()
        .map(|entry| {
            let dtype = if entry.size == 8 { Dtype::I64 } else { Dtype::F32 };
            (format!("{prefix}{}", entry.name), TensorView::new(dtype, entry.shape.clone(), &entry.data).unwrap())
        })
        .collect();
    serialize(views, None).unwrap()
}
