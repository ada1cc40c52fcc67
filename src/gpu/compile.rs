//! From a plan to a program: the only stage that needs a GPU. It makes buffers, pipelines and bind groups.

use super::buffer::Buffer;
use super::device::Gpu;
use super::plan::{self, Memory, Operand, Plan, UNIFORM};
use super::program::{Carry, Dispatch, Io, Program, Step};
use crate::{Error, Result};
use std::rc::Rc;

/// Compiles a plan. `io` has room for its inputs and its output, `rooms` for what it carries over of every map.
///
/// # Errors
/// [`Error::Internal`] if a weight is not on this GPU, or there is no room.
pub(super) fn compile(gpu: &Rc<Gpu>, plan: &Plan, io: Io, rooms: &[Option<Buffer>]) -> Result<Program> {
    use wgpu::BufferUsages as Usage;
    let temporaries: Vec<Buffer> = gpu.arena(&plan.temporaries);
    let buffer = |memory: Memory| match memory {
        Memory::Temporary(place) => &temporaries[place],
        Memory::Input(index) => &io.inputs[index],
        Memory::Output => &io.output,
    };
    let uniforms = gpu.buffer(plan.uniforms.len() as u64, Usage::UNIFORM | Usage::COPY_DST);
    gpu.queue.write_buffer(&uniforms, 0, &plan.uniforms);
    let mut read = vec![uniforms.clone()];

    let mut calls = Vec::with_capacity(plan.calls.len());
    for call in &plan.calls {
        let mut entries = Vec::with_capacity(call.operands.len() + 1);
        for operand in &call.operands {
            let resource = match operand {
                Operand::Map(memory, bytes) => {
                    wgpu::BufferBinding { buffer: buffer(*memory), offset: 0, size: wgpu::BufferSize::new(*bytes) }
                }
                Operand::Weight(weight) => match weight.buffer() {
                    Some((owner, buffer)) if Rc::ptr_eq(owner, gpu) => {
                        read.push(buffer.clone());
                        buffer.as_entire_buffer_binding()
                    }
                    _ => return Err(Error::Internal("a weight is not on this GPU".into())),
                },
            };
            entries.push(entry(entries.len(), resource));
        }
        calls.push((gpu.pipeline(&call.kernel), entries));
    }

    let mut steps = Vec::with_capacity(plan.steps.len());
    let mut offsets = (0..).step_by(UNIFORM);
    for step in &plan.steps {
        steps.push(match step {
            plan::Step::Dispatch { call, groups } => {
                let (pipeline, operands) = &calls[*call];
                let mut entries = operands.clone();
                let offset = offsets.next().unwrap_or_default();
                let size = wgpu::BufferSize::new(UNIFORM as u64);
                entries.push(entry(entries.len(), wgpu::BufferBinding { buffer: &uniforms, offset, size }));
                let bind_group = gpu.bind_group(pipeline, &entries);
                Step::Dispatch(Dispatch { pipeline: pipeline.clone(), bind_group, groups: *groups })
            }
            plan::Step::Carry(plan::Carry { map, memory, at, bytes, out }) => {
                let Some(Some(kept)) = rooms.get(*map) else {
                    return Err(Error::Internal("there is no room for the rows of a map".into()));
                };
                let (map, kept, bytes) = (buffer(*memory).clone(), kept.clone(), *bytes);
                Step::Carry(match out {
                    true => Carry { from: map, from_at: *at, to: kept, to_at: 0, bytes },
                    false => Carry { from: kept, from_at: 0, to: map, to_at: *at, bytes },
                })
            }
        });
    }
    Ok(Program {
        gpu: gpu.clone(),
        steps,
        submits: plan.submits.clone(),
        written_at: plan.written_at.clone(),
        output_bytes: plan.output,
        cost: plan.cost(),
        temporaries,
        _read: read,
        io,
    })
}

fn entry(binding: usize, buffer: wgpu::BufferBinding<'_>) -> wgpu::BindGroupEntry<'_> {
    wgpu::BindGroupEntry { binding: binding as u32, resource: wgpu::BindingResource::Buffer(buffer) }
}
