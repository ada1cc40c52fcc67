//! Statistics of both norms (`shaders/group_norm_*.wgsl`, `shaders/rms_norm_stats.wgsl`), and their application where
//! the reader does not apply them itself (`shaders/norm_apply.wgsl`).

use crate::gpu::kernel::{Kernel, fold, invocations};
use crate::gpu::list::{Binding, Command, Node, Number, PendingNorm, Slices, Start};
use crate::gpu::shapes::{Checked, expect, expect_weight, require};
use crate::gpu::weight::Weight;
use crate::layer::Window;

/// Added to the mean square by the per-pixel norm.
pub const RMS_NORM_EPS: f32 = 1e-5;

/// What a norm is trained on, per channel; `None` for a part that lies elsewhere.
#[derive(Clone, Copy)]
pub struct NormWeights<'a> {
    /// Factor, `[c]`.
    pub gamma: Option<&'a Weight>,
    /// Offset, `[c]`.
    pub beta: Option<&'a Weight>,
}

impl NormWeights<'_> {
    fn bindings(&self) -> impl Iterator<Item = Binding> {
        [self.gamma, self.beta].into_iter().flatten().cloned().map(Binding::Weight)
    }
}

/// About as many invocations as the statistics are shared among: enough to fill a GPU, few enough to be joined by one
/// invocation per group.
const PARTS: usize = 8192;
/// Fewest pixels of a chunk.
const CHUNK: usize = 16;
/// Most pixels of a picture whose groups each fit one workgroup: above, 32 workgroups are too few for a GPU.
const SMALL: usize = 256;
/// Pixels of one invocation of the last step.
const PIXELS: usize = 4;

/// The first two steps of group norm.
pub fn group_norm_kernels(eps: f32, film: bool) -> [Kernel; 2] {
    [
        Kernel::new("group_norm_stats", include_str!("../../../shaders/group_norm_stats.wgsl")).elements(&["X"]),
        Kernel::new("group_norm_combine", include_str!("../../../shaders/group_norm_combine.wgsl"))
            .real("EPS", eps)
            .count("RESULT", 3 + usize::from(film))
            .flag("FILM", film),
    ]
}

/// Both steps in one.
pub fn group_norm_small_kernel(eps: f32, film: bool) -> Kernel {
    Kernel::new("group_norm_small", include_str!("../../../shaders/group_norm_small.wgsl"))
        .real("EPS", eps)
        .count("RESULT", 3 + usize::from(film))
        .flag("FILM", film)
        .elements(&["X"])
}

/// The first step of the per-pixel norm.
pub fn rms_norm_kernel(film: bool) -> Kernel {
    Kernel::new("rms_norm_stats", include_str!("../../../shaders/rms_norm_stats.wgsl"))
        .real("EPS", RMS_NORM_EPS)
        .count("RESULT", 3 + usize::from(film))
        .flag("FILM", film)
        .elements(&["X"])
}

/// The last step of either.
pub fn norm_apply_kernel(rms: bool, silu: bool) -> Kernel {
    Kernel::new("norm_apply", include_str!("../../../shaders/norm_apply.wgsl"))
        .count("RESULT", 2 + usize::from(rms))
        .flag("RMS", rms)
        .flag("NORM_SILU", silu)
        .elements(&["X", "Y"])
}

/// 0 where one film serves all pictures.
fn films(film: Option<&Node>, n: usize) -> Number {
    Number::Value(film.is_some_and(|film| film.dims[0] == n && n > 1) as u32)
}

/// Appends the statistics of `x` `[n, h, w, c]` in `groups` of channels, with `eps` added to the variance; the norm itself, with FiLM (`film` `[n or 1, 1, 1, 2c]`) and SiLU, is
/// left to the reader. c is a multiple of 4.
pub fn group_norm(x: &Node, norm: NormWeights<'_>, groups: usize, eps: f32, film: Option<&Node>, silu: bool) -> Node {
    if !x.list.accepts("group_norm", check_shapes(x, norm, groups, film)) {
        return x.list.result(x.dims);
    }
    let x = x.materialize();
    let film = film.map(Node::materialize);
    let list = x.list.clone();
    let [n, h, w, c] = x.dims;
    let pixels = h * w;
    let value = |v: usize| Number::Value(v as u32);
    let coefficients = list.result([n, 1, 3, c]);
    let mut weights = Vec::new();
    weights.extend(norm.bindings());
    weights.extend(film.as_ref().map(|film| Binding::Read(film.id)));
    weights.push(Binding::Write(coefficients.id));
    let films = films(film.as_ref(), n);
    if pixels <= SMALL {
        let mut bindings = vec![Binding::View(x.id)];
        bindings.extend(weights);
        let numbers = vec![
            value(n),
            value(pixels),
            value(c),
            value(groups),
            films,
            Number::Stride(x.id),
            Number::Offset(x.id, Start::Row(0)),
        ];
        let kernel = group_norm_small_kernel(eps, film.is_some());
        let elements = vec![x.id];
        list.push(Command { kernel, bindings, elements, numbers, groups: fold(n * groups, 1), macs: 0 });
    } else {
        let lanes = c / 4;
        let length = pixels.div_ceil((PARTS / lanes).max(1)).max(CHUNK);
        let chunks = pixels.div_ceil(length);
        let [stats, combine] = group_norm_kernels(eps, film.is_some());
        let part = list.result([n, chunks, 2, c]);
        let size = || [n, pixels, c, chunks, length].map(value);
        let mut numbers = Vec::from(size());
        numbers.extend([Number::Stride(x.id), Number::Offset(x.id, Start::Row(0))]);
        let bindings = vec![Binding::View(x.id), Binding::Write(part.id)];
        let launched = invocations(n * chunks * lanes);
        list.push(Command { kernel: stats, bindings, elements: vec![x.id], numbers, groups: launched, macs: 0 });

        let mut bindings = vec![Binding::Read(part.id)];
        bindings.extend(weights);
        let mut numbers = Vec::from(size());
        numbers.extend([value(groups), films]);
        let launched = invocations(n * groups);
        list.push(Command { kernel: combine, bindings, elements: Vec::new(), numbers, groups: launched, macs: 0 });
    }
    Node { pending: Some(PendingNorm { coefficients: coefficients.id, scale: None, silu }), ..x }
}

