//! Every shader in every form that the models use is valid WGSL for plain WebGPU; none needs an extension or an
//! optional capability, but those forms that are made for f16.

use naga::valid::{Capabilities, ValidationFlags, Validator};
use resshift::checks::shipped;
use resshift::gpu::{
    ConvForm, Kernel, attention_kernel, bicubic_kernel, bicubic_residual_kernel, conv2d_kernel, group_norm_kernels,
    group_norm_small_kernel, nearest_code_kernel, norm_apply_kernel, pack_conv2d_kernel,
    parameter_free_attention_kernel, posterior_kernel, rms_norm_kernel, scale_kernel, wiener_kernel,
    window_attention_kernel,
};
use resshift::layer::{Activation, ConvShape, MaskKind};

fn validate(kernel: &Kernel) {
    validate_text(kernel, &kernel.wgsl());
    // With every choice of maps in f16.
    for bits in 1..1u32 << kernel.stores() {
        let stored = kernel.clone().stored((0..kernel.stores()).map(|i| bits >> i & 1 == 1));
        validate_text(&stored, &stored.wgsl());
    }
}

fn validate_text(kernel: &Kernel, text: &str) {
    let module =
        naga::front::wgsl::parse_str(text).unwrap_or_else(|e| panic!("{kernel:?}\n{}", e.emit_to_string(text)));
    // The one optional capability, asked for only where the device has it. All have `pack2x16float`.
    let optional = if text.starts_with("enable f16;") { Capabilities::SHADER_FLOAT16 } else { Capabilities::empty() };
    let plain = Capabilities::SHADER_FLOAT16_IN_FLOAT32;
    let mut validator = Validator::new(ValidationFlags::all(), plain | optional);
    let info = validator.validate(&module).unwrap_or_else(|e| panic!("{kernel:?}\n{}", e.emit_to_string(text)));

    assert_eq!(module.entry_points.len(), 1);
    let size = module.entry_points[0].workgroup_size;
    assert!(size.iter().product::<u32>() <= 256, "{kernel:?} has a workgroup of {size:?}");
    // The layout is taken from what the entry point uses, and buffers are bound 0, 1, 2 ...: none may be unused.
    let mut bindings: Vec<u32> =
        module.global_variables.iter().filter_map(|(_, v)| v.binding.map(|b| b.binding)).collect();
    bindings.sort();
    assert_eq!(bindings, (0..bindings.len() as u32).collect::<Vec<_>>(), "{kernel:?}");
    for (handle, variable) in module.global_variables.iter() {
        assert!(!info.get_entry_point(0)[handle].is_empty(), "{kernel:?} does not use {:?}", variable.name);
    }
    let workgroup = module.global_variables.iter().filter(|(_, v)| v.space == naga::AddressSpace::WorkGroup);
    let bytes: u32 = workgroup.map(|(_, v)| module.types[v.ty].inner.size(module.to_ctx())).sum();
    assert!(bytes <= 16384, "{kernel:?} needs {bytes} bytes of workgroup memory");
    let buffers = module.global_variables.iter().filter(|(_, v)| matches!(v.space, naga::AddressSpace::Storage { .. }));
    assert!(buffers.count() <= 8, "{kernel:?} binds more storage buffers than every device allows");
}

#[test]
fn conv2d() {
    let (same, up, down) = (ConvShape::same, ConvShape::up, ConvShape::down);
    let mut layers = vec![
        // UNet.
        same(6, 160, 3),
        same(160, 3, 3),
        down(160, 160, 1, 1),
        down(320, 320, 1, 1),
        up(320, 320),
        up(640, 640),
        // Autoencoder.
        same(3, 128, 3),
        same(512, 3, 3),
        same(3, 3, 1),
        same(3, 512, 3),
        same(128, 3, 3),
        down(128, 128, 0, 1),
        down(256, 256, 0, 1),
        up(512, 512),
        up(256, 256),
    ];
    layers.extend(shipped::convolutions().unwrap());
    let resnet = [128, 160, 256, 320, 480, 512, 640, 960, 1280];
    for c_in in resnet {
        for c_out in resnet {
            layers.push(same(c_in, c_out, 3));
            layers.push(same(c_in, c_out, 1));
        }
    }
    for (c_in, c_out) in [(160, 192), (192, 160), (192, 576), (192, 192), (192, 768), (768, 192), (32, 64), (160, 640)]
    {
        layers.push(same(c_in, c_out, 1));
    }
    // Channels that are no multiples of 4.
    layers.extend([up(5, 7), same(9, 10, 1), same(1, 1, 3)]);
    let mut texts = std::collections::HashSet::new();
    for layer in &layers {
        for form in forms() {
            let kernel = conv2d_kernel(layer, form);
            // Layers share their kernels: sizes are numbers of the uniform.
            if texts.insert(kernel.wgsl()) {
                validate(&kernel);
            }
        }
    }
    println!("{} different convolutions", texts.len());
}

