//! Grey stays grey, black stays black, white stays white.

use crate::support::{compact_folder, cpu};
use pollster::block_on;
use resshift::Result;
use resshift::chain::run_context::{Event, Unwatched, Watch};
use resshift::image::{Picture, Pixels};
use resshift::model::UPSCALE;
use resshift::upscaler::{Options, Upscaler};

fn run(picture: &Picture) -> Pixels {
    watched(picture, 1, &mut Unwatched)
}

fn watched(picture: &Picture, steps: usize, watch: &mut impl Watch) -> Pixels {
    let (config, files) = compact_folder();
    let upscaler = Upscaler::load(config, files, &cpu()).unwrap();
    let options = Options { steps: Some(steps), ..Options::default() };
    block_on(upscaler.upscale(picture, &options, watch)).unwrap()
}

/// Takes every preview that is offered.
#[derive(Default)]
struct Previews {
    clock: f64,
    shown: Vec<(usize, usize, Pixels)>,
}

impl Watch for Previews {
    fn event(&mut self, event: Event<'_>) {
        if let Event::Preview { x, y, pixels } = event {
            self.shown.push((x, y, pixels.clone()));
        }
    }

    async fn pause(&mut self) -> Result<()> {
        self.clock += 1000.0;
        Ok(())
    }

    fn now(&self) -> f64 {
        self.clock
    }

    fn previews(&self) -> bool {
        true
    }
}

/// A page with a white margin, a black bar and lines of grey, `tint` levels away from it at some pixels.
fn page(tint: f32) -> Picture {
    let (width, height) = (32, 24);
    let grey = |x: usize, y: usize| match (x, y) {
        (0..8, _) => 1.0,
        (8..16, _) => 0.0,
        _ => 0.3 + 0.4 * ((x / 2 + y / 3) % 2) as f32,
    };
    let pixel = |i: usize| {
        let value: f32 = grey(i % width, i / width);
        let other = (value + tint / 255.0 * (i % 3) as f32 / 2.0).min(1.0);
        [value, other, value]
    };
    Picture { width, height, rgb: (0..width * height).flat_map(pixel).collect(), alpha: None }
}

fn at(result: &Pixels, x: usize, y: usize) -> &[u8] {
    &result.data[(y * result.width + x) * result.channels..][..3]
}

#[test]
fn grey_with_the_noise_of_jpeg_stays_grey() {
    for tint in [0.0, 2.0] {
        let result = run(&page(tint));
        assert!(result.data.chunks_exact(3).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]), "tint {tint}");
    }
    let coloured = run(&page(40.0));
    assert!(coloured.data.chunks_exact(3).any(|pixel| pixel[0].abs_diff(pixel[1]) > 4));
}

#[test]
fn inside_black_and_white_nothing_is_painted() {
    let picture = page(0.0);
    let result = run(&picture);
    for y in 0..picture.height * UPSCALE {
        for x in (0..7 * UPSCALE).chain(9 * UPSCALE..15 * UPSCALE) {
            let expected = if x < 7 * UPSCALE { 255 } else { 0 };
            assert_eq!(at(&result, x, y), [expected; 3], "at {x}, {y}");
        }
    }
}

#[test]
fn previews_keep_what_the_result_keeps() {
    let mut watch = Previews::default();
    watched(&page(0.0), 4, &mut watch);
    assert!(!watch.shown.is_empty());
    for (left, top, pixels) in &watch.shown {
        assert_eq!((*left, *top), (0, 0));
        assert!(pixels.data.chunks_exact(3).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]));
        assert_eq!(at(pixels, 3, 3), [255; 3]);
        assert_eq!(at(pixels, 12 * UPSCALE, 3), [0; 3]);
    }
}

/// Colours that cannot be seen do not make a picture coloured.
#[test]
fn what_is_transparent_does_not_count() {
    let mut picture = page(0.0);
    let alpha: Vec<f32> = (0..picture.width * picture.height).map(|i| f32::from(i % picture.width > 20)).collect();
    for (pixel, &alpha) in picture.rgb.chunks_exact_mut(3).zip(&alpha) {
        if alpha == 0.0 {
            pixel.copy_from_slice(&[0.0, 1.0, 0.0]);
        }
    }
    let result = run(&Picture { alpha: Some(alpha), ..picture });
    assert!(result.data.chunks_exact(4).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]));
}
