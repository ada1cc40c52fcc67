//! A WGSL file of `shaders/`, specialised.

use std::fmt::{self, Display, Formatter, Write};

/// Invocations of a workgroup in the kernels without a layout of their own.
pub(super) const WORKGROUP: usize = 64;

/// Most workgroups along the first axis of a dispatch. Devices allow 65,535, which a large tile exceeds; at a smaller
/// number the folding is at work, and tested, at everyday sizes.
const AXIS_LIMIT: usize = 256;

/// A number or switch that a shader is specialised on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Constant {
    Count(u32),
    /// Bits of an f32.
    Real(u32),
    Flag(bool),
}

impl Display for Constant {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Constant::Count(value) => write!(f, "{value}u"),
            Constant::Real(bits) => write!(f, "{:e}f", f32::from_bits(bits)),
            Constant::Flag(value) => write!(f, "{value}"),
        }
    }
}

/// One specialisation of a file of `shaders/`: everything that its pipeline depends on.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Kernel {
    name: &'static str,
    file: &'static str,
    /// What the file includes.
    shared: &'static str,
    constants: Vec<(&'static str, Constant)>,
    /// Its names for the types that maps are stored in, and whether each is f16.
    elements: Vec<(&'static str, bool)>,
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {:?}", self.name, self.constants, self.elements)
    }
}

impl Kernel {
    /// The kernel `name`, whose text is `file`.
    pub(super) fn new(name: &'static str, file: &'static str) -> Self {
        Self { name, file, shared: "", constants: Vec::new(), elements: Vec::new() }
    }

    /// The text that stands for the file's `#include`.
    pub(super) fn including(self, shared: &'static str) -> Self {
        Self { shared, ..self }
    }

    pub(super) fn count(self, name: &'static str, value: usize) -> Self {
        self.with(name, Constant::Count(value as u32))
    }

    pub(super) fn real(self, name: &'static str, value: f32) -> Self {
        self.with(name, Constant::Real(value.to_bits()))
    }

    pub(super) fn flag(self, name: &'static str, value: bool) -> Self {
        self.with(name, Constant::Flag(value))
    }

    /// Its names for the types that maps are stored in; f32 so far.
    pub(super) fn elements(self, names: &[&'static str]) -> Self {
        Self { elements: names.iter().map(|&name| (name, false)).collect(), ..self }
    }

    /// The same kernel for maps of which some are stored as f16, in the order of the names.
    pub fn stored(self, half: impl IntoIterator<Item = bool>) -> Self {
        let elements = self.elements.iter().zip(half).map(|(&(name, _), half)| (name, half)).collect();
        Self { elements, ..self }
    }

    /// How many of its maps may be stored as f16.
    pub fn stores(&self) -> usize {
        self.elements.len()
    }

    fn with(mut self, name: &'static str, value: Constant) -> Self {
        self.constants.push((name, value));
        self
    }

    /// Name of the file in `shaders/`, without its ending.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The text that the GPU compiles: the constants, then the file without the lines whose `#if` does not hold.
    pub fn wgsl(&self) -> String {
        let mut text = String::with_capacity(self.file.len() + self.shared.len());
        // WGSL wants this before everything else.
        if self.holds("HALF") || self.elements.iter().any(|&(_, half)| half) {
            text.push_str("enable f16;\n");
        }
        for (name, half) in &self.elements {
            let number = if *half { "f16" } else { "f32" };
            let _ = writeln!(text, "alias {name} = {number};\nalias {name}4 = vec4<{number}>;");
        }
        for (name, value) in &self.constants {
            let _ = writeln!(text, "const {name} = {value};");
        }
        let mut kept = vec![true];
        for line in self.file.lines() {
            match line.starts_with("#include") {
                true => self.shared.lines().for_each(|line| self.keep(line, &mut kept, &mut text)),
                false => self.keep(line, &mut kept, &mut text),
            }
        }
        text
    }

    /// Follows the `#if`s around `line`, in `kept`, and copies the line where all of them hold.
    fn keep(&self, line: &str, kept: &mut Vec<bool>, text: &mut String) {
        match line.trim().split_once(' ').unwrap_or((line.trim(), "")) {
            ("#if", flag) => kept.push(self.holds(flag)),
            ("#else", _) => kept.last_mut().into_iter().for_each(|keep| *keep = !*keep),
            ("#endif", _) => drop(kept.pop()),
            _ if kept.iter().all(|&keep| keep) => text.extend([line, "\n"]),
            _ => {}
        }
    }

    fn holds(&self, flag: &str) -> bool {
        self.constants.contains(&(flag, Constant::Flag(true)))
    }
}

/// Workgroups for `count` invocations of one-dimensional kernels.
pub(super) fn invocations(count: usize) -> [u32; 3] {
    fold(count.div_ceil(WORKGROUP), 1)
}

/// `groups` workgroups folded over x and y, where one axis may be too short for them, and `z` along z. Kernels count
/// `y * groups.x + x`; those beyond `groups` find nothing to do.
pub(super) fn fold(groups: usize, z: usize) -> [u32; 3] {
    let rows = groups.div_ceil(AXIS_LIMIT).max(1);
    [groups.div_ceil(rows).max(1) as u32, rows as u32, z.max(1) as u32]
}
