/** A clip as a WebM file, made of lossy WebP pictures: each of those is a key frame of VP8. */

/** An element of EBML: its name in hexadecimal digits, its size in eight bytes, and what it holds. */
function element(name: string, ...parts: (Buffer | string | number)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'number' ? number(part) : Buffer.from(part as string))));
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(body.length) | (1n << 56n));
  return Buffer.concat([Buffer.from(name, 'hex'), size, body]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** @param frame a WebP file of one chunk; every frame of the clip, each for so many milliseconds */
export function clip(frame: Buffer, count: number, ms: number): Buffer {
  const vp8 = frame.subarray(20, 20 + frame.readUInt32LE(16));
  const [width, height] = [vp8.readUInt16LE(6) & 0x3fff, vp8.readUInt16LE(8) & 0x3fff];
  const duration = Buffer.alloc(8);
  duration.writeDoubleBE(count * ms);
  const head = element(
    '1a45dfa3',
    element('4286', 1),
    element('42f7', 1),
    element('42f2', 4),
    element('42f3', 8),
    element('4282', 'webm'),
    element('4287', 2),
    element('4285', 2),
  );
  const info = element(
    '1549a966',
    element('2ad7b1', 1_000_000),
    element('4489', duration),
    element('4d80', 'test'),
    element('5741', 'test'),
  );
  const track = element(
    'ae',
    element('d7', 1),
    element('73c5', 1),
    element('83', 1),
    element('86', 'V_VP8'),
    element('e0', element('b0', width), element('ba', height)),
  );
  const clusters = Array.from({ length: count }, (_, i) =>
    element('1f43b675', element('e7', i * ms), element('a3', Buffer.from([0x81, 0, 0, 0x80]), vp8)),
  );
  return Buffer.concat([head, element('18538067', info, element('1654ae6b', track), ...clusters)]);
}
