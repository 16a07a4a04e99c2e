import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutBuffer } from '../../codec/http1/writer.ts';
import type { StreamOpenMessage } from '../../codec/tunnel/server-messages.ts';
import { writeLocalRequest } from './local-request.ts';

const tunnel = {
  name: 'app',
  protocol: 'http',
  localHost: 'localhost',
  localPort: 1,
  subdomain: null,
  hostname: null,
  remotePort: null,
  proxyProtocol: null,
  allowed: [],
  hostHeader: 'localhost:1',
  auth: null,
  allow: [],
  requestFields: [['X-Gone', null]],
  responseFields: [],
} as const;

function written(change: Partial<StreamOpenMessage>): [string, number | null] {
  const out = new OutBuffer();
  const open = {
    type: 'StreamOpen',
    streamId: 1,
    tunnelId: 'app',
    mode: 'http',
    path: '/',
    method: 'GET',
    headers: [],
    hasBody: false,
    windowBytes: null,
  } as const;
  const due = writeLocalRequest(out, { open: { ...open, ...change }, tunnel, own: [] });
  return [out.bytes.toString('latin1', 0, out.length), due];
}

test('a request is written without what belongs to the connection, and under the name of the local server', () => {
  const headers = [
    ['Host', 'a.test'],
    ['Transfer-Encoding', 'chunked'],
    ['X-Gone', '1'],
    ['X-Kept', '2'],
  ] as const;
  const head = 'GET / HTTP/1.1\r\nHost: localhost:1\r\nX-Kept: 2\r\n';
  assert.deepEqual(written({ headers }), [`${head}\r\n`, null]);
  assert.deepEqual(written({ headers, hasBody: true }), [`${head}Transfer-Encoding: chunked\r\n\r\n`, -1]);
  assert.equal(written({ headers: [['Content-Length', '5']], hasBody: true })[1], 5);
});

test('nothing is written that could be taken for another request', () => {
  assert.throws(() => written({ path: '/ HTTP/1.1\r\nX: y' }));
  assert.throws(() => written({ method: 'GET /' }));
  assert.throws(() => written({ headers: [['X', 'a\r\nB: c']] }));
  assert.throws(() =>
    written({
      headers: [
        ['Content-Length', '5'],
        ['content-length', '6'],
      ],
    }),
  );
});
