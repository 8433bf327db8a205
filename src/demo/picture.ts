/** A picture for the demo: hills at dusk as a PNG, with grain so that it is as large as a small photograph. */
import { crc32, deflateSync } from 'node:zlib';

const WIDTH = 360;
const HEIGHT = 200;

export function picture(): Buffer {
  const rows = Buffer.alloc((WIDTH * 3 + 1) * HEIGHT);
  let grain = 7;
  let at = 0;
  for (let y = 0; y < HEIGHT; y++) {
    rows[at++] = 0;
    for (let x = 0; x < WIDTH; x++) {
      grain = (grain * 1_103_515_245 + 12_345) & 0x7fffffff;
      const noise = (grain >> 16) % 12;
      const near = y > 150 + 18 * Math.sin(x / 31);
      const far = y > 110 + 25 * Math.sin(x / 53 + 1);
      const [r, g, b] = near ? [40, 52, 44] : far ? [88, 84, 110] : [250 - y, 150 - y / 2, 110 + y / 3];
      rows[at++] = r + noise;
      rows[at++] = g + noise;
      rows[at++] = b + noise;
    }
  }
  const size = Buffer.alloc(13);
  size.writeUInt32BE(WIDTH, 0);
  size.writeUInt32BE(HEIGHT, 4);
  size.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', size),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
