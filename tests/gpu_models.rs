//! Whole networks on the GPU: the kernels inside the models that use them, and what they take.

mod support;

use pollster::block_on;
use resshift::chain::run_context::{Event, Unwatched, Watch};
use resshift::chain::snapshot::{Snapshot, State};
use resshift::chain::warmup::precompile;
use resshift::compute::Compute;
use resshift::gpu::{Cost, Gpu};
use resshift::image::{Picture, Pixels};
use resshift::model::Reach;
use resshift::model::config::{ModelConfig, UNetConfig, VqConfig};
use resshift::model::unet::UNet;
use resshift::model::vq::VqAutoencoder;
use resshift::ops::Map;
use resshift::upscaler::{Options, Upscaler};
use resshift::weights::Weights;
use std::rc::Rc;
use support::{Formula, Golden, compact_folder, json, max_error, tiny_prior_folder};

fn gpu() -> Rc<Gpu> {
    block_on(resshift::gpu::open()).expect("these tests need a GPU; an emulated one (mesa-vulkan-drivers) will do")
}

/// The tolerance of the CPU path, widened by the GPU's freedom in exp and division (WGSL allows 3 and 2.5 ulp).
const TOLERANCE: f64 = 5e-5;

/// Numbers and their shape, `[n, h, w, c]`.
type Array = (Vec<f32>, [usize; 4]);

/// A stored picture, channels last.
fn picture(golden: &Golden, name: &str) -> Array {
    let [n, c, h, w]: [usize; 4] = golden.f32(name).shape.try_into().unwrap();
    (golden.nhwc(name), [n, h, w, c])
}

/// Runs a network; what it forgets to write is NaN.
fn run(gpu: &Rc<Gpu>, inputs: &[Array], network: impl Fn(&[Map]) -> Map) -> (Vec<f32>, Cost) {
    let sizes: Vec<[usize; 4]> = inputs.iter().map(|input| input.1).collect();
    let stage = Compute::Gpu(gpu.clone()).prepare(&sizes, network).unwrap();
    let program = stage.program().unwrap();
    program.poison();
    let data: Vec<&[f32]> = inputs.iter().map(|input| input.0.as_slice()).collect();
    (block_on(stage.start(&data).finish()).unwrap(), program.cost())
}

/// Both forms of the convolution.
fn forms(gpu: &Rc<Gpu>) -> impl Iterator<Item = &'static str> {
    [("registers", false), ("tiles", true)].into_iter().map(|(name, tiled)| {
        gpu.set_tiled(tiled);
        name
    })
}

#[test]
fn tiny_unet() {
    let gpu = gpu();
    let config: UNetConfig = json("tiny_unet.config");
    let unet = UNet::load(&config, &Weights::new(Formula, &gpu)).unwrap();
    for form in forms(&gpu) {
        for name in ["tiny_unet.sq", "tiny_unet.wide"] {
            let golden = Golden::open(name);
            let steps = golden.steps("in.t");
            let time: Vec<f32> = steps.iter().flat_map(|&t| unet.time(t)).collect();
            let time = (time, [steps.len(), 1, 1, unet.time_channels()]);
            let inputs = [picture(&golden, "in.x"), time, picture(&golden, "in.lq")];
            let network = |maps: &[Map]| unet.forward_at(maps[0].clone(), &maps[1], maps[2].clone(), None);
            let (out, cost) = run(&gpu, &inputs, network);
            let error = max_error(&out, &golden.nhwc("out"));
            println!("{name} on the GPU, {form}: max |error| = {error:.1e}, tolerance {TOLERANCE:.0e}; {cost:?}");
            assert!(error <= TOLERANCE);
        }
    }
}

#[test]
fn tiny_vq() {
    let gpu = gpu();
    let config: VqConfig = json("tiny_vq.config");
    let vq = VqAutoencoder::load(&config, &Weights::new(Formula, &gpu)).unwrap();
    let golden = Golden::open("tiny_vq.wide");
    for form in forms(&gpu) {
        let (z, _) = run(&gpu, &[picture(&golden, "in.x")], |maps| vq.encode(&maps[0]));
        let error = max_error(&z, &golden.nhwc("encode"));
        println!("tiny_vq encode on the GPU, {form}: max |error| = {error:.1e}, tolerance {TOLERANCE:.0e}");
        assert!(error <= TOLERANCE);
        let z = [picture(&golden, "encode")];
        let (index, _) = run(&gpu, &z, |maps| vq.quantise(&maps[0]).1);
        let index: Vec<i32> = index.into_iter().map(|i| i as i32).collect();
        assert_eq!(index, golden.i32("indices").data);
        let (pixels, cost) = run(&gpu, &z, |maps| vq.decode(&vq.quantise(&maps[0]).0));
        let error = max_error(&pixels, &golden.nhwc("decode"));
        println!("tiny_vq decode on the GPU, {form}: max |error| = {error:.1e}, tolerance {TOLERANCE:.0e}; {cost:?}");
        assert!(error <= TOLERANCE);
    }
}

