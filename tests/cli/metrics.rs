//! The metrics against published and independently computed values.

use resshift::image::encode::to_u8;
use resshift::image::{Limits, Pixels, decode};
use resshift::metrics::{Lpips, Niqe, Plane, imresize, psnr_y, ssim_y};

/// `tests/metrics/{name}.png`: LPIPS's own example, a patch and two distortions of it.
fn example(name: &str) -> Pixels {
    let file = std::fs::read(format!("{}/tests/metrics/{name}.png", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let picture = decode(&file, &Limits::default()).unwrap();
    let data = picture.rgb.iter().map(|&v| to_u8(v)).collect();
    Pixels { width: picture.width, height: picture.height, channels: 3, data }
}

fn weights(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/metrics/{name}.safetensors", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// 300 x 210 pixels of texture, by whole-number arithmetic.
fn texture() -> Pixels {
    let sample = |x: u64, y: u64, c: u64| {
        let waves = (x * x * 3 + y * y * 5 + x * y * (c + 1)) >> 6 & 127;
        let mixed = ((x * 73_856_093) ^ (y * 19_349_663) ^ ((c + 1) * 83_492_791)) as u32;
        (waves as u32 + (mixed.wrapping_mul(2_654_435_761) >> 26)) as u8
    };
    let data = (0..300 * 210 * 3).map(|i| sample(i / 3 % 300, i / 900, i % 3)).collect();
    Pixels { width: 300, height: 210, channels: 3, data }
}

fn close(what: &str, got: f64, want: f64, tolerance: f64) {
    println!("{what}: {got}, expected {want} to {tolerance:.0e}");
    assert!((got - want).abs() <= tolerance, "{what}: {got} instead of {want}");
}

/// Published: 0.722 and 0.138. 5e-4: three digits are printed, and the weights are f16.
#[test]
fn lpips_of_the_published_example() {
    let lpips = Lpips::load(weights("lpips_alex")).unwrap();
    let reference = example("ex_ref");
    close("LPIPS p0", lpips.distance(&example("ex_p0"), &reference).unwrap(), 0.7219, 5e-4);
    close("LPIPS p1", lpips.distance(&example("ex_p1"), &reference).unwrap(), 0.1376, 5e-4);
    assert_eq!(lpips.distance(&reference, &reference).unwrap(), 0.0);
    let small = Pixels { width: 30, height: 40, channels: 3, data: vec![0; 3600] };
    assert_eq!(lpips.distance(&small, &small).unwrap_err().code(), "bad-option");
    assert_eq!(lpips.distance(&small, &reference).unwrap_err().code(), "bad-option");
}

/// Computed with NumPy and SciPy in f64; 1e-9: f64 sums in another order.
#[test]
fn psnr_and_ssim_of_the_luma() {
    let (reference, p0, p1) = (example("ex_ref"), example("ex_p0"), example("ex_p1"));
    let psnr = |picture, border| psnr_y(picture, &reference, border).unwrap();
    close("PSNR-Y p0", psnr(&p0, 0), 19.44681500450769, 1e-9);
    close("PSNR-Y p1", psnr(&p1, 0), 15.243095632740427, 1e-9);
    close("PSNR-Y p1 without a border", psnr(&p1, 4), 15.56858256248949, 1e-9);
    let ssim = |picture, border| ssim_y(picture, &reference, border).unwrap();
    close("SSIM-Y p0", ssim(&p0, 0), 0.45293638404160735, 1e-9);
    close("SSIM-Y p0 without a border", ssim(&p0, 4), 0.4191287624209747, 1e-9);
    close("SSIM-Y p1", ssim(&p1, 0), 0.31104066962819693, 1e-9);
    assert_eq!((psnr(&reference, 4), ssim(&reference, 4)), (f64::INFINITY, 1.0));
    let smaller = Pixels { width: 2, height: 2, channels: 3, data: vec![0; 12] };
    assert_eq!(psnr_y(&smaller, &reference, 0).unwrap_err().code(), "bad-option");
    assert!(ssim_y(&smaller, &smaller, 4).unwrap().is_nan());
}

/// Computed with NumPy and SciPy from the same pristine statistics. 1e-3: those are stored as f32 here.
#[test]
fn niqe_of_a_texture() {
    let niqe = Niqe::load(weights("niqe")).unwrap();
    close("NIQE", niqe.score(&texture()).unwrap(), 20.236293268744976, 1e-3);
    assert_eq!(niqe.score(&example("ex_ref")), None, "64 x 64 pixels are less than two blocks");
    let flat = Pixels { width: 300, height: 210, channels: 3, data: vec![90; 189_000] };
    assert_eq!(niqe.score(&flat), None, "one colour has no statistics");
}

/// Values of an independent implementation; a constant stays one, and whole factors keep the mean.
#[test]
fn imresize_as_matlab() {
    let half = imresize(&Plane::luma(&texture()), 0.5);
    assert_eq!((half.width, half.height), (150, 105));
    for (x, y, want) in [(0, 0, 46.971698635684746), (77, 50, 126.72623155338064), (149, 104, 87.18343295880484)] {
        close("half", half.data[y * 150 + x], want, 1e-9);
    }
    let quarter = imresize(&Plane::luma(&example("ex_ref")), 0.25);
    for (x, y, want) in [(0, 0, 224.72880667287882), (9, 7, 142.31267537717957), (15, 15, 136.84007977634246)] {
        close("quarter", quarter.data[y * 16 + x], want, 1e-9);
    }
    let constant = imresize(&Plane { width: 9, height: 7, data: vec![3.5; 63] }, 0.25);
    assert_eq!((constant.width, constant.height), (3, 2));
    assert!(constant.data.iter().all(|v| (v - 3.5).abs() < 1e-12));
}

#[test]
fn wrong_weights_are_refused() {
    for wrong in [vec![], b"not weights at all".to_vec(), weights("niqe")] {
        assert_eq!(Lpips::load(wrong).err().unwrap().code(), "bad-weights");
    }
    assert_eq!(Niqe::load(weights("lpips_alex")).err().unwrap().code(), "bad-weights");
}
