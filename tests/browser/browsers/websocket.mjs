// One direction of a WebSocket connection, as bytes that pass by.
import { Transform } from 'node:stream';

/** First byte of a frame that is a text in one piece. */
const TEXT = 0x81;
const MASKED = 0x80;
/** Bytes that follow a short length of 126 or 127. */
const SIZES = new Map([
  [126, 2],
  [127, 8],
]);

/** @typedef {(text: string) => string} Change */

/**
 * @param {{ head?: Change, text: Change }} changes of what HTTP says before the first frame, and of each text
 * @returns {Transform}
 */
export function rewriting({ head = (text) => text, text }) {
  let pending = Buffer.alloc(0);
  let greeted = false;

  /** @param {number} length */
  function take(length) {
    const taken = pending.subarray(0, length);
    pending = pending.subarray(length);
    return taken;
  }

  function greeting() {
    const end = pending.indexOf('\r\n\r\n') + 4;
    if (end < 4) return undefined;
    greeted = true;
    return Buffer.from(head(take(end).toString('latin1')), 'latin1');
  }

  function frame() {
    if (pending.length < 2) return undefined;
    const [, second = 0] = pending;
    const size = SIZES.get(second & ~MASKED) ?? 0;
    const start = 2 + size + (second & MASKED ? 4 : 0);
    if (pending.length < start) return undefined;
    const length = size === 8 ? Number(pending.readBigUInt64BE(2)) : size === 2 ? pending.readUInt16BE(2) : second & ~MASKED;
    if (pending.length < start + length) return undefined;
    const whole = take(start + length);
    if (whole[0] !== TEXT) return whole;
    const key = whole.subarray(2 + size, start);
    const before = masked(whole.subarray(start), key).toString();
    const after = text(before);
    return after === before ? whole : written(after, key);
  }

  return new Transform({
    transform(bytes, _, done) {
      pending = Buffer.concat([pending, bytes]);
      for (let piece; (piece = greeted ? frame() : greeting()); ) this.push(piece);
      done();
    },
  });
}

/**
 * The same bytes under a mask, or from under it.
 * @param {Buffer} bytes @param {Buffer} key
 */
function masked(bytes, key) {
  return key.length ? Buffer.from(bytes.map((byte, i) => byte ^ /** @type {number} */ (key[i & 3]))) : bytes;
}

/** @param {string} text @param {Buffer} key */
function written(text, key) {
  const body = Buffer.from(text);
  const { length } = body;
  const short = length < 126 ? length : length < 65536 ? 126 : 127;
  const size = Buffer.alloc(SIZES.get(short) ?? 0);
  if (short === 126) size.writeUInt16BE(length);
  if (short === 127) size.writeBigUInt64BE(BigInt(length));
  return Buffer.concat([Buffer.from([TEXT, (key.length ? MASKED : 0) | short]), size, key, masked(body, key)]);
}
