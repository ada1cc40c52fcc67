//! The codebook search, enlargement, scaling, the compact model's prediction, the chain's step, and the yardsticks.

use super::compare::{Input, compare, conv, difference, input, numbers, on_gpu};
use crate::compute::Compute;
use crate::gpu::Gpu;
use crate::gpu::Program;
use crate::gpu::peak;
use crate::gpu::resident_chain::GpuChain;
use crate::layer::ConvShape;
use crate::ops::{Map, bicubic, bicubic_residual, nearest_code, parameter_free_attention, wiener};
use crate::paper::noise;
use crate::paper::process::Gaussian;
use std::rc::Rc;

pub(super) async fn nearest_code_distances(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let (tokens, codes) = (333, 8192);
    let z: Vec<f32> = numbers(1, 3 * tokens).collect();
    let book: Vec<f32> = numbers(2, 3 * codes).collect();
    let (code, index) = nearest_codes(gpu, &z, &book, 3).await?;
    let mut worst = 0f32;
    for (t, token) in z.chunks_exact(3).enumerate() {
        let distance = |code: &[f32]| token.iter().zip(code).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
        let shortest = book.chunks_exact(3).map(distance).fold(f64::INFINITY, f64::min);
        let chosen = book.chunks_exact(3).nth(index[t]).ok_or(format!("token {t} has no code {}", index[t]))?;
        if chosen != &code[3 * t..3 * t + 3] {
            return Err(format!("token {t} got another code than {}", index[t]));
        }
        worst = worst.max((distance(chosen) - shortest) as f32);
    }
    Ok(worst)
}

pub(super) async fn nearest_code_ties(gpu: &Rc<Gpu>) -> Result<f32, String> {
    // Every code twice; each token is a code, and there are more tokens than one row of workgroups holds.
    let half: Vec<f32> = numbers(2, 4 * 100).collect();
    let (book, tokens) = (half.repeat(2), half.repeat(170));
    let (_, index) = nearest_codes(gpu, &tokens, &book, 4).await?;
    Ok(index.iter().enumerate().filter(|&(t, &code)| code != t % 100).count() as f32)
}

/// Codes and indices.
pub(super) async fn nearest_codes(
    gpu: &Rc<Gpu>,
    z: &[f32],
    book: &[f32],
    c: usize,
) -> Result<(Vec<f32>, Vec<usize>), String> {
    let book = Compute::from(gpu).weight(book.to_vec(), [book.len() / c, c]);
    let z = [Input { data: z.to_vec(), dims: [1, 1, z.len() / c, c] }];
    let code = on_gpu(gpu, &z, |_, maps| nearest_code(&maps[0], &book).0).await?;
    let index = on_gpu(gpu, &z, |_, maps| nearest_code(&maps[0], &book).1).await?;
    Ok((code, index.into_iter().map(|i| i as usize).collect()))
}

pub(super) async fn bicubic_both(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for [h, w] in [[1, 1], [2, 3], [9, 13]] {
        let inputs = [input(1, [2, h, w, 3]), input(2, [2, h, w, 48])];
        worst = worst.max(compare(gpu, &inputs, |_, maps| bicubic(&maps[0], None)).await?);
        worst = worst.max(compare(gpu, &inputs, |_, maps| bicubic(&maps[0], Some(&maps[1]))).await?);
    }
    Ok(worst)
}

pub(super) async fn scale_and_concat(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for [a, b] in [[48, 3], [3, 3], [8, 4]] {
        let inputs = [input(1, [2, 5, 7, a]), input(2, [2, 5, 7, b]), input(3, [1, 1, 1, a])];
        // The scaled part is read by itself before and after it is put beside the other.
        for (before, after) in [(false, false), (true, false), (false, true)] {
            let network = |compute: &Compute, maps: &[Map]| {
                let scaled = maps[0].scale(&maps[2], None);
                let layer = conv(ConvShape::same(a, 4, 1), compute);
                let mut parts = Vec::new();
                if before {
                    parts.push(layer.forward(&scaled));
                }
                let whole = Map::concat(vec![scaled.clone(), maps[1].clone()]);
                if after {
                    parts.push(layer.forward(&scaled));
                }
                parts.push(whole);
                if parts.len() == 1 { parts.remove(0) } else { Map::concat(parts) }
            };
            worst = worst.max(compare(gpu, &inputs, network).await?);
        }
    }
    Ok(worst)
}

/// The mean is half of what is scaled: what is left of it counts.
pub(super) async fn scale_around_mean(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for c in [48, 3] {
        let inputs = [input(1, [2, 5, 7, c]), input(2, [1, 1, 1, c]), input(3, [2, 5, 7, c])];
        let network = |_: &Compute, maps: &[Map]| {
            // Beside another map, as the compact model has it.
            Map::concat(vec![maps[0].scale(&maps[1], Some(&maps[2])), maps[2].clone()])
        };
        worst = worst.max(compare(gpu, &inputs, network).await?);
    }
    Ok(worst)
}

pub(super) async fn bicubic_residual_sizes(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for [h, w] in [[1, 1], [2, 3], [9, 13], [37, 31]] {
        let mut picture = input(1, [2, h, w, 48]);
        // A third of it is clamped.
        picture.data.iter_mut().for_each(|v| *v *= 1.5);
        let inputs = [picture, input(2, [2, h, w, 3])];
        worst = worst.max(compare(gpu, &inputs, |_, maps| bicubic_residual(&maps[0], &maps[1])).await?);
    }
    Ok(worst)
}

