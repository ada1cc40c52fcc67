/** Cost of an evaluation of the compact network, from its configuration. */

/** `network` of a compact `model.json`. */
export interface Network {
  channels: number[];
  enc_blocks: number[];
  dec_blocks: number[];
}

/** Channels of the latent, and those of the picture beside it. */
const LATENT = 48;
const COLOURS = 3;

/** Multiplications of all 3x3 convolutions on `side` x `side` pixels. */
export function multiplications({ channels, enc_blocks, dec_blocks }: Network, side: number): number {
  const convolution = (from: number, to: number, level: number): number => 9 * from * to * (side / 2 ** level) ** 2;
  const at = (level: number): number => channels[level] ?? 0;
  const levels = channels.map((c, level) => {
    const blocks = (enc_blocks[level] ?? 0) + (dec_blocks[level] ?? 0);
    const inside = 2 * blocks * convolution(c, c, level);
    if (level === 0) return inside + convolution(LATENT + COLOURS, c, 0) + convolution(c, 2 * LATENT, 0);
    return inside + convolution(at(level - 1), c, level) + convolution(c, at(level - 1), level - 1);
  });
  return levels.reduce((sum, count) => sum + count, 0);
}
