//! A WGSL file, specialised and launched on the device and queue that burn uses.

use burn::tensor::{DType, Shape, Tensor};
use burn_cubecl::{CubeBackend, tensor::CubeTensor};
use burn_wgpu::{CubeDim, KernelSource, SourceKernel, SourceTemplate, into_contiguous};
use cubecl::prelude::{BufferIOAttr, CubeCount, ExecutionMode, KernelId};
use cubecl::server::{KernelArguments, MetadataBindingInfo};
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

/// One specialisation of a file of `shaders/`.
#[derive(Clone)]
pub struct Kernel {
    name: &'static str,
    file: &'static str,
    constants: Vec<(&'static str, Constant)>,
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.name, self.constants)
    }
}

impl Kernel {
    /// The kernel `name`, whose text is `file`.
    pub(super) fn new(name: &'static str, file: &'static str) -> Self {
        Self { name, file, constants: Vec::new() }
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

    fn with(mut self, name: &'static str, value: Constant) -> Self {
        self.constants.push((name, value));
        self
    }

    /// Name of the file in `shaders/`, without its ending.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The text that the GPU compiles: the constants, then the file without the lines whose `#if` does not hold.
    ///
    /// With `shared_buffers` every binding is writable: where tensors are slices of shared buffers, one dispatch may
    /// bind a buffer that is read next to one that is written, and WebGPU forbids both uses of one buffer.
    pub fn wgsl(&self, shared_buffers: bool) -> String {
        let mut text = String::with_capacity(self.file.len());
        // WGSL wants this before everything else.
        if self.holds("HALF") {
            text.push_str("enable f16;\n");
        }
        for (name, value) in &self.constants {
            let _ = writeln!(text, "const {name} = {value};");
        }
        let mut kept = vec![true];
        for line in self.file.lines() {
            match line.trim().split_once(' ').unwrap_or((line.trim(), "")) {
                ("#if", flag) => kept.push(self.holds(flag)),
                ("#else", _) => kept.last_mut().into_iter().for_each(|keep| *keep = !*keep),
                ("#endif", _) => drop(kept.pop()),
                _ if kept.iter().all(|&keep| keep) => text.extend([line, "\n"]),
                _ => {}
            }
        }
        if shared_buffers { text.replace("var<storage, read>", "var<storage, read_write>") } else { text }
    }

    fn holds(&self, flag: &str) -> bool {
        self.constants.contains(&(flag, Constant::Flag(true)))
    }

    /// Runs the kernel over `inputs` and returns its output, of the given shape and type, for binding
    /// `inputs.len()`. `size` is the uniform of the last binding.
    pub(super) fn launch<const D: usize>(
        self,
        inputs: Vec<CubeTensor>,
        output: ([usize; D], DType),
        size: [usize; 4],
        groups: CubeCount,
    ) -> CubeTensor {
        let (shape, dtype) = output;
        let first = &inputs[0];
        let (client, device) = (first.client.clone(), first.device.clone());
        let handle = client.empty(shape.iter().product::<usize>() * dtype.size());
        let output = CubeTensor::new_contiguous(client.clone(), device, Shape::from(shape), handle, dtype);

        let mut arguments = KernelArguments::new();
        for input in inputs {
            arguments = arguments.with_buffer_io(input.handle.binding(), BufferIOAttr::ReadOnly);
        }
        let [a, b, c, d] = size.map(|n| n as u64);
        let arguments = arguments
            .with_buffer_io(output.handle.clone().binding(), BufferIOAttr::WriteOnly)
            .with_info(MetadataBindingInfo::custom(vec![a | b << 32, c | d << 32]));
        client.launch(Box::new(SourceKernel::new(self, CubeDim::new_single())), groups, arguments);
        output
    }
}

/// In a browser CubeCL gives each tensor a buffer of its own, elsewhere slices of shared ones.
const SHARED_BUFFERS: bool = cfg!(not(target_family = "wasm"));

impl KernelSource for Kernel {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(self.wgsl(SHARED_BUFFERS))
    }

    /// Everything that [`Self::wgsl`] depends on: a narrower key would run another specialisation's pipeline.
    fn id(&self) -> KernelId {
        // Unchecked leaves out counters that end endless loops; these kernels' loops end.
        KernelId::new::<Self>().info((self.name, self.constants.clone())).mode(ExecutionMode::Unchecked)
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}

/// Workgroups for `count` invocations of one-dimensional kernels.
pub(super) fn invocations(count: usize) -> CubeCount {
    fold(count.div_ceil(WORKGROUP), 1)
}

/// `groups` workgroups folded over x and y, where one axis may be too short for them, and `z` along z. Kernels count
/// `y * groups.x + x`; those beyond `groups` find nothing to do.
pub(super) fn fold(groups: usize, z: usize) -> CubeCount {
    let rows = groups.div_ceil(AXIS_LIMIT).max(1);
    CubeCount::Static(groups.div_ceil(rows) as u32, rows as u32, z as u32)
}

/// The tensor's buffer, packed in row-major order.
pub(super) fn buffer<const D: usize>(x: Tensor<D>) -> CubeTensor {
    match x.try_into_primitive::<CubeBackend>() {
        Ok(x) => into_contiguous(x),
        // Only tensors that `holds` has seen, and weights of the same device, arrive here.
        Err(e) => unreachable!("a tensor of another device was given to a GPU kernel: {e:?}"),
    }
}

/// Back from [`buffer`].
pub(super) fn tensor<const D: usize>(x: CubeTensor) -> Tensor<D> {
    Tensor::from_primitive::<CubeBackend>(x)
}
