import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METHOD } from '../../codec/http1/head.ts';
import { OutBuffer } from '../../codec/http1/writer.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { localServer } from '../../../test/support/exposed.ts';
import type { HttpLine } from './http-line.ts';
import { LocalLines } from './local-lines.ts';

function open(lines: LocalLines): Promise<HttpLine> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpLine>();
  lines.open({ ready: resolve, failed: reject });
  return promise;
}

function ask(line: HttpLine): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const others = { head() {}, body() {}, drain() {}, switched() {} };
  line.begin(METHOD.GET, { ...others, failed: () => resolve(), end: () => resolve() });
  const out = new OutBuffer();
  out.latin1('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  line.flush(out);
  line.requestEnded();
  return promise;
}

test('a connection is kept for the next request after its answer, and closed with the others', async (t) => {
  const { port } = await localServer(t, (_request, response) => response.end('hello'));
  const lines = new LocalLines({ host: '127.0.0.1', port }, new DnsCache());
  const line = await open(lines);
  assert.equal(lines.takeUsed(), null);
  await ask(line);
  assert.equal(lines.takeUsed(), line);
  assert.equal(lines.takeUsed(), null);
  await ask(line);
  lines.close();
  assert.equal(line.connection.closed, true);
});

test('a place where nobody listens is told', async () => {
  await assert.rejects(open(new LocalLines({ host: '127.0.0.1', port: 1 }, new DnsCache())), {
    code: 'upstream_unreachable',
  });
});
