import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { METHOD } from '../../codec/http1/head.ts';
import { OutBuffer } from '../../codec/http1/writer.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import type { HttpLine } from './http-line.ts';
import { LocalLines } from './local-lines.ts';

/** A line to a server that answers each portion with the next of these. */
async function lineTo(t: TestContext, ...answers: readonly string[]): Promise<HttpLine> {
  const rest = [...answers];
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => {
      const answer = rest.shift() ?? '';
      if (answer === '') socket.end();
      else socket.write(answer);
    });
    t.after(() => socket.destroy());
  });
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const lines = new LocalLines({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }, new DnsCache());
  t.after(() => lines.close());
  const { promise, resolve, reject } = Promise.withResolvers<HttpLine>();
  lines.open({ ready: resolve, failed: reject });
  return promise;
}

/** What was told of one answer. */
function ask(line: HttpLine): Promise<string[]> {
  const told: string[] = [];
  const { promise, resolve } = Promise.withResolvers<string[]>();
  line.begin(METHOD.GET, {
    head: ({ status }) => told.push(`head ${status}`),
    body: (bytes, from, to) => told.push(bytes.toString('utf8', from, to)),
    end: () => resolve([...told, 'end']),
    switched: (connection, first) => {
      connection.destroy('done');
      resolve([...told, `switched ${String(first)}`]);
    },
    failed: (why, isSilent) => resolve([...told, `${isSilent ? 'silent' : 'heard'}: ${why}`]),
    drain: () => {},
  });
  const out = new OutBuffer();
  out.latin1('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  line.flush(out);
  line.requestEnded();
  return promise;
}

describe('a line to a server', () => {
  test('carries one answer after the other', async (t) => {
    const hello = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
    const line = await lineTo(t, `HTTP/1.1 103 Early Hints\r\n\r\n${hello}`, hello);
    assert.deepEqual(await ask(line), ['head 200', 'hello', 'end']);
    assert.equal(line.connection.closed, false);
    assert.deepEqual(await ask(line), ['head 200', 'hello', 'end']);
  });

  test('is not used again when its answer was the last one', async (t) => {
    const line = await lineTo(t, 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    assert.deepEqual(await ask(line), ['head 200', 'end']);
    assert.equal(line.connection.closed, true);
  });

  test('tells when an answer never came, broke off, or is none', async (t) => {
    const [silence] = await ask(await lineTo(t));
    assert.match(silence ?? '', /^silent: it closed the connection/);
    const [none] = await ask(await lineTo(t, 'hello\r\n\r\n'));
    assert.match(none ?? '', /^heard: what it answered is not valid HTTP/);
    const cut = await ask(await lineTo(t, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'));
    assert.match(cut.at(-1) ?? '', /not valid HTTP/);
  });

  test('hands the connection over where it speaks something else from then on', async (t) => {
    const line = await lineTo(t, 'HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw');
    assert.deepEqual(await ask(line), ['head 101', 'switched raw']);
  });
});
