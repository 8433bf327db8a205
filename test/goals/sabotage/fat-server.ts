/** An IMAP server in name only, which keeps 64 KiB for each connection: the control of G9. Prints where it listens. */
import { createServer } from 'node:net';

const kept: Buffer[] = [];
const server = createServer((socket) => {
  kept.push(Buffer.alloc(64 << 10, 1));
  socket.on('error', () => undefined);
  socket.write('* OK fat\r\n');
  socket.on('data', (chunk) => {
    for (const line of chunk.toString('latin1').trim().split('\r\n')) {
      const [tag = '', word = ''] = line.split(' ');
      socket.write(word === 'IDLE' ? '+ idling\r\n' : `${tag} OK ${word} done\r\n`);
    }
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`127.0.0.1:${(server.address() as { port: number }).port}\n`);
});
