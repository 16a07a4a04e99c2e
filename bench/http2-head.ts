// What it costs to turn a list of HTTP/2 into a head and a head into a list. Run it alone: node bench/http2-head.ts

import type { Head } from '../src/codec/http1/head.ts';
import { DEFAULT_LIMITS } from '../src/codec/http1/message-parser.ts';
import { RequestParser, ResponseParser } from '../src/codec/http1/parser.ts';
import { EditableFields } from '../src/engine/fields.ts';
import { appendFields, requestHeadOf } from '../src/engine/http2-head.ts';
import { Http2HeadReader } from '../src/engine/http2-head-reader.ts';

const RUNS = 9;
const ROUNDS = 200_000;

const BARE_REQUEST = [
  [':method', 'GET'],
  [':path', '/bench/small'],
  [':scheme', 'https'],
  [':authority', '127.0.0.1:8443'],
  ['user-agent', 'h2load nghttp2/1.52.0'],
].flat();
const BROWSER_REQUEST = [
  ...BARE_REQUEST.slice(0, 8),
  ...[
    ['sec-ch-ua', '"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"'],
    ['sec-ch-ua-mobile', '?0'],
    ['sec-ch-ua-platform', '"Linux"'],
    ['upgrade-insecure-requests', '1'],
    ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0'],
    ['accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
    ['accept-encoding', 'gzip, deflate, br, zstd'],
    ['accept-language', 'en-GB,en;q=0.9,de;q=0.8'],
    ['cookie', 'session=3f2c9a1e7b5d4c68a0f1e2d3c4b5a697'],
    ['cookie', 'theme=dark'],
  ].flat(),
];
const RESPONSE = [
  'HTTP/1.1 200 OK',
  'Server: nginx/1.22.1',
  'Date: Thu, 20 Nov 2025 15:45:00 GMT',
  'Content-Type: text/plain',
  'Content-Length: 10',
  'Connection: keep-alive',
  'X-Frame-Options: SAMEORIGIN',
  '',
  '',
].join('\r\n');

function measure(name: string, body: () => void): void {
  let best = Infinity;
  for (let run = 0; run < RUNS; run += 1) {
    const startedAt = performance.now();
    for (let round = 0; round < ROUNDS; round += 1) body();
    best = Math.min(best, performance.now() - startedAt);
  }
  console.log(`${name.padEnd(44)} ${((best * 1e6) / ROUNDS).toFixed(0).padStart(6)} ns`);
}

function responseFields(): EditableFields {
  let head: Head | null = null;
  const keep = (read: Head): void => void (head = read);
  const parser = new ResponseParser(DEFAULT_LIMITS, { onHead: keep, onBody() {}, onEnd() {}, onError() {} });
  const bytes = Buffer.from(RESPONSE, 'latin1');
  parser.feed(bytes, 0, bytes.length);
  const fields = new EditableFields();
  fields.begin(head ?? parser.head);
  return fields;
}

const reader = new Http2HeadReader((sink) => new RequestParser(DEFAULT_LIMITS, sink));
const fields = responseFields();
let octets = 0;

function read(list: readonly string[]): void {
  const head = requestHeadOf(list, false);
  if (typeof head === 'string' || reader.read(head) !== null) throw new Error('it cannot be read');
  octets += head.length;
}

measure('request: a bare list into a head', () => read(BARE_REQUEST));
measure('request: a list of a browser into a head', () => read(BROWSER_REQUEST));
measure('response: a head into a list', () => {
  const list = [':status', '200'];
  appendFields(list, fields);
  if (!fields.has('date')) throw new Error('it has a date');
  octets += list.length;
});
if (octets === 0) throw new Error('nothing was done');
