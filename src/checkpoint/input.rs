//! A pickle's bytes, one after the other.

use super::pickle::broken;
use super::{Bytes, bad};
use crate::Result;

/// The file from a position on, in pieces.
pub struct Input<'a> {
    file: &'a dyn Bytes,
    /// Where the next piece begins.
    next: u64,
    end: u64,
    buffer: Vec<u8>,
    /// How much of the buffer has been read.
    at: usize,
}

/// Size of a piece.
const PIECE: u64 = 1 << 14;

impl<'a> Input<'a> {
    /// Bytes `begin..end` of the file.
    pub fn new(file: &'a dyn Bytes, begin: u64, end: u64) -> Self {
        Self { file, next: begin, end, buffer: Vec::new(), at: 0 }
    }

    /// Where the next byte lies.
    pub fn position(&self) -> u64 {
        self.next - (self.buffer.len() - self.at) as u64
    }

    pub fn byte(&mut self) -> Result<u8> {
        if self.at == self.buffer.len() {
            let length = self.end.saturating_sub(self.next).min(PIECE);
            if length == 0 {
                return Err(bad("its pickle is cut short or too long"));
            }
            self.buffer.resize(length as usize, 0);
            self.file.read_at(self.next, &mut self.buffer)?;
            self.next += length;
            self.at = 0;
        }
        let byte = self.buffer.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        Ok(byte)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        Ok(bytes)
    }

    /// As many bytes as claimed; `length` is bounded by the caller, and memory grows with what is there.
    pub fn take(&mut self, length: usize) -> Result<Vec<u8>> {
        (0..length).map(|_| self.byte()).collect()
    }

    /// A short text up to the end of its line.
    pub fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        while line.len() < 256 {
            match self.byte()? {
                b'\n' => return String::from_utf8(line).map_err(|_| broken()),
                byte => line.push(byte),
            }
        }
        Err(broken())
    }
}