/// The released kinds of network with maps in f16. Their numbers are about 1, so a rounding is 2.4e-4; a few dozen in a
/// row add up to some 1e-3.
#[test]
fn tiny_networks_in_f16() {
    const IN_F16: f64 = 1e-2;
    let gpu = gpu();
    gpu.set_half_maps(true);
    let unet = UNet::load(&json::<UNetConfig>("tiny_unet.config"), &Weights::new(Formula, &gpu)).unwrap();
    let vq = VqAutoencoder::load(&json::<VqConfig>("tiny_vq.config"), &Weights::new(Formula, &gpu)).unwrap();
    for form in forms(&gpu) {
        let golden = Golden::open("tiny_unet.wide");
        let steps = golden.steps("in.t");
        let time: Vec<f32> = steps.iter().flat_map(|&t| unet.time(t)).collect();
        let time = (time, [steps.len(), 1, 1, unet.time_channels()]);
        let inputs = [picture(&golden, "in.x"), time, picture(&golden, "in.lq")];
        let (out, _) = run(&gpu, &inputs, |maps| unet.forward_at(maps[0].clone(), &maps[1], maps[2].clone(), None));
        let unet_error = max_error(&out, &golden.nhwc("out"));
        let golden = Golden::open("tiny_vq.wide");
        let z = [picture(&golden, "encode")];
        let (pixels, _) = run(&gpu, &z, |maps| vq.decode(&vq.quantise(&maps[0]).0));
        let vq_error = max_error(&pixels, &golden.nhwc("decode"));
        println!(
            "maps in f16, {form}: max |error| of tiny_unet {unet_error:.1e}, of tiny_vq's decoder {vq_error:.1e}, tolerance {IN_F16:.0e}"
        );
        assert!(unet_error <= IN_F16 && vq_error <= IN_F16);
        assert!(!gpu.f16 || unet_error > TOLERANCE, "nothing was stored as f16");
    }
}

fn small_picture() -> Picture {
    let rgb = (0..780).map(|i| (i * 29 % 64) as f32 / 63.0).collect();
    Picture { width: 20, height: 13, rgb, alpha: None }
}

/// The default model end to end: 8-bit pictures of the GPU and the CPU differ by one rounding at most, whole and in
/// bands, and with either form of the convolution.
#[test]
fn compact() {
    as_on_the_cpu(compact_folder, 2);
}

/// The same with a network that draws y0, and of y0 alone.
#[test]
fn compact_with_a_prior() {
    as_on_the_cpu(tiny_prior_folder, 2);
    as_on_the_cpu(tiny_prior_folder, 0);
}

fn as_on_the_cpu(folder: fn() -> (ModelConfig, Vec<Vec<u8>>), steps: usize) {
    let gpu = gpu();
    let run = |compute: &Compute, tile: Option<usize>| {
        let (config, files) = folder();
        let name = config.name.clone();
        let upscaler = Upscaler::load(config, files, compute).unwrap();
        let options = Options { steps: Some(steps), seed: 9, tile, ..Options::default() };
        let results: Vec<_> =
            (0..2).map(|_| block_on(upscaler.upscale(&small_picture(), &options, &mut Unwatched)).unwrap()).collect();
        assert_eq!(results[0], results[1], "the same seed must give the same picture");
        (name, results[0].data.clone())
    };
    let (name, cpu) = run(&Compute::cpu(), None);
    for form in forms(&gpu) {
        for tile in [None, Some(8)] {
            let (_, pixels) = run(&Compute::Gpu(gpu.clone()), tile);
            let worst = pixels.iter().zip(&cpu).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            println!("{name}, {steps} steps, GPU against CPU, {form}, tile {tile:?}: max |difference| = {worst}/255");
            assert!(worst <= 1);
        }
    }
}

/// y0 is drawn in f32 also where maps are stored as f16, as those of the decoder are: the same bits.
#[test]
fn y0_stays_in_f32() {
    let gpu = gpu();
    let model = support::model(tiny_prior_folder(), &gpu);
    let lr: Array = ((0..14 * 20 * 3).map(|i| (i * 29 % 64) as f32 / 32.0 - 1.0).collect(), [1, 14, 20, 3]);
    for form in forms(&gpu) {
        let both = |half: bool| {
            gpu.set_half_maps(half);
            let (code, _) = run(&gpu, std::slice::from_ref(&lr), |maps| model.latent.encode(&maps[0]));
            let inputs = [(code.clone(), [1, 14, 20, 48]), lr.clone()];
            (code, run(&gpu, &inputs, |maps| model.latent.decode(&maps[0], &maps[1])).0)
        };
        let (plain, half) = (both(false), both(true));
        assert!(plain.0 == half.0, "{form}");
        assert!(!gpu.f16 || plain.1 != half.1, "nothing was stored as f16");
    }
}

