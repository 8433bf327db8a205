/** A mail server that acknowledges first and syncs afterwards: the control of G24. Prints where it listens. */
import { fdatasync, openSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const file = openSync(join(process.argv[2] ?? '.', 'mail'), 'a');
const server = createServer((socket) => {
  let inData = false;
  socket.on('error', () => undefined);
  socket.write('220 early\r\n');
  socket.on('data', (chunk) => {
    const text = chunk.toString('latin1');
    if (!inData) {
      inData = /^DATA/i.test(text);
      socket.write(inData ? '354 go on\r\n' : '250 fine\r\n');
    } else if (text.endsWith('\r\n.\r\n')) {
      inData = false;
      writeSync(file, text);
      socket.write('250 2.0.0 kept\r\n');
      fdatasync(file, () => undefined);
    }
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`127.0.0.1:${(server.address() as { port: number }).port}\n`);
});
