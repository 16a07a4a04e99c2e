// As many requests per second as it is told, whatever the answers take, spread over connections that are kept: PORT CONNECTIONS
// RATE SECONDS. Rule: a request is due at its time, and its latency counts from there, so that a proxy that stands still is not
// asked less often for it.
import { connect, type Socket } from 'node:net';
import { percentile } from '../harness/statistics.ts';
import { TOKEN } from '../peers/sluice-policies.ts';

const [port, connections = 0, rate = 0, seconds = 0] = process.argv.slice(2).map(Number);
const TICK_MS = 1;
/** What is not answered by then is not waited for. */
const LAST_ANSWERS_MS = 5000;

const common = `Host: localhost\r\nAuthorization: Bearer ${TOKEN}\r\nUser-Agent: constant-rate\r\nAccept: */*\r\n`;
const get = (path: string, fields = ''): Buffer => Buffer.from(`GET ${path} HTTP/1.1\r\n${common}${fields}\r\n`);
const post = (path: string, bytes: number): Buffer =>
  Buffer.from(`POST ${path} HTTP/1.1\r\n${common}Content-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`);

/** Pages mostly, files that are worth compressing, and some uploads. */
const REQUESTS: readonly Buffer[] = [
  ...Array.from({ length: 7 }, () => get('/typical', 'Cookie: session=3f2c9a1e7b5d4c68a0f1e2d3c4b5a697\r\n')),
  ...Array.from({ length: 2 }, () =>
    get('/files/10k', 'Accept-Encoding: gzip, br, zstd\r\nOrigin: http://localhost\r\n'),
  ),
  post('/upload', 1024),
];

const latenciesMs: number[] = [];
const free: Client[] = [];
/** When the requests were due that no connection was free for. */
const waiting: number[] = [];
let sent = 0;
let errors = 0;
let firstError = '';

function failed(what: string): void {
  errors++;
  firstError ||= what;
}

/** One connection with at most one request on it. */
class Client {
  readonly #socket: Socket;
  #received = '';
  #dueAt = -1;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => this.#take(text));
    socket.once('close', () => this.#dueAt >= 0 && failed('a connection was closed'));
    socket.on('error', () => {});
  }

  send(dueAt: number): void {
    this.#dueAt = dueAt;
    this.#socket.write(REQUESTS[sent++ % REQUESTS.length] ?? '');
  }

  end(): void {
    this.#dueAt = -1;
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    if (!isWhole(this.#received)) return;
    if (this.#received.startsWith('HTTP/1.1 200')) latenciesMs.push(performance.now() - this.#dueAt);
    else failed(this.#received.slice(0, 200));
    this.#received = '';
    this.#dueAt = -1;
    const next = waiting.shift();
    if (next === undefined) free.push(this);
    else this.send(next);
  }
}

function isWhole(answer: string): boolean {
  const bodyFrom = answer.indexOf('\r\n\r\n') + 4;
  if (bodyFrom < 4) return false;
  const head = answer.slice(0, bodyFrom);
  if (/^transfer-encoding: chunked\r/im.test(head)) return answer.endsWith('\r\n0\r\n\r\n');
  const length = /^content-length: (\d+)\r/im.exec(head)?.[1];
  return answer.length >= bodyFrom + Number(length ?? 0);
}

function open(): Promise<Client> {
  return new Promise((resolve, reject) => {
    const socket = connect(port ?? 0, '127.0.0.1', () => {
      socket.setNoDelay(true);
      resolve(new Client(socket));
    });
    socket.once('error', reject);
  });
}

function sendDue(startedAt: number, due: number): void {
  for (let index = sent + waiting.length; index < due; index++) {
    const dueAt = startedAt + (index * 1000) / rate;
    const client = free.shift();
    if (client === undefined) waiting.push(dueAt);
    else client.send(dueAt);
  }
}

async function run(clients: readonly Client[]): Promise<number> {
  free.push(...clients);
  const total = rate * seconds;
  const startedAt = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now();
      sendDue(startedAt, Math.min(total, ((now - startedAt) * rate) / 1000));
      const isDone = latenciesMs.length + errors >= total || now - startedAt > seconds * 1000 + LAST_ANSWERS_MS;
      if (!isDone) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  return (performance.now() - startedAt) / 1000;
}

const clients: Client[] = [];
for (let count = 0; count < connections; count++) clients.push(await open());
const took = await run(clients);
for (const client of clients) client.end();
latenciesMs.sort((a, b) => a - b);
const [p50Ms, p95Ms, p99Ms] = [50, 95, 99].map((percent) => percentile(latenciesMs, percent));
const unanswered = rate * seconds - latenciesMs.length - errors;
console.log(
  JSON.stringify({
    units: latenciesMs.length,
    seconds: took,
    errors: errors + unanswered,
    p50Ms,
    p95Ms,
    p99Ms,
    firstError,
  }),
);