/// Every way in which a convolution is used.
fn forms() -> Vec<ConvForm> {
    let mut forms = Vec::new();
    for bits in 0..64u32 {
        let [tiled, wide, half, residual, norm_silu, _] = [1, 2, 4, 8, 16, 32].map(|bit| bits & bit > 0);
        let (norm, rms) = (tiled && bits & 48 >= 32, tiled && bits & 48 == 16);
        for activation in [None, Some(Activation::Silu), Some(Activation::Gelu)] {
            forms.push(ConvForm {
                tiled,
                wide,
                half,
                norm,
                rms,
                norm_silu: norm_silu && (norm || rms),
                residual,
                activation,
            });
        }
    }
    forms
}

#[test]
fn pack_conv2d() {
    for (phases, half) in [(false, false), (false, true), (true, false)] {
        validate(&pack_conv2d_kernel(phases, half));
    }
}

#[test]
fn norms() {
    for flag in [false, true] {
        for eps in [1e-5, 1e-6] {
            group_norm_kernels(eps, flag).iter().for_each(validate);
            validate(&group_norm_small_kernel(eps, flag));
        }
        validate(&rms_norm_kernel(flag));
        validate(&norm_apply_kernel(flag, false));
        validate(&norm_apply_kernel(flag, true));
    }
}

#[test]
fn the_rest() {
    for flag in [false, true] {
        validate(&bicubic_kernel(flag));
        validate(&wiener_kernel(flag));
    }
    [4, 64, 300, 512].into_iter().for_each(|dim| validate(&attention_kernel(dim)));
    [(false, false), (true, false), (true, true)].into_iter().for_each(|(f, m)| validate(&scale_kernel(f, m)));
    validate(&bicubic_residual_kernel());
    validate(&parameter_free_attention_kernel(4.0));
    validate(&posterior_kernel());
    resshift::gpu::peak::peak_kernels().iter().for_each(validate);
}

#[test]
fn window_attention() {
    for mask in [MaskKind::Released, MaskKind::Textbook] {
        for (window, shift) in [(8, 0), (8, 4), (4, 2), (4, 0)] {
            validate(&window_attention_kernel(6, 32, window, shift, mask));
            validate(&window_attention_kernel(1, 64, window, shift, mask));
        }
    }
}

#[test]
fn nearest_code() {
    for channels in [3, 4] {
        validate(&nearest_code_kernel(channels));
    }
}

/// What it is for, what it computes, what it binds in which shapes, and how it is launched.
#[test]
fn every_file_begins_with_its_description() {
    let files = |folder: &str| std::fs::read_dir(format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    for entry in files("shaders").chain(files("shaders/include")) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let header: Vec<&str> = text.lines().take_while(|line| line.starts_with("//")).collect();
        let has = |start: &str| header.iter().any(|line| line.starts_with(start));
        let equation =
            header.iter().any(|line| line.starts_with("//   ") && (line.contains(" = ") || line.contains(" <- ")));
        let purpose = header.iter().position(|line| *line == "//");
        assert!(purpose.is_some_and(|end| (1..5).contains(&end)), "{path:?} does not say what it is for");
        assert!(equation, "{path:?} does not say what it computes");
        assert!(
            has("// Bindings") && header.iter().any(|line| line.contains('[')),
            "{path:?} does not say what it binds"
        );
        // An included file is launched by others.
        let included = path.parent().is_some_and(|folder| folder.ends_with("include"));
        assert!(included || has("// Workgroup: "), "{path:?} does not say how it is launched");
    }
}

#[test]
fn a_broken_shader_is_refused() {
    let refused = |text: &str| std::panic::catch_unwind(|| validate_text(&wiener_kernel(false), text)).is_err();
    let shader = |size: &str, globals: &str, body: &str| {
        format!("{globals}\n@compute @workgroup_size({size}) fn main() {{ {body} }}")
    };
    let buffer = |i: usize| format!("@group(0) @binding({i}) var<storage, read_write> b{i}: array<f32>;");
    let buffers = |count: usize| (0..count).map(buffer).collect::<String>();
    let used = |count: usize| (0..count).map(|i| format!("b{i}[0] = 1.0; ")).collect::<String>();
    let room = |bytes: usize| format!("var<workgroup> scratch: array<f32, {}>;", bytes / 4);
    for text in [shader("256", &buffers(8), &used(8)), shader("1", &room(16384), "scratch[0] = 1.0;")] {
        assert!(!refused(&text), "{text}");
    }
    for text in [
        "no shader".to_string(),
        // No f32; no such name; f16 without its extension.
        shader("1", "", "let x: f32 = 1u;"),
        shader("1", "", "missing = 1.0;"),
        shader("1", "", "let x = 1.0h;"),
        shader("257", "", ""),
        shader("1", &buffers(9), &used(9)),
        shader("1", &buffers(2), &used(1)),
        shader("1", &buffer(1), "b1[0] = 1.0;"),
        shader("1", &room(16388), "scratch[0] = 1.0;"),
    ] {
        assert!(refused(&text), "{text}");
    }
}