/// The same with maps in f16: pictures that differ by single roundings (69 dB were seen).
#[test]
fn compact_in_f16() {
    let gpu = gpu();
    let run = |compute: &Compute| {
        let (config, files) = compact_folder();
        let upscaler = Upscaler::load(config, files, compute).unwrap();
        let options = Options { steps: Some(2), seed: 9, ..Options::default() };
        block_on(upscaler.upscale(&small_picture(), &options, &mut Unwatched)).unwrap().data
    };
    let cpu = run(&Compute::cpu());
    gpu.set_half_maps(true);
    for form in forms(&gpu) {
        let pixels = run(&Compute::Gpu(gpu.clone()));
        let differences: Vec<f64> = pixels.iter().zip(&cpu).map(|(a, b)| f64::from(a.abs_diff(*b))).collect();
        let mean_square = differences.iter().map(|d| d * d).sum::<f64>() / differences.len() as f64;
        let psnr = 10.0 * (255.0 * 255.0 / mean_square).log10();
        let worst = differences.iter().fold(0f64, |a, &b| a.max(b));
        println!("compact with maps in f16 against the CPU, {form}: {psnr:.1} dB, max |difference| = {worst}/255");
        assert!(!gpu.f16 || mean_square > 0.0, "nothing was stored as f16");
        assert!(psnr >= 60.0 && worst <= 2.0);
    }
}

/// Between the first step and the last nothing is made on the GPU: no pipeline, bind group or buffer.
#[test]
fn the_steady_state_makes_nothing() {
    struct Watcher<'a>(&'a Gpu, Vec<resshift::gpu::Made>);
    impl resshift::chain::run_context::Watch for Watcher<'_> {
        fn event(&mut self, event: resshift::chain::run_context::Event<'_>) {
            if let resshift::chain::run_context::Event::Step { .. } = event {
                self.1.push(self.0.made());
            }
        }
        async fn pause(&mut self) -> resshift::Result<()> {
            Ok(())
        }
    }
    let gpu = gpu();
    let (config, files) = compact_folder();
    let upscaler = Upscaler::load(config, files, &Compute::Gpu(gpu.clone())).unwrap();
    for tile in [None, Some(8)] {
        let mut watch = Watcher(&gpu, Vec::new());
        let options = Options { steps: Some(4), tile, ..Options::default() };
        block_on(upscaler.upscale(&small_picture(), &options, &mut watch)).unwrap();
        println!("made before the first step's end, tile {tile:?}: {:?}", watch.1[0]);
        assert!(watch.1.len() >= 4 && watch.1[0].pipelines > 0);
        assert!(watch.1.iter().all(|made| *made == watch.1[0]), "{:?}", watch.1);
    }
}

/// After a rehearsal, which knows no weights, a run of that size makes no pipeline any more.
#[test]
fn a_rehearsal_leaves_no_pipeline_to_make() {
    for folder in [compact_folder as fn() -> _, tiny_prior_folder] {
        for tiled in [false, true] {
            let gpu = gpu();
            gpu.set_tiled(tiled);
            let compute = Compute::Gpu(gpu.clone());
            let (config, files) = folder();
            precompile(&config, gpu.f16, &compute, 13, 20).unwrap();
            let precompiled = gpu.made();
            assert!(precompiled.pipelines > 10, "{precompiled:?}");
            assert_eq!((precompiled.bind_groups, precompiled.buffers), (0, 0));
            let upscaler = Upscaler::load(config, files, &compute).unwrap();
            let options = Options { steps: Some(2), ..Options::default() };
            block_on(upscaler.upscale(&small_picture(), &options, &mut Unwatched)).unwrap();
            println!("tiled {tiled}: {} pipelines, all of them precompiled", gpu.made().pipelines);
            assert_eq!(gpu.made().pipelines, precompiled.pipelines);
        }
    }
}

