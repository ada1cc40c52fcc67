//! Networks of finite reach, through which a picture passes band by band.

use super::{Compute, Stage, Work};
use crate::Result;
use crate::gpu::BandPrograms;
use crate::ops::band::Passage;
use crate::ops::{Band, Map};
use burn::tensor::{Device, Tensor, TensorData};
use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

/// A network for pictures of one size, which takes their rows from the top down and gives the rows of its result as they become
/// final: every row of every layer is computed once, and the result is that of the whole picture, to the bit.
pub struct Stream<'a> {
    /// Of all inputs. Those as high as the first come by rows, the others with the first rows.
    sizes: Vec<[usize; 4]>,
    /// Most rows that are taken at a time.
    band: usize,
    /// Rows that have been taken, and rows whose result has been asked for.
    taken: usize,
    asked: usize,
    /// Bands that have been begun.
    bands: usize,
    /// Results on their way.
    queue: VecDeque<(Range<usize>, Work<'static>)>,
    form: Form<'a>,
}

enum Form<'a> {
    /// All rows at once.
    Whole(Stage<'a>),
    Cpu(Device, Rc<Passage>, Box<dyn Fn(&[Map]) -> Map + 'a>),
    Gpu(BandPrograms),
}

impl Compute {
    /// Prepares `network` for pictures of the given sizes, of which it will take `band` rows at a time.
    ///
    /// # Errors
    /// [`crate::Error::Gpu`] if that is more than the device allows.
    pub fn stream<'a>(
        &self,
        sizes: &[[usize; 4]],
        band: usize,
        network: impl Fn(&[Map]) -> Map + 'a,
    ) -> Result<Stream<'a>> {
        let height = sizes[0][1];
        let form = match self {
            Compute::Cpu(device) if band < height => {
                Form::Cpu(device.clone(), Passage::new(height, band), Box::new(network))
            }
            Compute::Gpu(gpu) if band < height => {
                Form::Gpu(BandPrograms::new(gpu, sizes, band, |inputs| super::recorded(inputs, &network))?)
            }
            _ => Form::Whole(self.prepare(sizes, network)?),
        };
        Ok(Stream { sizes: sizes.to_vec(), band, taken: 0, asked: 0, bands: 0, queue: VecDeque::new(), form })
    }
}

impl Stream<'_> {
    /// Begins with another picture.
    pub fn restart(&mut self) {
        (self.taken, self.asked, self.bands) = (0, 0, 0);
        self.queue.clear();
        if let Form::Cpu(_, passage, _) = &mut self.form {
            *passage = Passage::new(self.sizes[0][1], self.band);
        }
    }

    /// Rows of a picture.
    pub fn height(&self) -> usize {
        self.sizes[0][1]
    }

    /// Whether these are inputs for the next band.
    pub fn fits(&self, inputs: &[&[f32]]) -> bool {
        let rows = self.reads().len();
        let count = |&[n, h, w, c]: &[usize; 4]| n * w * c * if h == self.height() { rows } else { h };
        self.sizes.iter().map(count).eq(inputs.iter().map(|input| input.len()))
    }

    /// Rows that have been taken.
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// Whether all of the result has been returned.
    pub fn is_over(&self) -> bool {
        self.asked == self.height() && self.queue.is_empty()
    }

    /// Computes the next band. `inputs` is asked for rows of every input, row-major, and for the other inputs; for no rows, once
    /// all have been taken. Returns rows of the picture whose result is final, if there are any, and that result.
    pub fn next(
        &mut self,
        inputs: impl FnOnce(Range<usize>) -> Vec<Vec<f32>>,
    ) -> Option<(Range<usize>, Work<'static>)> {
        let mut waits = false;
        if self.asked < self.height() {
            let inputs = inputs(self.reads());
            let (rows, work) = self.push(&inputs.iter().map(Vec::as_slice).collect::<Vec<_>>());
            self.asked = rows.end;
            // While a GPU's rows are read back, the next band is computed.
            waits = matches!(work, Some(Work::Queued(_))) && self.asked < self.height();
            self.queue.extend(work.map(|work| (rows, work)));
        }
        if self.queue.len() > usize::from(waits) { self.queue.pop_front() } else { None }
    }

    /// Its programs, on a GPU that takes bands.
    pub fn programs(&self) -> Option<&BandPrograms> {
        if let Form::Gpu(programs) = &self.form { Some(programs) } else { None }
    }

    /// The rows that the next band takes.
    fn reads(&self) -> Range<usize> {
        let height = self.sizes[0][1];
        let band = if matches!(self.form, Form::Whole(_)) { height } else { self.band };
        self.taken..(self.taken + band).min(height)
    }

    fn push(&mut self, inputs: &[&[f32]]) -> (Range<usize>, Option<Work<'static>>) {
        let (rows, height) = (self.reads(), self.sizes[0][1]);
        self.taken = rows.end;
        self.bands += 1;
        match &self.form {
            Form::Whole(stage) => (0..height, Some(stage.start(inputs))),
            Form::Gpu(programs) => {
                let enlarged = programs.height() / height;
                let (rows, job) = programs.start(self.bands - 1, inputs);
                (rows.start / enlarged..rows.end / enlarged, job.map(Work::Queued))
            }
            Form::Cpu(device, passage, network) => {
                let map = |(values, &[n, h, w, c]): (&&[f32], &[usize; 4])| {
                    let tensor =
                        |rows: usize| Tensor::from_data(TensorData::new(values.to_vec(), [n, rows, w, c]), device);
                    match h == height {
                        false => Map::Host(tensor(h)),
                        true => {
                            let new = (!rows.is_empty()).then(|| tensor(rows.len()));
                            Map::Band(Band::new(passage, [n, h, w, c], rows.start, new))
                        }
                    }
                };
                let inputs: Vec<Map> = inputs.iter().zip(&self.sizes).map(map).collect();
                passage.begin_band();
                match network(&inputs) {
                    Map::Band(result) => {
                        let (enlarged, result) = (result.dims()[1] / height, result);
                        let (rows, result) = result.into_rows();
                        (rows.start / enlarged..rows.end / enlarged, result.map(Work::Done))
                    }
                    _ => unreachable!("a network of bands has made something else"),
                }
            }
        }
    }
}
