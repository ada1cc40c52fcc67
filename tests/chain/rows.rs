//! Networks that a picture passes through band by band: the result of the whole picture, to the bit.

use crate::support;
use crate::support::{compact_folder, cpu, model, tiny_prior_folder};
use burn::tensor::{Device, Tensor, TensorData};
use pollster::block_on;
use resshift::chain::bands::{Cut, Team};
use resshift::chain::canvas::Canvas;
use resshift::chain::levels::Levels;
use resshift::chain::run_context::Unwatched;
use resshift::chain::sampler::Noise;
use resshift::chain::tiles::Plan;
use resshift::compute::Compute;
use resshift::model::Model;
use resshift::ops::band::Passage;
use resshift::ops::{Band, Map};
use resshift::paper::schedule::Schedule;
use std::ops::Range;

/// Width and height of pictures that are not taken at once.
const SIZES: [[usize; 2]; 4] = [[400, 304], [640, 480], [1024, 768], [2048, 2048]];

/// Numbers, and the size of a map.
type Array = (Vec<f32>, [usize; 4]);
/// What computes a map from others.
type Network<'a> = &'a dyn Fn(&[Map]) -> Map;

/// Numbers of a hash's choosing.
struct Hash(u32);

impl Hash {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        (self.0 >> 8) as usize % n
    }

    fn numbers(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.below(1000) as f32 / 500.0 - 1.0).collect()
    }
}

/// The result of `network` for `inputs`, of which those as high as the first come in bands of `band` rows.
fn in_bands(compute: &Compute, inputs: &[Array], band: usize, network: impl Fn(&[Map]) -> Map) -> Vec<f32> {
    let sizes: Vec<[usize; 4]> = inputs.iter().map(|input| input.1).collect();
    let height = sizes[0][1];
    let mut stream = compute.stream(&sizes, band, network).unwrap();
    if let Some(programs) = stream.programs() {
        programs.poison();
    }
    let (mut result, mut final_rows) = (Vec::new(), 0);
    while !stream.is_over() {
        let part = |rows: &Range<usize>, (values, [_, h, w, c]): &Array| match *h == height {
            true => values[rows.start * w * c..rows.end * w * c].to_vec(),
            false => values.clone(),
        };
        if let Some((rows, work)) = stream.next(|rows| inputs.iter().map(|input| part(&rows, input)).collect()) {
            assert_eq!(rows.start, final_rows, "rows come one after the other");
            assert!((1..=band).contains(&rows.len()));
            final_rows = rows.end;
            result.extend(block_on(work.finish()).unwrap());
        }
    }
    assert_eq!(final_rows, height);
    result
}

/// Inputs of the denoiser, of the encoder and of the decoder.
fn inputs(model: &Model, hash: &mut Hash, h: usize, w: usize) -> [Vec<Array>; 3] {
    let schedule = Schedule::new(model.config.schedule).unwrap();
    let mut maps = |sizes: &[[usize; 4]]| -> Vec<_> {
        sizes.iter().map(|&size| (hash.numbers(size.iter().product()), size)).collect()
    };
    let (latent, denoiser) = (&*model.latent, &*model.denoiser);
    let mut step = maps(&denoiser.sizes([1, h, w], latent, &schedule));
    for (values, (numbers, _)) in denoiser.level(&schedule, 3).into_iter().rev().zip(step.iter_mut().rev()) {
        *numbers = values;
    }
    [step, maps(&[[1, h, w, 3]]), maps(&[[1, h, w, latent.channels()], [1, h, w, 3]])]
}

fn bands_leave_no_trace(model: &Model, compute: &Compute, cases: usize) {
    let mut hash = Hash(7);
    let multiple = model.denoiser.multiple();
    for _ in 0..cases {
        let (h, w) = (multiple * (1 + hash.below(20)), multiple * (1 + hash.below(7)));
        let [step, encode, decode] = inputs(model, &mut hash, h, w);
        let mut compare = |what: &str, inputs: &[Array], network: Network<'_>| {
            let whole = in_bands(compute, inputs, h, network);
            for _ in 0..2 {
                let band = multiple * (1 + hash.below(h / multiple));
                assert!(in_bands(compute, inputs, band, network) == whole, "{what}, {h} x {w} in bands of {band}");
            }
        };
        compare("a step", &step, &|maps| model.denoiser.predict(maps));
        compare("y0", &encode, &|maps| model.latent.encode(&maps[0]));
        compare("the picture", &decode, &|maps| model.latent.decode(&maps[0], &maps[1]));
    }
}

