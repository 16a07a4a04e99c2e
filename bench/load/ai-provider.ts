// A provider of AI as cheap as it can be on Node: PORT. Rule: what it answers depends on the model alone that a request names.
//   small         a short answer in JSON
//   first         a stream of one event, at once
//   rate-<n>      <n> events a second until the client leaves
// Each event says when it was sent, by the clock that all processes share.
import { createServer, type Socket } from 'node:net';

const [port] = process.argv.slice(2).map(Number);

const ANSWER = JSON.stringify({
  id: 'msg_01',
  type: 'message',
  role: 'assistant',
  model: 'small',
  content: [{ type: 'text', text: 'Hello from the provider.' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 12, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 8 },
});
const JSON_ANSWER = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${ANSWER.length}\r\n\r\n${ANSWER}`;
const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n';
const LAST_CHUNK = '0\r\n\r\n';
const TICK_MS = 1;

const start = {
  type: 'message_start',
  message: { id: 'msg_01', role: 'assistant', model: 'rate', usage: { input_tokens: 12, output_tokens: 1 } },
};

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

function event(name: string, data: object): string {
  return chunk(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** As many nanoseconds as the clock of the machine says. */
function delta(): string {
  const text = `${process.hrtime.bigint()} and a few words more`;
  return event('content_block_delta', {
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text },
  });
}

interface Stream {
  readonly socket: Socket;
  readonly everyMs: number;
  dueAt: number;
}

const streams = new Set<Stream>();

/** Not all at once: each stream has its own beat. */
function begin(socket: Socket, perSecond: number): void {
  const everyMs = 1000 / perSecond;
  socket.write(STREAM_HEAD + event('message_start', start));
  streams.add({ socket, everyMs, dueAt: performance.now() + Math.random() * everyMs });
}

setInterval(() => {
  const now = performance.now();
  for (const stream of streams) {
    if (stream.dueAt > now) continue;
    stream.dueAt += stream.everyMs;
    if (stream.socket.destroyed) streams.delete(stream);
    else stream.socket.write(delta());
  }
}, TICK_MS);

function answer(socket: Socket, body: string): void {
  const model = /"model":\s*"([^"]*)"/.exec(body)?.[1] ?? 'small';
  if (model.startsWith('rate-')) begin(socket, Number(model.slice('rate-'.length)));
  else if (model === 'first') socket.write(STREAM_HEAD + delta() + LAST_CHUNK);
  else socket.write(JSON_ANSWER);
}

createServer((socket) => {
  let received = '';
  let bodyFrom = -1;
  let length = 0;
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
    if (bodyFrom < 0) {
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      bodyFrom = end + 4;
      length = Number(/^content-length: (\d+)/im.exec(received)?.[1] ?? 0);
    }
    if (received.length < bodyFrom + length) return;
    answer(socket, received.slice(bodyFrom, bodyFrom + 200));
    received = '';
    bodyFrom = -1;
  });
}).listen(port, '127.0.0.1', 4096);
