// Opens connections, sends one request on each and keeps them: PORT COUNT. Ends when its standard input does.
// Rule: prints one line of JSON once the last answer has come.
import { connect } from 'node:net';

const [port, count] = process.argv.slice(2);
const CONCURRENT = 64;
const request = 'GET /small HTTP/1.1\r\nHost: localhost\r\n\r\n';
let opened = 0;
let errors = 0;

function open(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(request));
    socket.once('data', () => resolve());
    socket.once('close', () => {
      errors++;
      resolve();
    });
    socket.once('error', () => {});
  });
}

async function loop(): Promise<void> {
  while (opened < Number(count)) {
    opened++;
    await open();
  }
}

process.stdin.once('end', () => process.exit(0)).resume();
await Promise.all(Array.from({ length: CONCURRENT }, loop));
console.log(JSON.stringify({ errors }));
