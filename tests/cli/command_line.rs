//! The command line, run as a user runs it.

use resshift::image::{Limits, Pixels, decode, encode_png};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Runs `resshift` in `folder`.
fn resshift(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_resshift")).current_dir(folder).args(arguments).output().unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// An RGBA picture without two equal pixels.
fn write_picture(path: &Path, width: usize, height: usize) {
    let data = (0..width * height * 4).map(|at| (at * 53 % 256) as u8).collect();
    std::fs::write(path, encode_png(&Pixels { width, height, channels: 4, data }).unwrap()).unwrap();
}

/// A folder with the picture `in.png`.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    write_picture(&folder.path().join("in.png"), 8, 8);
    folder
}

/// Fails with this code, one sentence and one line of advice, and writes nothing. What it runs on may be said
/// before.
fn fails(folder: &TempDir, arguments: &[&str], code: &str, says: &str) {
    let before = names(folder);
    let output = resshift(folder.path(), arguments);
    let errors = errors(&output);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
    let lines: Vec<_> = errors.lines().filter(|line| !line.starts_with("Running on")).collect();
    assert_eq!(lines.len(), 2, "{errors}");
    assert!(lines[0].starts_with(&format!("error[{code}]: ")) && lines[0].contains(says), "{errors}");
    assert!(lines[1].ends_with('.'), "{errors}");
    // Advice for someone in front of a page is no help here.
    assert!(!lines[1].contains("page") && !lines[1].contains("browser"), "{errors}");
    assert!(output.stdout.is_empty());
    assert_eq!(names(folder), before);
}

fn names(folder: &TempDir) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