/// While a GPU's rows are read back the next band is computed: the first rows are final with the band that has all that they
/// depend on, and arrive when the next one has been started.
#[test]
fn reading_back_overlaps_computing() {
    #[derive(Default)]
    struct Order(Vec<&'static str>);
    impl Watch for Order {
        fn event(&mut self, event: Event<'_>) {
            if let Event::Step { .. } = event {
                self.0.push("arrives");
            }
        }
        async fn pause(&mut self) -> resshift::Result<()> {
            self.0.push("starts");
            Ok(())
        }
    }
    let gpu = gpu();
    let model = support::compact(&gpu);
    let Reach::Finite(reach) = model.denoiser.reach() else { panic!("the default model has no attention") };
    let (config, files) = compact_folder();
    let upscaler = Upscaler::load(config, files, &Compute::Gpu(gpu)).unwrap();
    let (band, mut order) = (8, Order::default());
    let picture = Picture { width: 8, height: 128, rgb: vec![0.5; 8 * 128 * 3], alpha: None };
    let options = Options { steps: Some(1), tile: Some(band), ..Options::default() };
    block_on(upscaler.upscale(&picture, &options, &mut order)).unwrap();
    let before = order.0.iter().position(|&what| what == "arrives").unwrap();
    assert_eq!(before, (reach + 1).div_ceil(band) + 1);
    assert_eq!(order.0[before..before + 3], ["arrives", "starts", "arrives"]);
}

/// Keeps what a run shows and hands out on its way; an evaluation takes a second.
#[derive(Default)]
struct Looker {
    clock: f64,
    shown: Vec<([usize; 2], Pixels)>,
    taken: Vec<Snapshot>,
    earlier: Option<Snapshot>,
}

impl Watch for Looker {
    fn event(&mut self, event: Event<'_>) {
        if let Event::Preview { x, y, pixels } = event {
            self.shown.push(([y, x], pixels.clone()));
        }
    }
    async fn snapshot(&mut self, snapshot: Snapshot<&[u8]>, _steps: usize) {
        self.taken.push(snapshot.owned());
    }
    async fn pause(&mut self) -> resshift::Result<()> {
        self.clock += 1000.0;
        Ok(())
    }
    fn now(&self) -> f64 {
        self.clock
    }
    fn previews(&self) -> bool {
        true
    }
    fn snapshots(&self) -> Option<f64> {
        Some(0.0)
    }
    fn earlier(&mut self) -> Option<Snapshot<Box<dyn State>>> {
        self.earlier.take().map(Snapshot::stored)
    }
}

/// The pixels of `whole` in the place of `part`.
fn cut(whole: &Pixels, [top, left]: [usize; 2], part: &Pixels) -> Pixels {
    let rows = whole.data.chunks_exact(whole.width * 3).skip(top).take(part.height);
    let data = rows.flat_map(|row| row[left * 3..][..part.width * 3].iter().copied()).collect();
    Pixels { data, ..part.clone() }
}

/// The GPU shows what the CPU shows, whether the chain stays on it or not. In bands it goes on from its own snapshots to the
/// same bytes, and all at once from those of the CPU.
#[test]
fn previews_and_snapshots() {
    let gpu = gpu();
    let upscaler = |compute: &Compute| {
        let (config, files) = compact_folder();
        Upscaler::load(config, files, compute).unwrap()
    };
    let (on_gpu, on_cpu) = (upscaler(&Compute::Gpu(gpu.clone())), upscaler(&Compute::cpu()));
    let run = |upscaler: &Upscaler, tile: Option<usize>, earlier: Option<Snapshot>| {
        let mut looker = Looker { earlier, ..Looker::default() };
        let options = Options { steps: Some(4), tile, ..Options::default() };
        let pixels = block_on(upscaler.upscale(&small_picture(), &options, &mut looker)).unwrap();
        (looker, pixels)
    };
    let worst = |a: &Pixels, b: &Pixels| a.data.iter().zip(&b.data).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    gpu.set_tiled(false);
    for tile in [None, Some(8)] {
        // The CPU shows all of the picture at once, one time for each step but the last.
        let ((got, pixels), (want, same)) = (run(&on_gpu, tile, None), run(&on_cpu, None, None));
        assert!(!got.shown.is_empty() && want.shown.len() == 3);
        let nearest = |(at, part): &([usize; 2], Pixels)| {
            want.shown.iter().map(|(_, whole)| worst(part, &cut(whole, *at, part))).min().unwrap()
        };
        let shown = got.shown.iter().map(nearest).max().unwrap();
        println!("tile {tile:?}: {} previews, max |difference| = {shown}/255, tolerance 1", got.shown.len());
        assert!(shown <= 1 && worst(&pixels, &same) <= 1);
        let (taken, tolerance) = if tile.is_some() { (got.taken, 0) } else { (want.taken, 1) };
        assert_eq!(taken.len(), 3);
        for snapshot in taken {
            let done = snapshot.done;
            let difference = worst(&run(&on_gpu, tile, Some(snapshot)).1, &pixels);
            println!(
                "tile {tile:?}, resumed after step {done}: max |difference| = {difference}/255, tolerance {tolerance}"
            );
            assert!(difference <= tolerance);
        }
    }
}
