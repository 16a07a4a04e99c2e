// Tunnels through a forward proxy to the backend: PORT BACKEND setup|bulk SECONDS, or PORT BACKEND hold COUNT. A proxy that does
// not know CONNECT and hands every connection on is used as it is. Rule: prints one line of JSON; what did not come whole is an
// error.
import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';

const [port, backendPort, mode, amount] = process.argv.slice(2);
const CONCURRENT = mode === 'bulk' ? 4 : 16;
const AUTHORITY = `127.0.0.1:${backendPort}`;
const CONNECT = `CONNECT ${AUTHORITY} HTTP/1.1\r\nHost: ${AUTHORITY}\r\n\r\n`;
const PATH = mode === 'bulk' ? '/files/100m' : '/small';
const FINAL = mode === 'hold' ? '' : 'Connection: close\r\n';
const REQUEST = `GET ${PATH} HTTP/1.1\r\nHost: localhost\r\n${FINAL}\r\n`;
const buffer = Buffer.allocUnsafeSlow(256 * 1024);

/** Opens one tunnel and asks through it; resolves with the bytes that came when it has ended, or with 0. */
function open(speaksConnect: boolean, onAnswer: () => void): Promise<number> {
  return new Promise((resolve) => {
    let received = 0;
    let isOpen = !speaksConnect;
    const onread = {
      buffer,
      callback: (count: number): boolean => take(buffer.toString('latin1', 0, Math.min(count, 12)), count),
    };
    const socket: Socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true, onread });
    const take = (start: string, count: number): boolean => {
      if (isOpen) {
        if (received === 0 && start !== 'HTTP/1.1 200') socket.destroy();
        else received += count;
        onAnswer();
      } else if (/^HTTP\/1\.[01] 200/.test(start)) {
        isOpen = true;
        socket.write(REQUEST);
      } else socket.destroy();
      return true;
    };
    socket.once('connect', () => socket.write(speaksConnect ? CONNECT : REQUEST));
    socket.once('end', () => socket.end());
    socket.on('error', () => {});
    socket.once('close', () => resolve(received));
  });
}

async function measure(speaksConnect: boolean): Promise<object> {
  const startedAt = performance.now();
  const endsAt = startedAt + Number(amount) * 1000;
  let [units, errors] = [0, 0];
  const loop = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      const received = await open(speaksConnect, () => {});
      if (received === 0) errors++;
      else units += mode === 'bulk' ? received / 1e6 : 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, loop));
  return { units, errors, seconds: (performance.now() - startedAt) / 1000 };
}

async function hold(speaksConnect: boolean): Promise<object> {
  let [opened, errors] = [0, 0];
  const loop = async (): Promise<void> => {
    while (opened < Number(amount)) {
      opened++;
      const answered = Promise.withResolvers<void>();
      void open(speaksConnect, answered.resolve).then(() => {
        errors++;
        answered.resolve();
      });
      await answered.promise;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, loop));
  return { errors };
}

async function knowsConnect(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(CONNECT));
    socket.once('data', (bytes: Buffer) => {
      resolve(/^HTTP\/1\.[01] 200/.test(bytes.toString('latin1')));
      socket.destroy();
    });
    socket.on('error', () => resolve(false));
  });
}

const speaksConnect = await knowsConnect();
if (mode === 'hold') {
  process.stdin.once('end', () => process.exit(0)).resume();
  console.log(JSON.stringify(await hold(speaksConnect)));
} else {
  console.log(JSON.stringify(await measure(speaksConnect)));
}
