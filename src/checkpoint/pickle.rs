//! Python's pickle format, cut down to what a state dict needs.
//!
//! A pickle is a program: it may name any function of any module and call it. This reader knows the functions of
//! [`Callable`] and calls none of them, it only notes what they would build. At the first opcode or name beyond these it
//! stops.

use super::heap::{Callable, Heap, Storage, Tensor, Value, keep};
use super::input::Input;
use super::{Bytes, bad};
use crate::Result;
use std::collections::BTreeMap;

/// Longest pickle that is read; that of a full-size network has 70 kB, with its optimiser 500 kB.
const LENGTH: u64 = 16 << 20;

/// Most objects that a pickle may build.
const OBJECTS: usize = 1 << 20;

/// Longest text.
const TEXT: usize = 1 << 16;

/// What the pickle of PyTorch's older format begins with, a number of 10 bytes.
const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// Reads the pickle in `begin..end` of the file into `heap`; returns its value and where it ends.
///
/// # Errors
/// [`crate::Error::BadCheckpoint`] if it is cut short, broken, too long, or asks for anything but tensors.
pub fn read(file: &dyn Bytes, begin: u64, end: u64, heap: &mut Heap) -> Result<(Value, u64)> {
    let input = Input::new(file, begin, end.min(begin.saturating_add(LENGTH)));
    let mut machine = Machine { input, heap, stack: Vec::new(), marks: Vec::new(), memo: BTreeMap::new() };
    let value = machine.run()?;
    Ok((value, machine.input.position()))
}

struct Machine<'a> {
    input: Input<'a>,
    heap: &'a mut Heap,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: BTreeMap<u32, Value>,
}