#[test]
fn bands_leave_no_trace_on_the_cpu() {
    bands_leave_no_trace(&model(tiny_prior_folder(), cpu()), &cpu(), 12);
    bands_leave_no_trace(&model(compact_folder(), cpu()), &cpu(), 4);
}

/// The same on a GPU, with both forms of the convolution, and with maps in f16. Between bands its memory holds no numbers.
#[test]
fn bands_leave_no_trace_on_a_gpu() {
    let gpu = block_on(resshift::gpu::open()).expect("an emulated GPU will do");
    let compute = Compute::Gpu(gpu.clone());
    for (tiled, half) in [(false, false), (true, false), (true, true)] {
        gpu.set_tiled(tiled);
        gpu.set_half_maps(half);
        bands_leave_no_trace(&model(tiny_prior_folder(), &gpu), &compute, 3);
    }
    gpu.set_half_maps(false);
    bands_leave_no_trace(&model(compact_folder(), &gpu), &compute, 1);
}

/// What all layers compute in bands is what they compute of the whole picture at once: no row twice. And of a picture that one
/// engine has to itself no row is given to the network twice.
#[test]
fn every_row_is_computed_once() {
    let model = model(tiny_prior_folder(), cpu());
    let (h, w) = (304, 24);
    let [step, encode, decode] = inputs(&model, &mut Hash(5), h, w);
    let counted = |inputs: &[Array], band: usize, network: Network<'_>| {
        let passage = Passage::new(h, band);
        let mut taken = 0;
        loop {
            let rows = taken..(taken + band).min(h);
            let device = Device::flex();
            let map = |(values, [n, height, w, c]): &Array| {
                let tensor = |values: &[f32], rows: usize| {
                    Tensor::from_data(TensorData::new(values.to_vec(), [*n, rows, *w, *c]), &device)
                };
                match *height == h {
                    false => Map::Host(tensor(values, *height)),
                    true => {
                        let new = &values[rows.start * w * c..rows.end * w * c];
                        let new = (!rows.is_empty()).then(|| tensor(new, rows.len()));
                        Map::Band(Band::new(&passage, [*n, h, *w, *c], rows.start, new))
                    }
                }
            };
            passage.begin_band();
            let Map::Band(result) = network(&inputs.iter().map(map).collect::<Vec<_>>()) else { panic!("a band") };
            taken = rows.end;
            if result.dims()[1] == result.into_rows().0.end {
                return passage.computed();
            }
        }
    };
    let cases: [(&str, &[Array], Network<'_>); 3] = [
        ("a step", &step, &|maps| model.denoiser.predict(maps)),
        ("y0", &encode, &|maps| model.latent.encode(&maps[0])),
        ("the picture", &decode, &|maps| model.latent.decode(&maps[0], &maps[1])),
    ];
    for (what, inputs, network) in cases {
        let whole = counted(inputs, h, network);
        assert!(whole > h * w * 3);
        for band in [8, 24, 64] {
            assert_eq!(counted(inputs, band, network), whole, "{what} in bands of {band}");
        }
    }
    for [width, height] in SIZES {
        let cut = Cut::new([height, width], model.denoiser.reach(), 8, None, Team::default(), &cpu());
        let Cut::Bands(bands) = cut else { panic!("bands") };
        let given: usize = bands.parts.iter().map(|part| part.reads.len()).sum();
        assert_eq!(given, height, "{width} x {height}");
    }
}

/// Pictures that are too wide for bands are cut in tiles, which are exact as well.
#[test]
fn very_wide_pictures_have_the_same_bits_in_tiles() {
    let model = model(tiny_prior_folder(), cpu());
    let (denoiser, compute) = (&*model.denoiser, cpu());
    let (multiple, reach) = (denoiser.multiple(), denoiser.reach());
    let cut = |width| Cut::new([8, width], reach, multiple, None, Team::default(), &compute);
    assert!(matches!(cut(4096), Cut::Bands(_)) && matches!(cut(4104), Cut::Tiles(_)));
    let (h, w) = (8, 160);
    let lr = Canvas { height: h, width: w, channels: 3, data: Hash(3).numbers(h * w * 3) };
    let trained = Schedule::new(model.config.schedule).unwrap();
    let run = |network: &Cut| {
        let levels = Levels::new(denoiser, &trained, Some(2)).unwrap();
        let chain = support::chain(&*model.latent, denoiser, levels, Noise::Seeded(3), &compute);
        block_on(chain.run(&lr, &Cut::whole(h), network, &mut Unwatched)).unwrap().rows(0..h)
    };
    let tiles = Plan::exact(h, w, 16, 64, multiple);
    assert!(tiles.count() > 2);
    assert!(run(&Cut::Tiles(tiles)) == run(&Cut::whole(h)));
}