#[test]
fn help_names_every_option() {
    let folder = folder();
    let output = resshift(folder.path(), &["upscale", "--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    for option in ["<IN>", "-o, --output", "--model", "--steps", "--seed", "--temperature", "--tile", "--device"] {
        assert!(help.contains(option), "{option}: {help}");
    }
    assert!(help.contains("auto, webgpu, cpu"), "{help}");
    let output = resshift(folder.path(), &["--version"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), concat!("resshift ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_use_exits_with_2_and_names_the_option() {
    let folder = folder();
    let cases: [(&[&str], &str); 10] = [
        (&[], "Usage"),
        (&["upscale", "in.png"], "--output"),
        (&["upscale", "-o", "out.png"], "<IN>"),
        (&["upscale", "in.png", "-o", "out.png", "--steps", "1.5"], "--steps"),
        (&["upscale", "in.png", "-o", "out.png", "--steps", "many"], "--steps"),
        (&["upscale", "in.png", "-o", "out.png", "--tile", "0"], "--tile"),
        (&["upscale", "in.png", "-o", "out.png", "--seed", "-1"], "-1"),
        (&["upscale", "in.png", "-o", "out.png", "--temperature", "-0.5"], "--temperature"),
        (&["upscale", "in.png", "-o", "out.png", "--temperature", "nan"], "--temperature"),
        (&["upscale", "in.png", "-o", "out.png", "--device", "abacus"], "--device"),
    ];
    for (arguments, says) in cases {
        let output = resshift(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(errors(&output).contains(says), "{arguments:?}: {}", errors(&output));
    }
}

#[test]
fn an_input_that_is_no_picture_is_named_so() {
    let folder = folder();
    let file = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let whole = std::fs::read(folder.path().join("in.png")).unwrap();
    file("text.png", b"not a picture");
    file("cut.png", &whole[..whole.len() / 2]);
    file("empty.png", b"");
    let case = |name, code, says| fails(&folder, &["upscale", name, "-o", "out.png"], code, says);
    case("text.png", "not-an-image", "GIF, BMP or TIFF");
    case("cut.png", "bad-image", "ends too early");
    case("empty.png", "no-input", "no file");
    case("missing.png", "file", "missing.png");
    case(".", "file", ".");
    // 5000 x 4000 pixels of zeros are a small file.
    let data = vec![0; 5000 * 4000 * 3];
    file("huge.png", &encode_png(&Pixels { width: 5000, height: 4000, channels: 3, data }).unwrap());
    case("huge.png", "image-too-large", "5000 x 4000");
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_any_work() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("folder.png")).unwrap();
    std::fs::write(folder.path().join("plain"), b"").unwrap();
    let case = |output, code, says| fails(&folder, &["upscale", "in.png", "-o", output], code, says);
    case("out.bmp", "bad-option", ".png");
    case("out", "bad-option", ".png");
    case("in.png", "bad-option", "replace the input");
    case("./folder.png/../in.png", "bad-option", "replace the input");
    case("nowhere/out.png", "file", "nowhere");
    case("plain/out.png", "file", "plain");
    case("folder.png", "file", "folder.png");
}

/// SHA-256 of "weights".
const SHA256: &str = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c";

/// The name of a shard with that content.
const SHARD: &str = "model-9a129038.safetensors";

/// A model folder whose weights are `bytes`, while `model.json` names 7 bytes with [`SHA256`].
fn model(folder: &TempDir, name: &str, bytes: &[u8]) {
    let model = folder.path().join(name);
    std::fs::create_dir(&model).unwrap();
    std::fs::write(model.join(SHARD), bytes).unwrap();
    let json = format!(
        r#"{{"name": "{name}", "version": "1", "engine": "0.1.0", "scale": 4,
            "schedule": {{"steps": 1, "p": 0.3, "kappa": 2.0}},
            "arch": "compact", "network": {{"channels": [8], "enc_blocks": [1], "dec_blocks": [1], "emb": 8}},
            "bytes": 7, "shards": [{{"name": "{SHARD}", "bytes": 7, "sha256": "{SHA256}"}}],
            "licence": {{"name": "MIT", "commercial": true, "url": null}}}}"#
    );
    std::fs::write(model.join("model.json"), json).unwrap();
}

#[test]
fn a_model_that_is_not_what_it_says_is_refused() {
    let folder = folder();
    model(&folder, "swapped", b"weightz");
    model(&folder, "short", b"weigh");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    std::fs::create_dir(folder.path().join("broken")).unwrap();
    std::fs::write(folder.path().join("broken/model.json"), b"{").unwrap();
    let case = |name, code, says| {
        fails(&folder, &["upscale", "in.png", "-o", "out.png", "--device", "cpu", "--model", name], code, says);
    };
    case("swapped", "hash-mismatch", SHARD);
    case("short", "bad-weights", "5 bytes instead of 7");
    case("empty", "file", "model.json");
    case("nowhere", "file", "model.json");
    case("broken", "bad-weights", "model.json");
    std::fs::remove_file(folder.path().join("short").join(SHARD)).unwrap();
    case("short", "file", SHARD);
    // Without --model the folders that were searched are named.
    fails(&folder, &["upscale", "in.png", "-o", "out.png"], "bad-weights", "models/compact");
}

#[test]
fn weights_that_hold_no_tensors_are_refused() {
    let folder = folder();
    model(&folder, "text", b"weights");
    let arguments = ["upscale", "in.png", "-o", "out.png", "--device", "cpu", "--model", "text"];
    fails(&folder, &arguments, "bad-weights", "safetensors");
}

/// Upscales with the default model on the CPU, one step.
fn upscale(width: usize, height: usize) {
    let folder = TempDir::new().unwrap();
    let (input, output) = (folder.path().join("in.png"), folder.path().join("out.png"));
    write_picture(&input, width, height);
    std::fs::write(&output, b"to be replaced").unwrap();
    let paths = [input.to_str().unwrap(), "-o", output.to_str().unwrap()];
    let run = resshift(
        Path::new(env!("CARGO_MANIFEST_DIR")),
        &[&["upscale"], &paths[..], &["--device", "cpu", "--steps", "1", "--seed", "7"]].concat(),
    );
    let errors = errors(&run);
    assert_eq!(run.status.code(), Some(0), "{errors}");
    assert!(errors.contains("Running on the CPU."), "{errors}");
    let result = decode(&std::fs::read(&output).unwrap(), &Limits::default()).unwrap();
    assert_eq!((result.width, result.height), (4 * width, 4 * height));
    assert!(result.alpha.is_some(), "alpha is kept");
    assert_eq!(names(&folder), ["in.png", "out.png"], "no partial file stays");
}

#[test]
fn the_name_and_the_options_decide_what_is_written() {
    let folder = folder();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/models/compact");
    let cases: [(&str, &[&str], &[u8], (usize, usize)); 3] = [
        ("out.jpg", &["--width", "20"], b"\xFF\xD8\xFF", (20, 20)),
        ("out.webp", &["--scale", "1.5"], b"RIFF", (12, 12)),
        ("out.png", &["--depth", "16", "--width", "9", "--height", "31"], b"\x89PNG", (9, 31)),
    ];
    for (name, options, magic, size) in cases {
        let run = ["upscale", "in.png", "-o", name, "--device", "cpu", "--steps", "1", "--model", model];
        let output = resshift(folder.path(), &[&run[..], options].concat());
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        let file = std::fs::read(folder.path().join(name)).unwrap();
        assert!(file.starts_with(magic), "{name}");
        let result = decode(&file, &Limits::default()).unwrap();
        assert_eq!((result.width, result.height), size, "{name}");
    }
    fails(&folder, &["upscale", "in.png", "-o", "out2.png", "--width", "33"], "bad-option", "1 to 32 x 32 pixels");
    fails(&folder, &["upscale", "in.png", "-o", "out2.png", "--scale", "0"], "bad-option", "scale");
}

#[test]
fn no_steps_are_for_models_that_draw_y0() {
    let folder = folder();
    let run = |model| ["upscale", "in.png", "-o", "out.png", "--device", "cpu", "--steps", "0", "--model", model];
    fails(&folder, &run(concat!(env!("CARGO_MANIFEST_DIR"), "/models/compact")), "bad-option", "draws none");
    let drawn = resshift(folder.path(), &run(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/tiny_prior")));
    assert_eq!(drawn.status.code(), Some(0), "{}", errors(&drawn));
    let result = decode(&std::fs::read(folder.path().join("out.png")).unwrap(), &Limits::default()).unwrap();
    assert_eq!((result.width, result.height), (32, 32));
}

#[test]
fn a_picture_becomes_four_times_as_large() {
    upscale(8, 8);
}

/// As long as the usual file systems allow, and longer.
#[test]
fn a_name_may_be_as_long_as_the_file_system_allows() {
    let folder = folder();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/models/nano");
    let named = |bytes: usize| format!("{}.png", "n".repeat(bytes - 4));
    for name in [named(245), named(255), format!("{}n.png", "ö".repeat(125))] {
        let run = ["upscale", "in.png", "-o", &name, "--device", "cpu", "--steps", "1", "--model", model];
        let output = resshift(folder.path(), &run);
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        assert!(folder.path().join(&name).is_file());
    }
    // Before the model is looked for.
    fails(&folder, &["upscale", "in.png", "-o", &named(256), "--model", "nowhere"], "file", "nnn");
}

#[test]
fn a_single_pixel_becomes_sixteen() {
    upscale(1, 1);
}

fn golden(name: &str) -> String {
    format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The tiny networks, as PyTorch wrote them.
fn convert(folder: &TempDir, more: &[&str]) -> Output {
    let (unet, autoencoder) = (golden("tiny_unet.trainckpt.pth"), golden("tiny_vq.pth"));
    let (config, vq_config) = (golden("tiny_unet.config.json"), golden("tiny_vq.config.json"));
    let arguments = ["convert", "--unet", &unet, "--autoencoder", &autoencoder, "--autoencoder-config", &vq_config];
    resshift(folder.path(), &[&arguments[..], &["--config", &config, "-o", "tiny"], more].concat())
}

#[test]
fn checkpoints_become_a_model_that_runs() {
    for dtype in ["f16", "f32", "int8"] {
        let folder = folder();
        let output = convert(&folder, &["--dtype", dtype]);
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        assert!(errors(&output).contains("They may not be used commercially."), "{}", errors(&output));
        assert_eq!(names(&folder), ["in.png", "tiny"], "no partial folder stays");
        let run = ["upscale", "in.png", "-o", "out.png", "--device", "cpu", "--model", "tiny", "--steps", "2"];
        let output = resshift(folder.path(), &run);
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        // Never over something that is there.
        let again = convert(&folder, &[]);
        assert_eq!(again.status.code(), Some(1));
        assert!(errors(&again).starts_with("error[file]: tiny: "), "{}", errors(&again));
    }
}

#[test]
fn a_model_can_be_stored_otherwise() {
    let folder = TempDir::new().unwrap();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/models/compact");
    for dtype in ["f32", "int8"] {
        let output = resshift(folder.path(), &["convert", "--model", model, "-o", dtype, "--dtype", dtype]);
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        let json: serde_json::Value =
            serde_json::from_slice(&std::fs::read(folder.path().join(dtype).join("model.json")).unwrap()).unwrap();
        assert_eq!(json["provenance"]["dtype"], dtype);
        assert_eq!(json["licence"]["commercial"], true);
        assert!(json["version"].as_str().unwrap().ends_with(dtype));
    }
    for wrong in [&["convert", "-o", "x"][..], &["convert", "-o", "x", "--unet", "a"], &["convert", "--model", model]] {
        assert_eq!(resshift(folder.path(), wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn checkpoints_that_do_not_fit_leave_no_folder() {
    let folder = folder();
    let (unet, autoencoder) = (golden("tiny_unet.pth"), golden("tiny_vq.pth"));
    let case = |unet: &str, autoencoder: &str, more: &[&str], code, says| {
        let arguments = ["convert", "--unet", unet, "--autoencoder", autoencoder, "-o", "out"];
        fails(&folder, &[&arguments[..], more].concat(), code, says);
    };
    case(&unet, &autoencoder, &[], "bad-checkpoint", "of the UNet's 540 tensors");
    case(&autoencoder, &unet, &[], "bad-checkpoint", "the file given as the UNet holds the autoencoder");
    case("in.png", &autoencoder, &[], "bad-checkpoint", "neither a PyTorch checkpoint nor a safetensors file");
    case("nowhere.pth", &autoencoder, &[], "file", "nowhere.pth");
    case(".", &autoencoder, &[], "file", ".");
    case(&unet, &autoencoder, &["--config", "other"], "bad-option", "realsr-v3");
    case(&unet, &autoencoder, &["--config", "other.json"], "file", "other.json");
}