/// As [`group_norm`], for the per-pixel norm.
pub fn rms_norm(x: &Node, norm: NormWeights<'_>, film: Option<&Node>, silu: bool) -> Node {
    if !x.list.accepts("rms_norm", check_shapes(x, norm, 1, film)) {
        return x.list.result(x.dims);
    }
    let x = x.materialize();
    let film = film.map(Node::materialize);
    let list = x.list.clone();
    let [n, h, w, c] = x.dims;
    let scale = list.by_rows(&[(x.id, Window::ROW)], [n, h, w, 1], Slices::None);
    let coefficients = list.result([n, 1, 2, c]);
    let rows = scale.rows();
    let pixels = n * rows.len() * w;
    let mut bindings = vec![Binding::View(x.id)];
    bindings.extend(norm.bindings());
    bindings.extend(film.as_ref().map(|film| Binding::Read(film.id)));
    bindings.extend([Binding::Write(scale.id), Binding::Write(coefficients.id)]);
    let size = [n, rows.len() * w, c].map(|v| Number::Value(v as u32));
    let mut numbers = Vec::from(size);
    let first = Start::Row(rows.start);
    numbers.extend([films(film.as_ref(), n), Number::Stride(x.id), Number::Offset(x.id, first)]);
    numbers.push(Number::Offset(scale.id, first));
    let groups = invocations(pixels.max(n * c / 4));
    let kernel = rms_norm_kernel(film.is_some());
    // The coefficients are of use to rows that were there before.
    list.push_rows(&coefficients, Command { kernel, bindings, elements: vec![x.id], numbers, groups, macs: 0 });
    Node { pending: Some(PendingNorm { coefficients: coefficients.id, scale: Some(scale.id), silu }), ..x }
}

/// Of either norm; what applies them has operands from here alone.
fn check_shapes(x: &Node, norm: NormWeights<'_>, groups: usize, film: Option<&Node>) -> Checked {
    let [n, .., c] = x.dims;
    require(c > 0 && c.is_multiple_of(4), "the channels are no multiple of 4")?;
    require(groups > 0 && c.is_multiple_of(groups), "the channels do not form the groups")?;
    expect_weight("gamma", norm.gamma, c)?;
    expect_weight("beta", norm.beta, c)?;
    let films = |film: &Node| if film.dims[0] == n { n } else { 1 };
    film.map_or(Ok(()), |film| expect("film", &film.dims, &[films(film), 1, 1, 2 * c]))
}

impl Node {
    /// The map with its norm applied, where every kernel can read it.
    pub(crate) fn materialize(&self) -> Node {
        let list = &self.list;
        let Some(norm) = &self.pending else {
            let unaligned = list.state.borrow().is_unaligned(self.id);
            return if unaligned { super::scale::copy(self) } else { self.clone() };
        };
        let [n, _, w, c] = self.dims;
        let inputs: Vec<_> = [Some(self.id), norm.scale].into_iter().flatten().map(|id| (id, Window::ROW)).collect();
        let y = list.by_rows(&inputs, self.dims, Slices::None);
        let (rows, first) = (y.rows().len(), Start::Row(y.rows().start));
        let mut bindings = vec![Binding::View(self.id), Binding::Read(norm.coefficients)];
        bindings.extend(norm.scale.map(Binding::Read));
        bindings.push(Binding::Write(y.id));
        let mut numbers = Vec::from([n, rows * w, c].map(|v| Number::Value(v as u32)));
        numbers.extend([Number::Stride(self.id), Number::Offset(self.id, first), Number::Offset(y.id, first)]);
        numbers.extend(norm.scale.map(|scale| Number::Offset(scale, first)));
        let groups = invocations(n * (rows * w).div_ceil(PIXELS) * c / 4);
        let kernel = norm_apply_kernel(norm.scale.is_some(), norm.silu);
        list.push_rows(&y, Command { kernel, bindings, elements: vec![self.id, y.id], numbers, groups, macs: 0 });
        y
    }
}
