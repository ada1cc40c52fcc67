//! Networks that a picture passes through band by band: the result of the whole picture, to the bit.

mod support;

use pollster::block_on;
use resshift::compute::Compute;
use resshift::model::Model;
use resshift::ops::Map;
use resshift::paper::schedule::Schedule;
use support::{compact_folder, cpu, model, tiny_prior_folder};

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
fn in_bands(
    compute: &Compute,
    inputs: &[(Vec<f32>, [usize; 4])],
    band: usize,
    network: impl Fn(&[Map]) -> Map,
) -> Vec<f32> {
    let sizes: Vec<[usize; 4]> = inputs.iter().map(|input| input.1).collect();
    let height = sizes[0][1];
    let mut stream = compute.stream(&sizes, band, network).unwrap();
    let (mut result, mut final_rows) = (Vec::new(), 0);
    while final_rows < height {
        let rows = stream.reads();
        let part = |(values, [_, h, w, c]): &(Vec<f32>, [usize; 4])| match *h == height {
            true => values[rows.start * w * c..rows.end * w * c].to_vec(),
            false => values.clone(),
        };
        let new: Vec<Vec<f32>> = inputs.iter().map(part).collect();
        let (rows, work) = stream.push(&new.iter().map(Vec::as_slice).collect::<Vec<_>>());
        assert_eq!(rows.start, final_rows, "rows come one after the other");
        assert!(rows.len() <= band && rows.is_empty() == work.is_none());
        final_rows = rows.end;
        if let Some(work) = work {
            result.extend(block_on(work.finish()).unwrap());
        }
    }
    result
}

/// Inputs of the denoiser, of the encoder and of the decoder.
fn inputs(model: &Model, hash: &mut Hash, h: usize, w: usize) -> [Vec<(Vec<f32>, [usize; 4])>; 3] {
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
        let mut compare = |what: &str, inputs: &[(Vec<f32>, [usize; 4])], network: &dyn Fn(&[Map]) -> Map| {
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
    bands_leave_no_trace(&model(tiny_prior_folder(), &cpu()), &cpu(), 12);
    bands_leave_no_trace(&model(compact_folder(), &cpu()), &cpu(), 4);
}