impl Machine<'_> {
    fn run(&mut self) -> Result<Value> {
        loop {
            let opcode = self.input.byte()?;
            if opcode == b'.' {
                return self.pop();
            }
            self.step(opcode)?;
            if self.heap.count() + self.stack.len() + self.marks.len() + self.memo.len() > OBJECTS {
                return Err(bad("its pickle builds more than a network needs"));
            }
        }
    }

    /// One opcode. Names and numbers as in Python's `pickletools`.
    fn step(&mut self, opcode: u8) -> Result<()> {
        match opcode {
            // PROTO
            0x80 => match self.input.byte()? {
                2..=5 => {}
                other => return Err(bad(format!("its pickle has the unknown protocol {other}"))),
            },
            // FRAME
            0x95 => drop(self.input.array::<8>()?),
            // NONE, NEWTRUE, NEWFALSE
            b'N' => self.stack.push(Value::Opaque),
            0x88 => self.stack.push(Value::Bool(true)),
            0x89 => self.stack.push(Value::Bool(false)),
            // BININT, BININT1, BININT2, LONG1, BINFLOAT
            b'J' => {
                let n = i32::from_le_bytes(self.input.array()?);
                self.stack.push(Value::Int(n.into()));
            }
            b'K' => {
                let n = self.input.byte()?;
                self.stack.push(Value::Int(n.into()));
            }
            b'M' => {
                let n = u16::from_le_bytes(self.input.array()?);
                self.stack.push(Value::Int(n.into()));
            }
            0x8a => {
                let length = self.input.byte()?.into();
                let digits = self.input.take(length)?;
                self.stack.push(long(&digits));
            }
            b'G' => {
                self.input.array::<8>()?;
                self.stack.push(Value::Opaque);
            }
            // BINUNICODE, SHORT_BINUNICODE, and the strings of Python 2
            b'X' | b'T' => {
                let length = u32::from_le_bytes(self.input.array()?) as usize;
                self.push_text(length)?;
            }
            0x8c | b'U' => {
                let length = self.input.byte()?.into();
                self.push_text(length)?;
            }
            // MARK, EMPTY_TUPLE, TUPLE, TUPLE1, TUPLE2, TUPLE3
            b'(' => self.marks.push(self.stack.len()),
            b')' => self.push_tuple(Vec::new()),
            b't' => {
                let items = self.pop_to_mark()?;
                self.push_tuple(items);
            }
            0x85..=0x87 => {
                let items = self.pop_many(usize::from(opcode - 0x84))?;
                self.push_tuple(items);
            }
            // EMPTY_LIST, APPEND, APPENDS
            b']' => {
                let list = Value::List(keep(&mut self.heap.sequences, Vec::new()));
                self.stack.push(list);
            }
            b'a' => {
                let items = self.pop_many(1)?;
                self.append(items)?;
            }
            b'e' => {
                let items = self.pop_to_mark()?;
                self.append(items)?;
            }
            // EMPTY_DICT, SETITEM, SETITEMS
            b'}' => self.push_dict(),
            b's' => {
                let items = self.pop_many(2)?;
                self.set_items(items)?;
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.set_items(items)?;
            }
            // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
            b'q' => {
                let index = self.input.byte()?;
                self.memoize(index.into())?;
            }
            b'r' => {
                let index = u32::from_le_bytes(self.input.array()?);
                self.memoize(index)?;
            }
            0x94 => self.memoize(self.memo.len() as u32)?,
            b'h' => {
                let index = self.input.byte()?;
                self.recall(index.into())?;
            }
            b'j' => {
                let index = u32::from_le_bytes(self.input.array()?);
                self.recall(index)?;
            }
            // GLOBAL, STACK_GLOBAL
            b'c' => {
                let (module, name) = (self.input.line()?, self.input.line()?);
                self.push_callable(&module, &name)?;
            }
            0x93 => {
                let names = self.pop_many(2)?;
                let mut names = names.iter().map(|name| self.heap.text(name).map(str::to_string));
                let (Some(Some(module)), Some(Some(name))) = (names.next(), names.next()) else {
                    return Err(broken());
                };
                self.push_callable(&module, &name)?;
            }
            // BINPERSID, REDUCE, BUILD
            b'Q' => self.load_storage()?,
            b'R' => self.call()?,
            b'b' => {
                // Attributes, such as `_metadata` of a state dict: nothing that a network needs.
                self.pop()?;
                if !matches!(self.top()?, Value::Dict(_) | Value::Tensor(_)) {
                    return Err(broken());
                }
            }
            other => {
                return Err(bad(format!("its pickle uses the opcode 0x{other:02x}, which no tensor needs")));
            }
        }
        Ok(())
    }

    fn push_text(&mut self, length: usize) -> Result<()> {
        if length > TEXT {
            return Err(bad("its pickle holds a text that is longer than any name"));
        }
        let text = String::from_utf8(self.input.take(length)?).map_err(|_| broken())?;
        let text = Value::Text(keep(&mut self.heap.texts, text));
        self.stack.push(text);
        Ok(())
    }

    fn push_tuple(&mut self, items: Vec<Value>) {
        let tuple = Value::Tuple(keep(&mut self.heap.sequences, items));
        self.stack.push(tuple);
    }

    fn push_dict(&mut self) {
        let dict = Value::Dict(keep(&mut self.heap.dicts, Vec::new()));
        self.stack.push(dict);
    }

    fn push_callable(&mut self, module: &str, name: &str) -> Result<()> {
        let Some(callable) = Callable::find(module, name) else {
            let asked: String = format!("{module}.{name}").escape_default().take(100).collect();
            return Err(bad(format!(
                "its pickle asks for {asked}, which no tensor needs: other programs might run it, so beware of this file"
            )));
        };
        self.stack.push(Value::Callable(callable));
        Ok(())
    }

    fn append(&mut self, items: Vec<Value>) -> Result<()> {
        let Value::List(list) = self.top()? else { return Err(broken()) };
        self.heap.sequences.get_mut(list).ok_or_else(broken)?.extend(items);
        Ok(())
    }

    fn set_items(&mut self, items: Vec<Value>) -> Result<()> {
        let Value::Dict(dict) = self.top()? else { return Err(broken()) };
        let (pairs, []) = items.as_chunks::<2>() else { return Err(broken()) };
        self.heap.dicts.get_mut(dict).ok_or_else(broken)?.extend(pairs.iter().map(|&[key, value]| (key, value)));
        Ok(())
    }

    fn memoize(&mut self, index: u32) -> Result<()> {
        let value = self.top()?;
        self.memo.insert(index, value);
        Ok(())
    }

    fn recall(&mut self, index: u32) -> Result<()> {
        let value = *self.memo.get(&index).ok_or_else(broken)?;
        self.stack.push(value);
        Ok(())
    }

    /// `("storage", class, key, location, count)`, and in the older format a sixth: views of storages, long unused.
    fn load_storage(&mut self) -> Result<()> {
        let id = self.pop()?;
        let [kind, Value::Callable(Callable::Storage(class)), key, _, Value::Int(count), rest @ ..] =
            self.heap.sequence(&id).unwrap_or_default()
        else {
            return Err(broken());
        };
        let (kind, key, count) = (self.heap.text(kind), *key, u64::try_from(*count));
        let (Some("storage"), Value::Text(_), Ok(count), [] | [Value::Opaque]) = (kind, key, count, rest) else {
            return Err(broken());
        };
        let storage = Storage { kind: *class, key, count };
        let storage = Value::Storage(keep(&mut self.heap.storages, storage));
        self.stack.push(storage);
        Ok(())
    }

    /// Notes what a call would build.
    fn call(&mut self) -> Result<()> {
        let arguments = self.pop()?;
        let Value::Callable(callable) = self.pop()? else { return Err(broken()) };
        let arguments = self.heap.sequence(&arguments).ok_or_else(broken)?;
        match (callable, arguments) {
            (Callable::OrderedDict, []) => self.push_dict(),
            (Callable::RebuildTensor, [Value::Storage(storage), Value::Int(offset), shape, strides, ..]) => {
                let (shape, strides) = (self.heap.sizes(shape), self.heap.sizes(strides));
                let (Ok(offset), Some(shape), Some(strides)) = (u64::try_from(*offset), shape, strides) else {
                    return Err(broken());
                };
                let tensor = Tensor { storage: *storage, offset, shape, strides };
                let tensor = Value::Tensor(keep(&mut self.heap.tensors, tensor));
                self.stack.push(tensor);
            }
            (Callable::RebuildParameter, &[tensor @ Value::Tensor(_), ..]) => self.stack.push(tensor),
            _ => return Err(broken()),
        }
        Ok(())
    }

    fn top(&self) -> Result<Value> {
        let floor = self.marks.last().copied().unwrap_or(0);
        self.stack.get(floor..).and_then(<[Value]>::last).copied().ok_or_else(broken)
    }

    fn pop(&mut self) -> Result<Value> {
        let value = self.top()?;
        self.stack.pop();
        Ok(value)
    }

    fn pop_many(&mut self, count: usize) -> Result<Vec<Value>> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let begin = self.stack.len().checked_sub(count).filter(|&begin| begin >= floor).ok_or_else(broken)?;
        Ok(self.stack.split_off(begin))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Value>> {
        let begin = self.marks.pop().ok_or_else(broken)?;
        if begin > self.stack.len() {
            return Err(broken());
        }
        Ok(self.stack.split_off(begin))
    }
}

/// A whole number of any length, least significant byte first, in two's complement.
fn long(digits: &[u8]) -> Value {
    if digits == MAGIC {
        return Value::Magic;
    }
    let negative = digits.last().is_some_and(|&last| last & 0x80 != 0);
    let mut bytes = [if negative { 0xff } else { 0 }; 8];
    match bytes.get_mut(..digits.len()) {
        Some(low) => low.copy_from_slice(digits),
        None => return Value::Opaque,
    }
    Value::Int(i64::from_le_bytes(bytes))
}

pub(super) fn broken() -> crate::Error {
    bad("its pickle is broken")
}
