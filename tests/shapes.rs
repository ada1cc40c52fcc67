//! Operations that are recorded with operands of wrong shapes: an error that names the operation, and no plan. No GPU is needed.

use resshift::Error;
use resshift::gpu::{self, Node, NormWeights, Plan, RecordOptions, Weight, WindowShape, peak};
use resshift::layer::{ConvShape, MaskKind};

/// Sizes of a list's inputs, and whether the operation takes them.
type Row = (&'static [[usize; 4]], bool);

/// A weight of so many numbers.
fn weight(count: usize) -> Weight {
    Weight::counted(&RecordOptions::default(), count)
}

/// `operation` is recorded with the inputs of every row: those that it takes are planned, the others are refused in its name.
fn check(name: &str, rows: &[Row], operation: impl Fn(&[Node]) -> Node) {
    assert!(rows.iter().any(|(_, taken)| *taken) && rows.iter().any(|(_, taken)| !taken), "{name}");
    for tiled in [false, true] {
        let options = RecordOptions { tiled, ..RecordOptions::default() };
        for (inputs, taken) in rows {
            match Plan::new(options, inputs, &operation) {
                Ok(plan) => assert!(*taken && plan.cost().dispatches > 0, "{name} took {inputs:?}"),
                Err(Error::Internal(reason)) => {
                    assert!(!taken && reason.starts_with(&format!("{name}: ")), "{name} of {inputs:?}: {reason}");
                }
                Err(other) => panic!("{name} of {inputs:?}: {other}"),
            }
        }
    }
}

#[test]
fn attention() {
    let rows: &[Row] = &[
        (&[[2, 3, 5, 8], [2, 3, 5, 8], [2, 3, 5, 8]], true),
        (&[[1, 1, 1, 512], [1, 1, 1, 512], [1, 1, 1, 512]], true),
        (&[[2, 3, 5, 8], [2, 5, 3, 8], [2, 3, 5, 8]], false),
        (&[[2, 3, 5, 8], [2, 3, 5, 8], [1, 3, 5, 8]], false),
        (&[[2, 3, 5, 6], [2, 3, 5, 6], [2, 3, 5, 6]], false),
        (&[[1, 1, 1, 516], [1, 1, 1, 516], [1, 1, 1, 516]], false),
        (&[[1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 0]], false),
    ];
    check("attention", rows, |maps| gpu::attention(&maps[0], &maps[1], &maps[2]));
}

#[test]
fn bicubic() {
    let rows: &[Row] = &[
        (&[[2, 3, 5, 3]], true),
        (&[[2, 3, 5, 3], [2, 3, 5, 48]], true),
        (&[[2, 3, 5, 4]], false),
        (&[[2, 3, 5, 3], [2, 3, 5, 3]], false),
        (&[[2, 3, 5, 3], [2, 12, 20, 3]], false),
        (&[[2, 3, 5, 3], [1, 3, 5, 48]], false),
    ];
    check("bicubic", rows, |maps| gpu::bicubic(&maps[0], maps.get(1)));
}

#[test]
fn bicubic_residual() {
    let rows: &[Row] = &[
        (&[[2, 3, 5, 48], [2, 3, 5, 3]], true),
        (&[[2, 3, 5, 48], [2, 3, 5, 1]], false),
        (&[[2, 3, 5, 3], [2, 3, 5, 3]], false),
        (&[[2, 5, 3, 48], [2, 3, 5, 3]], false),
    ];
    check("bicubic_residual", rows, |maps| gpu::bicubic_residual(&maps[0], &maps[1]));
}

#[test]
fn concat() {
    let rows: &[Row] = &[
        (&[[2, 3, 5, 3], [2, 3, 5, 4]], true),
        (&[[2, 3, 5, 3], [1, 3, 5, 4]], false),
        (&[[2, 3, 5, 3], [2, 4, 5, 4]], false),
        (&[[2, 3, 5, 3], [2, 3, 4, 4]], false),
    ];
    check("concat", rows, Node::concat);
}

/// The residual is the second input.
#[test]
fn conv2d() {
    let layer = |shape: ConvShape, rows: &[Row]| {
        let ConvShape { c_in, c_out, kernel, .. } = shape;
        let (weight, bias) = gpu::pack_conv2d(&weight(c_out * c_in * kernel * kernel), &weight(c_out), &shape, false);
        check("conv2d", rows, |maps| gpu::conv2d(&maps[0], &weight, &bias, &shape, None, maps.get(1)));
    };
    let same: &[Row] = &[
        (&[[2, 3, 5, 6]], true),
        (&[[2, 3, 5, 6], [2, 3, 5, 9]], true),
        (&[[2, 3, 5, 9]], false),
        (&[[2, 3, 5, 6], [2, 3, 5, 6]], false),
        (&[[2, 3, 5, 6], [1, 3, 5, 9]], false),
        (&[[2, 3, 5, 6], [2, 5, 3, 9]], false),
    ];
    layer(ConvShape::same(6, 9, 3), same);
    layer(ConvShape::same(6, 9, 1), same);
    layer(
        ConvShape::up(6, 9),
        &[(&[[2, 3, 5, 6], [2, 6, 10, 9]], true), (&[[2, 3, 5, 6], [2, 3, 5, 9]], false), (&[[2, 3, 5, 9]], false)],
    );
    // Without a zero before it, it needs two pixels.
    layer(
        ConvShape::down(6, 9, 0, 1),
        &[
            (&[[2, 4, 6, 6], [2, 2, 3, 9]], true),
            (&[[2, 4, 6, 6], [2, 4, 6, 9]], false),
            (&[[2, 1, 6, 6]], false),
            (&[[2, 6, 1, 6]], false),
            (&[[2, 0, 6, 6]], false),
        ],
    );
}

/// Layers that no kernel computes, and weights that do not belong to the layer.
#[test]
fn layers() {
    let shape = ConvShape::same(8, 16, 3);
    let refused = |shape: &ConvShape, weight: &Weight, bias: &Weight| {
        let plan = |maps: &[Node]| gpu::conv2d(&maps[0], weight, bias, shape, None, None);
        match Plan::new(RecordOptions::default(), &[[1, 8, 8, 8]], plan) {
            Ok(_) => false,
            Err(error) => matches!(&error, Error::Internal(reason) if reason.starts_with("conv2d: ")),
        }
    };
    let (packed, bias) = gpu::pack_conv2d(&weight(9 * 8 * 16), &weight(16), &shape, false);
    assert!(!refused(&shape, &packed, &bias));
    assert!(refused(&shape, &weight(9 * 8 * 16 + 1), &bias));
    assert!(refused(&shape, &packed, &weight(8)));
    for unknown in [
        ConvShape { kernel: 5, pad_begin: 2, pad_end: 2, ..shape },
        ConvShape { kernel: 0, ..shape },
        ConvShape { stride: 3, ..shape },
        ConvShape { stride: 0, ..shape },
        ConvShape { stride: 2, upsample: true, ..shape },
        ConvShape { pad_begin: 1, ..ConvShape::same(8, 16, 1) },
        ConvShape { c_out: 0, ..shape },
    ] {
        let ConvShape { c_in, c_out, kernel, .. } = unknown;
        let (packed, bias) = gpu::pack_conv2d(&weight(c_in * c_out * kernel * kernel), &weight(c_out), &unknown, false);
        assert!(refused(&unknown, &packed, &bias), "{unknown:?}");
    }
    // What cannot be packed is not mistaken for weights.
    for (stored, bias) in [(9 * 8 * 16 - 1, 16), (9 * 8 * 16, 8), (0, 0)] {
        let (packed, bias) = gpu::pack_conv2d(&weight(stored), &weight(bias), &shape, false);
        assert!(refused(&shape, &packed, &bias));
    }
}

#[test]
fn nearest_code() {
    let rows: &[Row] = &[(&[[2, 3, 5, 4]], true), (&[[2, 3, 5, 3]], false), (&[[2, 3, 5, 8]], false)];
    let book = weight(10 * 4);
    check("nearest_code", rows, |maps| gpu::nearest_code(&maps[0], Some(&book), 10).0);
    let without = |codes: usize, book: Option<&Weight>| {
        Plan::new(RecordOptions::default(), &[[2, 3, 5, 4]], |maps| gpu::nearest_code(&maps[0], book, codes).1)
    };
    assert!(without(10, Some(&book)).is_ok());
    assert!(without(10, None).is_err() && without(0, Some(&weight(0))).is_err() && without(9, Some(&book)).is_err());
}

/// Both norms, small maps and large ones. The film is the second input.
#[test]
fn norms() {
    let (gamma, beta) = (weight(64), weight(64));
    let norm = NormWeights { gamma: Some(&gamma), beta: Some(&beta) };
    let rows: &[Row] = &[
        (&[[2, 3, 5, 64]], true),
        (&[[2, 30, 50, 64]], true),
        (&[[2, 3, 5, 64], [1, 1, 1, 128]], true),
        (&[[2, 3, 5, 64], [2, 1, 1, 128]], true),
        (&[[2, 3, 5, 32]], false),
        (&[[2, 3, 5, 64], [1, 1, 1, 64]], false),
        (&[[2, 3, 5, 64], [3, 1, 1, 128]], false),
        (&[[2, 3, 5, 64], [2, 3, 5, 128]], false),
    ];
    for silu in [false, true] {
        check("rms_norm", rows, |maps| gpu::rms_norm(&maps[0], norm, maps.get(1), silu));
        check("group_norm", rows, |maps| gpu::group_norm(&maps[0], norm, 32, 1e-5, maps.get(1), silu));
    }
    let refused = |channels: usize, norm: NormWeights<'_>, groups: usize| {
        let record = |maps: &[Node]| gpu::group_norm(&maps[0], norm, groups, 1e-5, None, false);
        Plan::new(RecordOptions::default(), &[[2, 3, 5, channels]], record).is_err()
    };
    assert!(!refused(64, norm, 16));
    assert!(refused(64, norm, 0) && refused(64, norm, 24));
    assert!(
        refused(64, NormWeights { gamma: None, ..norm }, 32) && refused(64, NormWeights { beta: None, ..norm }, 32)
    );
    let [none, six] = [0, 6].map(weight);
    assert!(refused(0, NormWeights { gamma: Some(&none), beta: Some(&none) }, 1));
    assert!(refused(6, NormWeights { gamma: Some(&six), beta: Some(&six) }, 2));
}

