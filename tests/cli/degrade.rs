//! Test pictures: sizes, repeatability, and what each kind does.

use resshift::degrade::{Degradation, degrade};
use resshift::image::Pixels;
use resshift::metrics::psnr_y;

const KINDS: [Degradation; 4] = [Degradation::Clean, Degradation::Mild, Degradation::Real, Degradation::Paper];

/// Bars and discs with soft shading.
fn picture(width: usize, height: usize) -> Pixels {
    let at = |x: usize, y: usize, c: usize| {
        let disc = (x as i64 - 40).pow(2) + (y as i64 - 30).pow(2) < 400;
        let bars = (x / 12 + y / 20).is_multiple_of(2);
        60 + 10 * c as u8 + 100 * u8::from(disc) + 40 * u8::from(bars) + (x / 8) as u8 % 16
    };
    let data = (0..width * height * 3).map(|i| at(i / 3 % width, i / 3 / width, i % 3)).collect();
    Pixels { width, height, channels: 3, data }
}

#[test]
fn a_quarter_of_the_size_by_seed() {
    for kind in KINDS {
        let a = degrade(&picture(130, 99), kind, 1);
        assert_eq!((a.width, a.height, a.channels, a.data.len()), (32, 24, 3, 32 * 24 * 3));
        assert_eq!(a, degrade(&picture(130, 99), kind, 1), "{kind:?}");
        if kind != Degradation::Clean {
            assert_ne!(a, degrade(&picture(130, 99), kind, 2), "{kind:?}");
        }
    }
    for side in [4, 5, 7, 16] {
        for kind in KINDS {
            assert_eq!(degrade(&picture(side, side), kind, 3).width, side / 4);
        }
    }
}

/// More is done to the picture from kind to kind, on average over seeds; none of them shifts it or its colours: a
/// constant stays one, apart from noise, whose mean is 0.
#[test]
fn each_kind_does_what_it_says() {
    let source = picture(128, 96);
    let clean = degrade(&source, Degradation::Clean, 0);
    let fidelity = |kind| {
        let psnr = |seed| psnr_y(&degrade(&source, kind, seed), &clean, 0).unwrap();
        (0..16).map(psnr).sum::<f64>() / 16.0
    };
    let [mild, paper, real] = [Degradation::Mild, Degradation::Paper, Degradation::Real].map(fidelity);
    println!("PSNR-Y beside clean: mild {mild:.1}, paper {paper:.1}, real {real:.1} dB");
    assert!(mild > paper && paper > real, "{mild} {paper} {real}");
    assert!(mild < 40.0 && real > 15.0, "{mild} {real}");

    let grey = Pixels { width: 128, height: 96, channels: 3, data: [90, 120, 150].repeat(128 * 96) };
    for kind in KINDS {
        for seed in 0..8 {
            let lr = degrade(&grey, kind, seed);
            for (c, want) in [90.0, 120.0, 150.0].into_iter().enumerate() {
                let mean = lr.data.iter().skip(c).step_by(3).map(|&v| f64::from(v)).sum::<f64>() / 768.0;
                // Noise of 30/255, seen through JPEG, in the mean of 768 pixels.
                assert!((mean - want).abs() < 4.0, "{kind:?} {seed}: {mean} instead of {want}");
            }
        }
    }
}
