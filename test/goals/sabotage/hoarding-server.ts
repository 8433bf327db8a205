/** A mail server that keeps each mail in memory until it has all of it, and then for ever. Prints where it listens. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

const hoard: Buffer[] = [];
const server = createServer((socket) => {
  let inData = false;
  socket.on('error', () => undefined);
  socket.write('220 hoarder\r\n');
  socket.on('data', (chunk: Buffer) => {
    if (inData) {
      // A copy of its own: what the socket gave might be shared.
      hoard.push(Buffer.from(chunk));
      inData = !chunk.subarray(-5).equals(Buffer.from('\r\n.\r\n'));
      if (!inData) socket.write('250 kept\r\n');
      return;
    }
    inData = /^DATA/i.test(chunk.toString('latin1', 0, 4));
    socket.write(inData ? '354 go on\r\n' : '250 yes\r\n');
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
