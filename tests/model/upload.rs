//! Weights that reach the device shard by shard are the weights that were stored.

use crate::support::compact_folder;
use half::f16;
use pollster::block_on;
use resshift::chain::run_context::Unwatched;
use resshift::compute::{Compute, read};
use resshift::image::Picture;
use resshift::ops::Weight;
use resshift::upscaler::{Options, Upscaler};
use resshift::weights::TensorSource;
use resshift::weights::shard;
use resshift::weights::upload::{Upload, Uploaded};
use resshift::{Error, Result};
use safetensors::{Dtype, serialize, tensor::TensorView};

/// A safetensors file of these tensors.
fn file(tensors: &[(&str, Dtype, &[usize], &[u8])]) -> Vec<u8> {
    let mut views = Vec::new();
    for &(name, dtype, shape, data) in tensors {
        views.push((name, TensorView::new(dtype, shape.to_vec(), data).unwrap()));
    }
    serialize(views, None).unwrap()
}

fn upload(shards: &[&[u8]], compute: &Compute) -> Result<Uploaded> {
    let mut upload = Upload::new(compute);
    for shard in shards {
        block_on(upload.add(shard.len(), |range| shard[range].to_vec()))?;
    }
    upload.finish()
}

fn numbers(weight: Option<Weight<1>>) -> Vec<f32> {
    match weight.unwrap() {
        Weight::Host(x) => block_on(read(x.unsqueeze())).unwrap(),
        Weight::Gpu(x, _) => block_on(x.read()).unwrap(),
    }
}

/// 700 x 500 numbers: more than one piece.
fn large() -> (Vec<usize>, Vec<f16>) {
    (vec![700, 500], (0..350_000).map(|i| f16::from_f32((i % 4001) as f32 / 64.0 - 20.0)).collect())
}

fn bytes(numbers: &[f16]) -> Vec<u8> {
    numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn gpu() -> Compute {
    Compute::Gpu(block_on(resshift::gpu::open()).expect("this test needs a GPU; an emulated one will do"))
}

#[test]
fn tensors_arrive_whole_whatever_they_were_cut_into() {
    let (shape, values) = large();
    let all = bytes(&values);
    let small = [1.0f32, -2.5, 3.25];
    let small_bytes: Vec<u8> = small.iter().flat_map(|x| x.to_le_bytes()).collect();
    // The tensor's second half comes first.
    let (top, bottom) = all.split_at(all.len() / 2);
    let one = file(&[("a.b#1", Dtype::F16, &[350, 500], bottom), ("small", Dtype::F32, &[3], &small_bytes)]);
    let two = file(&[("a.b#0", Dtype::F16, &[350, 500], top)]);
    let expected: Vec<f32> = values.iter().map(|x| x.to_f32()).collect();
    for compute in [Compute::cpu(), gpu()] {
        let source = upload(&[&one, &two], &compute).unwrap();
        assert_eq!(numbers(source.take("a.b", &shape).unwrap()), expected);
        assert!(source.is_half("a.b") && !source.is_half("small"));
        assert_eq!(source.read("small", &[3]).unwrap(), small);
        assert_eq!(numbers(source.take("small", &[3]).unwrap()), small);
        assert!(matches!(source.take("a.b", &shape), Err(Error::Internal(_))), "given away once");
        assert!(matches!(source.take("a.b", &[500, 700]), Err(Error::BadWeights(_))));
        assert!(matches!(source.take("c", &[3]), Err(Error::BadWeights(_))));
    }
}

/// The law behind the pieces: cutting changes nothing, with any type and at any length.
#[test]
fn pieces_in_order_are_the_part() {
    let values: Vec<f16> = (0..60).map(|i| f16::from_f32(i as f32 / 7.0)).collect();
    let int8: Vec<u8> = (0..60).map(|i| (i * 37) as u8).collect();
    let scale: Vec<u8> = (0..6).flat_map(|i| (0.125f32 * (i + 1) as f32).to_le_bytes()).collect();
    let shard = file(&[
        ("half", Dtype::F16, &[6, 5, 2], &bytes(&values)),
        ("int8", Dtype::I8, &[6, 10], &int8),
        ("int8.scale", Dtype::F32, &[6], &scale),
        ("scalar", Dtype::F32, &[], &1.5f32.to_le_bytes()),
    ]);
    let parts = shard::parse(&shard).unwrap();
    assert_eq!(parts.len(), 3);
    for part in parts {
        let whole = part.values(&shard);
        assert_eq!(whole.len(), part.numbers());
        assert_eq!(part.read(|range| shard[range].to_vec()), whole);
        for most in [1, 10, 11, 25, 60, 1000, usize::MAX] {
            let pieces: Vec<_> = part.cut(most).collect();
            assert!(pieces.iter().all(|piece| piece.numbers() <= most.max(part.numbers() / 6)));
            assert_eq!(pieces.iter().flat_map(|piece| piece.values(&shard)).collect::<Vec<_>>(), whole, "{most}");
        }
    }
}

#[test]
fn broken_shards_are_refused() {
    let (_, values) = large();
    let good = file(&[("a", Dtype::F16, &[2, 3], &bytes(&values[..6]))]);
    let second = file(&[("b#1", Dtype::F16, &[2, 3], &bytes(&values[..6]))]);
    let refused = |shards: &[&[u8]]| match upload(shards, &Compute::cpu()) {
        Err(Error::BadWeights(reason)) => reason,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted"),
    };
    for length in 0..good.len() {
        assert!(refused(&[&good[..length]]).contains("not a complete safetensors file"), "{length}");
    }
    let mut longer = good.clone();
    longer.push(0);
    refused(&[&longer]);
    refused(&[&u64::MAX.to_le_bytes()]);
    assert!(refused(&[&good, &good]).contains("occurs twice"));
    assert!(refused(&[&second]).contains("part 0 of b is missing"));
}

#[test]
fn a_model_built_from_uploaded_weights_draws_the_same_picture() {
    let picture = Picture { width: 9, height: 8, rgb: (0..216).map(|i| (i % 60) as f32 / 60.0).collect(), alpha: None };
    let options = Options { steps: Some(1), ..Options::default() };
    let (config, shards) = compact_folder();
    let run = |upscaler: Upscaler| block_on(upscaler.upscale(&picture, &options, &mut Unwatched)).unwrap().data;
    let source = upload(&shards.iter().map(Vec::as_slice).collect::<Vec<_>>(), &Compute::cpu()).unwrap();
    let streamed = run(Upscaler::build(config.clone(), source, &Compute::cpu()).unwrap());
    assert_eq!(streamed, run(Upscaler::load(config, shards, &Compute::cpu()).unwrap()));
}
