//! Every GPU kernel against the same operation on the CPU. Each test is named after its shader.
//!
//! Needs a WebGPU-capable adapter; Mesa's software one (lavapipe) is enough.

use resshift::checks;
use resshift::gpu::{self, Gpu};
use std::rc::Rc;

fn gpu() -> Rc<Gpu> {
    let opened = pollster::block_on(gpu::open());
    opened.unwrap_or_else(|e| panic!("these tests need a GPU or Mesa's lavapipe (mesa-vulkan-drivers): {e}"))
}

fn run(shader: &str) {
    let gpu = gpu();
    let mut failures = Vec::new();
    let half = if gpu.f16 { checks::all_in_half() } else { Vec::new() };
    let checks = checks::all().into_iter().chain(half).filter(|check| check.name.starts_with(&format!("{shader}:")));
    for check in checks {
        match pollster::block_on(check.run(&gpu)) {
            Ok(error) => println!("{}: {error:e}", check.title()),
            Err(reason) => failures.push(format!("{}: {reason}", check.title())),
        }
    }
    assert_eq!(failures, Vec::<String>::new(), "on {}", gpu.name);
    assert_eq!(gpu::take_error(), None);
}

macro_rules! tests {
    ($($shader:ident),*) => {
        $(#[test] fn $shader() { run(stringify!($shader)); })*
        const TESTED: &[&str] = &[$(stringify!($shader)),*];
    };
}

tests!(
    conv2d,
    conv2d_tiled,
    pack_conv2d,
    group_norm_stats,
    group_norm_combine,
    group_norm_small,
    rms_norm_stats,
    norm_apply,
    window_attention,
    attention,
    nearest_code,
    bicubic,
    bicubic_residual,
    parameter_free_attention,
    scale,
    wiener,
    posterior,
    peak_fma,
    peak_copy
);

#[test]
fn every_check_belongs_to_a_test() {
    for check in checks::all() {
        let shader = check.name.split(':').next().unwrap();
        assert!(TESTED.contains(&shader), "{}", check.name);
    }
}

#[test]
fn every_shader_has_a_test() {
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // `include/` holds what several of them include.
        let Some(shader) = name.strip_suffix(".wgsl") else { continue };
        assert!(TESTED.contains(&shader), "{shader} has no test of its name");
        assert!(
            checks::all().iter().any(|check| check.name.starts_with(&format!("{shader}:"))),
            "{shader} has no check"
        );
    }
}

#[test]
fn self_test() {
    let gpu = gpu();
    for half in [false, true] {
        gpu.set_half_maps(half);
        pollster::block_on(checks::self_test(&gpu)).unwrap();
    }
}