pub(super) async fn parameter_free_attentions(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for [h, w, c] in [[1, 1, 1], [5, 7, 6], [9, 10, 60], [61, 53, 12]] {
        // Far out the gate is -1/2, and nothing overflows; the sum is small, as errors are relative to the largest number.
        let inputs = [(1, 1000.0), (2, -1000.0)].map(|(seed, far)| {
            let mut map = input(seed, [2, h, w, c]);
            map.data.iter_mut().for_each(|v| *v *= 4.0);
            map.data[0] = far;
            map
        });
        // With a bound that numbers reach, and one that none does.
        for bound in [2.0, 1e6] {
            worst =
                worst.max(compare(gpu, &inputs, |_, maps| parameter_free_attention(&maps[0], &maps[1], bound)).await?);
        }
    }
    Ok(worst)
}

/// As SPAN has it: what is read is a slice of a wider map, and what is written becomes one.
pub(super) async fn parameter_free_attention_slices(gpu: &Rc<Gpu>) -> Result<f32, String> {
    compare(gpu, &[input(1, [2, 9, 10, 8])], |compute, maps| {
        let first = conv(ConvShape::same(8, 12, 3), compute).forward(&maps[0]);
        let block = |x: &Map| {
            let y = conv(ConvShape::same(12, 12, 3), compute).forward(x);
            parameter_free_attention(x, &y, 0.5)
        };
        let early = block(&first);
        let last = block(&early);
        let all = Map::concat(vec![first, last, early]);
        conv(ConvShape::same(36, 5, 1), compute).forward(&all)
    })
    .await
}

pub(super) async fn wiener_prediction(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let factor = |seed| input(seed, [1, 1, 1, 48]);
    let mut network = input(2, [1, 6, 7, 96]);
    network.data.iter_mut().for_each(|v| *v *= 4.0);
    // Far out the gate is closed, and nothing overflows.
    network.data[0] = -1000.0;
    let inputs = [input(1, [1, 6, 7, 48]), network, factor(3), factor(4), input(5, [1, 6, 7, 48])];
    let around_0 = compare(gpu, &inputs, |_, maps| wiener(&maps[0], &maps[1], &maps[2], &maps[3], None)).await?;
    let mean = compare(gpu, &inputs, |_, maps| wiener(&maps[0], &maps[1], &maps[2], &maps[3], Some(&maps[4]))).await?;
    Ok(around_0.max(mean))
}

pub(super) async fn posterior_steps(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let mut worst = 0f32;
    for (c, seed) in [(48, 7), (3, 1 << 40 | 99)] {
        let dims = [1, 5, 9, c];
        let y0 = input(1, dims).data;
        let program = Program::new(gpu, &[dims, [1, 1, 1, c]], |nodes| {
            Map::Gpu(nodes[0].clone()).scale(&Map::Gpu(nodes[1].clone()), None).node().clone()
        });
        let program = Rc::new(program.map_err(|e| e.to_string())?);
        program.poison();
        let chain = GpuChain::new(gpu, program, dims, &y0, seed).map_err(|e| e.to_string())?;
        let half = vec![0.5; c];
        let steps = [(Gaussian { a: 1.0, b: 0.0, std: 0.0 }, 2.0), (Gaussian { a: 0.75, b: 0.5, std: 0.0 }, 0.25)];
        let mut expected = y0;
        let mut row = vec![0.0; 9 * c];
        for (draw, (q, std)) in (0..).zip(steps) {
            chain.advance(q, std, draw, &[Some(&half)]).await.map_err(|e| e.to_string())?;
            for (y, line) in expected.chunks_exact_mut(9 * c).enumerate() {
                noise::fill_row(&mut row, seed, draw, y as u32, 0, c);
                for (x, n) in line.iter_mut().zip(&row) {
                    // The program halves its input, so x0 was half of x_t.
                    *x = (q.a + 0.5 * q.b) as f32 * *x + std as f32 * n;
                }
            }
        }
        let expected: Vec<f32> = expected.iter().map(|x| 0.5 * x).collect();
        worst = worst.max(difference(&chain.x0().await.map_err(|e| e.to_string())?, &expected)?);
    }
    Ok(worst)
}

/// Were a part of the work left out, the peak would be too high and every share of it too low.
pub(super) async fn peak_fma(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let count = 1000;
    let sums = |_: &Compute, maps: &[Map]| Map::Gpu(peak::multiply_add(maps[0].node(), 1));
    let result = on_gpu(gpu, &[input(1, [1, 1, 1, count])], sums).await?;
    let expected: Vec<f32> = (0..count)
        .map(|id| {
            let m = (id % 7) as f32 * 0.01 + 0.9;
            let chain = |start: usize| (0..64).fold(start as f32 / 10.0, |v, _| v.mul_add(m, m));
            let half = |chains: std::ops::RangeInclusive<usize>| chains.map(chain).sum::<f32>();
            4.0 * half(1..=4) * half(5..=8)
        })
        .collect();
    difference(&result, &expected)
}

pub(super) async fn peak_copy(gpu: &Rc<Gpu>) -> Result<f32, String> {
    let x = input(1, [1, 1, 1, 100_000]);
    let expected = x.data.clone();
    difference(&on_gpu(gpu, &[x], |_, maps| Map::Gpu(peak::copy(maps[0].node()))).await?, &expected)
}
