/** PNG files of 8 and 16 bits, written and read sample by sample: no browser and no engine between a test and the numbers. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

export interface Samples {
  width: number;
  height: number;
  /** 3: RGB, 4: RGBA. */
  channels: 3 | 4;
  depth: 8 | 16;
  /** Row by row, as they stand in the file. */
  values: number[];
}

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const COLOUR_TYPE = { 3: 2, 4: 6 } as const;

export function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, sum]);
}

/** The data of a file's chunk of this type. */
export function chunkOf(png: Buffer, type: string): Buffer | undefined {
  return chunksOf(png, type)[0];
}

function chunksOf(png: Buffer, type: string): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === type) found.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  return found;
}

/** @param icc a colour profile */
export function writePng({ width, height, channels, depth, values }: Samples, icc?: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([depth, COLOUR_TYPE[channels]], 8);
  const row = width * channels;
  const bytes = depth / 8;
  const lines = Buffer.alloc(height * (1 + row * bytes));
  values.forEach((value, i) => lines.writeUIntBE(value, Math.floor(i / row) * (1 + row * bytes) + 1 + (i % row) * bytes, bytes));
  const profile = icc ? [chunk('iCCP', Buffer.concat([Buffer.from('profile\0\0', 'latin1'), deflateSync(icc)]))] : [];
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), ...profile, chunk('IDAT', deflateSync(lines)), chunk('IEND', Buffer.alloc(0))]);
}

/** Of files that are not interlaced. */
export function readPng(png: Buffer): Samples {
  const header = chunkOf(png, 'IHDR')!;
  const [width, height, depth] = [header.readUInt32BE(0), header.readUInt32BE(4), header[8] as 8 | 16];
  const channels = header[9] === COLOUR_TYPE[4] ? 4 : 3;
  const bytes = depth / 8;
  const pixel = channels * bytes;
  const row = width * pixel;
  const raw = inflateSync(Buffer.concat(chunksOf(png, 'IDAT')));
  const lines = Buffer.alloc(row * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (row + 1)]!;
    for (let x = 0; x < row; x++) {
      const left = x >= pixel ? lines[y * row + x - pixel]! : 0;
      const up = y > 0 ? lines[(y - 1) * row + x]! : 0;
      const corner = x >= pixel && y > 0 ? lines[(y - 1) * row + x - pixel]! : 0;
      lines[y * row + x] = raw[y * (row + 1) + 1 + x]! + [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]!;
    }
  }
  const values = Array.from({ length: width * height * channels }, (_, i) => lines.readUIntBE(i * bytes, bytes));
  return { width, height, channels, depth, values };
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