#[test]
fn parameter_free_attention() {
    let rows: &[Row] = &[
        (&[[2, 3, 5, 6], [2, 3, 5, 6]], true),
        (&[[2, 3, 5, 6], [2, 5, 3, 6]], false),
        (&[[2, 3, 5, 6], [1, 3, 5, 6]], false),
    ];
    check("parameter_free_attention", rows, |maps| gpu::parameter_free_attention(&maps[0], &maps[1], 4.0));
}

#[test]
fn peak_copy() {
    check("peak_copy", &[(&[[1, 1, 1, 8]], true), (&[[1, 1, 1, 9]], false)], |maps| peak::copy(&maps[0]));
}

/// The mean is the third input.
#[test]
fn scale() {
    let rows: &[Row] = &[
        (&[[2, 3, 5, 6], [1, 1, 1, 6]], true),
        (&[[2, 3, 5, 6], [1, 1, 1, 6], [2, 3, 5, 6]], true),
        (&[[2, 3, 5, 6], [1, 1, 1, 5]], false),
        (&[[2, 3, 5, 6], [2, 1, 1, 6]], false),
        (&[[2, 3, 5, 6], [1, 1, 1, 6], [1, 3, 5, 6]], false),
    ];
    check("scale", rows, |maps| gpu::scale(&maps[0], &maps[1], maps.get(2)));
}

