// One TLS connection after the other, each with one small request: PORT SECONDS full|resumed.
// Rule: prints one line of JSON; a connection counts when its answer has come whole, and as resumed only if it was.
import { connect } from 'node:tls';

const [port, seconds, mode] = process.argv.slice(2);
const CONCURRENT = 16;
const request = 'GET /small HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
const startedAt = performance.now();
const endsAt = startedAt + Number(seconds) * 1000;
let units = 0;
let errors = 0;
/** A ticket of TLS 1.3 is good for one use, so each connection in turn hands its newest to the next. */
const tickets: Buffer[] = [];

function once(): Promise<void> {
  return new Promise((resolve) => {
    const session = mode === 'resumed' ? tickets.pop() : undefined;
    const socket = connect({
      port: Number(port),
      host: '127.0.0.1',
      servername: 'localhost',
      minVersion: 'TLSv1.3',
      rejectUnauthorized: false, // a self-signed throw-away
      ...(session && { session }),
    });
    let resumed = false;
    let answered = false;
    socket.once('session', (ticket) => tickets.push(ticket));
    socket.once('secureConnect', () => {
      resumed = socket.isSessionReused();
      socket.write(request);
    });
    socket.on('data', (chunk: Buffer) => (answered ||= chunk.toString('latin1', 0, 12) === 'HTTP/1.1 200'));
    socket.once('error', () => {});
    socket.once('close', () => {
      // The first connections have nothing to resume; they are too few to matter.
      if (answered && resumed === (session !== undefined)) units++;
      else errors++;
      resolve();
    });
  });
}

async function loop(): Promise<void> {
  while (performance.now() < endsAt) await once();
}

await Promise.all(Array.from({ length: CONCURRENT }, loop));
console.log(JSON.stringify({ units, errors, seconds: (performance.now() - startedAt) / 1000 }));
