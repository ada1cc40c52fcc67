//! `resshift eval`, run as a user runs it.

use resshift::degrade::{Degradation, degrade};
use resshift::image::{Limits, Pixels, decode, encode_png};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn eval(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_resshift"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["eval", "--device", "cpu", "--steps", "1"]);
    command.args(arguments).output().unwrap()
}

fn report(arguments: &[&str]) -> Value {
    let output = eval(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The sample of the page, and a part of it.
fn pictures() -> [Pixels; 2] {
    let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/www/samples/cat.png")).unwrap();
    let cat = decode(&file, &Limits::default()).unwrap();
    [(cat.width, cat.height), (50, 41)].map(|(width, height)| {
        let rows = cat.rgb.chunks_exact(cat.width * 3).take(height);
        let data = rows.flat_map(|row| &row[..width * 3]).map(|v| (v * 255.0).round() as u8).collect();
        Pixels { width, height, channels: 3, data }
    })
}

fn write(path: &Path, picture: &Pixels) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, encode_png(picture).unwrap()).unwrap();
}

#[test]
fn reports_ours_beside_bicubic() {
    let folder = TempDir::new().unwrap();
    let set = folder.path().join("set");
    for (name, picture) in ["b", "a"].into_iter().zip(pictures()) {
        write(&set.join(format!("HR/{name}.png")), &picture);
    }
    let path = set.to_str().unwrap();
    let sheet = folder.path().join("sheet.png");
    let made = report(&[path, "--sheet", sheet.to_str().unwrap()]);
    let images = made["images"].as_array().unwrap();
    assert_eq!(images.iter().map(|image| image["name"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(images[0]["dataset"], "set");
    for who in ["ours", "bicubic"] {
        for metric in ["psnr_y", "ssim_y", "lpips"] {
            let [a, b, mean] =
                [&images[0][who], &images[1][who], &made["mean"][who]].map(|v| v[metric].as_f64().unwrap());
            assert!((mean - (a + b) / 2.0).abs() < 1e-9, "{who} {metric}: {mean} of {a} and {b}");
        }
    }
    let lpips = |report: &Value, who: &str| report["mean"][who]["lpips"].as_f64().unwrap();
    assert!(lpips(&made, "ours") < lpips(&made, "bicubic"), "{made}");
    assert_eq!((made["steps"].as_u64(), made["degradation"].as_str()), (Some(1), Some("clean")));
    assert!(images[0]["ours"]["niqe"].is_null(), "too small for NIQE");

    // Four pictures side by side, at most 256 pixels of each, one row per picture.
    let [cat, part] = pictures().map(|p| (p.width / 4 * 4, p.height / 4 * 4));
    let result = decode(&std::fs::read(&sheet).unwrap(), &Limits::default()).unwrap();
    assert_eq!((result.width, result.height), (4 * cat.0.min(256), cat.1.min(256) + part.1));

    // Stored low-resolution pictures are what clean means; the same ones give the same result.
    for (name, picture) in ["b", "a"].into_iter().zip(pictures()) {
        write(&set.join(format!("LRx4/{name}.png")), &degrade(&picture, Degradation::Clean, 0));
    }
    assert_eq!(report(&[path])["mean"], made["mean"]);
    let real = report(&[path, "--degradation", "real"]);
    assert!(lpips(&real, "bicubic") > lpips(&made, "bicubic"), "{real}");
    assert_eq!(report(&[path, "--limit", "1"])["images"].as_array().unwrap().len(), 1);
    std::fs::remove_file(set.join("LRx4/a.png")).unwrap();
    let missing = eval(&[path]);
    assert!(String::from_utf8_lossy(&missing.stderr).contains("LRx4 of"), "a missing input is named");
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn pictures_without_reference_have_niqe_only() {
    let folder = TempDir::new().unwrap();
    write(&folder.path().join("cat.png"), &pictures()[1]);
    let report = report(&[folder.path().to_str().unwrap()]);
    assert!(report["mean"]["ours"]["niqe"].as_f64().unwrap() > 0.0);
    assert!(report["mean"]["bicubic"]["niqe"].as_f64().unwrap() > 0.0);
    assert!(report["mean"]["ours"]["psnr_y"].is_null());
}

#[test]
fn what_is_missing_is_said() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    for (arguments, code, says) in [
        (vec![path], "bad-option", "no pictures"),
        (vec!["nowhere"], "file", "nowhere"),
        (vec![path, "--metrics", path], "file", "lpips_alex.safetensors"),
        (vec![path, "--sheet", "sheet.jpg"], "bad-option", ".png"),
    ] {
        let output = eval(&arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
        assert!(errors.starts_with(&format!("error[{code}]: ")) && errors.contains(says), "{arguments:?}: {errors}");
    }
}