/// The mean is the fifth input.
#[test]
fn wiener() {
    const X: [usize; 4] = [2, 3, 5, 6];
    const WIDE: [usize; 4] = [2, 3, 5, 12];
    const FACTOR: [usize; 4] = [1, 1, 1, 6];
    let rows: &[Row] = &[
        (&[X, WIDE, FACTOR, FACTOR], true),
        (&[X, WIDE, FACTOR, FACTOR, X], true),
        (&[X, X, FACTOR, FACTOR], false),
        (&[X, [2, 5, 3, 12], FACTOR, FACTOR], false),
        (&[X, WIDE, [1, 1, 1, 12], FACTOR], false),
        (&[X, WIDE, FACTOR, [2, 1, 1, 6]], false),
        (&[X, WIDE, FACTOR, FACTOR, WIDE], false),
    ];
    check("wiener", rows, |maps| gpu::wiener(&maps[0], &maps[1], &maps[2], &maps[3], maps.get(4)));
}

#[test]
fn window_attention() {
    let shape = WindowShape { heads: 2, window: 4, shift: 2, mask: MaskKind::Released };
    let table = weight(49 * 2);
    let rows: &[Row] = &[
        (&[[2, 8, 12, 24]], true),
        (&[[2, 6, 12, 24]], false),
        (&[[2, 8, 10, 24]], false),
        (&[[2, 8, 12, 25]], false),
        // 3 channels a head, 68, and none.
        (&[[2, 8, 12, 18]], false),
        (&[[2, 8, 12, 408]], false),
        (&[[2, 8, 12, 0]], false),
    ];
    check("window_attention", rows, |maps| gpu::window_attention(&maps[0], Some(&table), shape));
    let refused = |table: Option<&Weight>, shape: WindowShape| {
        let record = |maps: &[Node]| gpu::window_attention(&maps[0], table, shape);
        Plan::new(RecordOptions::default(), &[[2, 36, 36, 24]], record).is_err()
    };
    assert!(!refused(Some(&table), shape));
    assert!(refused(None, shape) && refused(Some(&weight(49)), shape));
    assert!(refused(Some(&table), WindowShape { shift: 4, ..shape }));
    assert!(refused(Some(&table), WindowShape { heads: 0, ..shape }));
    assert!(refused(Some(&weight(17 * 17 * 2)), WindowShape { window: 9, shift: 0, ..shape }));
    assert!(refused(Some(&table), WindowShape { window: 0, shift: 0, ..shape }));
}

/// The first fault is told, and what follows from it does not end in a panic.
#[test]
fn the_first_fault_is_told() {
    let plan = Plan::new(RecordOptions::default(), &[[1, 1, 1, 6], [1, 1, 1, 7]], |maps| {
        let sum = gpu::parameter_free_attention(&maps[0], &maps[1], 1.0);
        let wide = Node::concat(&[sum, maps[1].clone()]);
        gpu::bicubic(&gpu::scale(&wide, &maps[0], None), Some(&maps[0]))
    });
    let Err(Error::Internal(reason)) = plan else { panic!("it was planned") };
    assert_eq!(reason, "parameter_free_attention: y is [1, 1, 1, 7], expected [1, 1, 1, 6]");
}
