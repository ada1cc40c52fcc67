// What every fixture does: 8x8 pixels through the default model, one step, on the CPU.

/** @param {any} Upscaler @param {object} [options] of `create` */
export async function attempt(Upscaler, options = {}) {
  const upscaler = await Upscaler.create({ device: 'cpu', engines: 1, ...options });
  const input = new ImageData(8, 8);
  for (let i = 0; i < 64; i++) input.data.set([(i % 8) * 32, (i >> 3) * 32, 128, 255], i * 4);
  const { blob, width, height } = await upscaler.upscale(input, { steps: 1 });
  const bitmap = await createImageBitmap(blob);
  const context = new OffscreenCanvas(width, height).getContext('2d');
  context?.drawImage(bitmap, 0, 0);
  const pixels = Array.from(context?.getImageData(0, 0, width, height).data ?? []);
  upscaler.dispose();
  return { width, height, pixels };
}
