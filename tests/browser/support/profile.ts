/** An ICC profile that says what Display P3 says: its primaries (adapted to D50) and the curve of sRGB. */

const fixed = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(Math.round(value * 65536));
  return bytes;
};
const tag = (type: string, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat([Buffer.from(`${type}\0\0\0\0`, 'latin1'), ...parts]);
  return Buffer.concat([body, Buffer.alloc(-body.length & 3)]);
};
const xyz = (...values: number[]): Buffer => tag('XYZ ', ...values.map(fixed));

/** Unicode text, one language. */
function words(text: string): Buffer {
  const head = Buffer.alloc(20);
  [1, 12, 0x656e5553, text.length * 2, 28].forEach((value, i) => head.writeUInt32BE(value, i * 4));
  return tag('mluc', head, Buffer.from(text, 'utf16le').swap16());
}

export function displayP3(): Buffer {
  const curve = tag('para', Buffer.from([0, 3, 0, 0]), ...[2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045].map(fixed));
  const tags: [string, Buffer][] = [
    ['desc', words('Display P3')],
    ['cprt', words('CC0')],
    ['wtpt', xyz(0.96419, 1, 0.82489)],
    ['rXYZ', xyz(0.51512, 0.2412, -0.00105)],
    ['gXYZ', xyz(0.29198, 0.69225, 0.04189)],
    ['bXYZ', xyz(0.1571, 0.06657, 0.78407)],
    ['rTRC', curve],
    ['gTRC', curve],
    ['bTRC', curve],
  ];
  const table = Buffer.alloc(4 + 12 * tags.length);
  table.writeUInt32BE(tags.length);
  let at = 128 + table.length;
  tags.forEach(([name, data], i) => {
    table.write(name, 4 + 12 * i, 'latin1');
    table.writeUInt32BE(at, 8 + 12 * i);
    table.writeUInt32BE(data.length, 12 + 12 * i);
    at += data.length;
  });
  const header = Buffer.alloc(128);
  header.writeUInt32BE(at);
  header.writeUInt32BE(0x04000000, 8);
  header.write('mntrRGB XYZ ', 12, 'latin1');
  header.write('acsp', 36, 'latin1');
  Buffer.concat([0.96419, 1, 0.82489].map(fixed)).copy(header, 68);
  return Buffer.concat([header, table, ...tags.map(([, data]) => data)]);
}
