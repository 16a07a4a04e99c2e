// What it costs to read one HTTP/1.1 head, and a chunked body. Run: node bench/http1-parse.ts
// Rule: the process has parsed requests, responses and cut heads before anything is measured, so that the compiled code is the general one.
import type { MessageSink } from '../src/codec/http1/message-parser.ts';
import { DEFAULT_LIMITS } from '../src/codec/http1/message-parser.ts';
import { RequestParser, ResponseParser } from '../src/codec/http1/parser.ts';

const BARE_REQUEST =
  'GET /bench/small HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: wrk/4.1.0\r\nAccept: */*\r\n\r\n';
const BROWSER_REQUEST = [
  'GET /products/list?category=books&page=3 HTTP/1.1',
  'Host: www.example.com',
  'Connection: keep-alive',
  'Cache-Control: max-age=0',
  'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: navigate',
  'Referer: https://www.example.com/products',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
  '',
  '',
].join('\r\n');
const RESPONSE = [
  'HTTP/1.1 200 OK',
  'Server: nginx/1.22.1',
  'Date: Thu, 20 Nov 2025 15:45:00 GMT',
  'Content-Type: text/plain',
  'Content-Length: 10',
  'Last-Modified: Thu, 20 Nov 2025 10:00:00 GMT',
  'Connection: keep-alive',
  'ETag: "691ee8a0-a"',
  'Accept-Ranges: bytes',
  '',
  '0123456789',
].join('\r\n');
const CHUNKED_REQUEST = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${`400\r\n${'x'.repeat(1024)}\r\n`.repeat(8)}0\r\n\r\n`;

class CountingSink implements MessageSink {
  heads = 0;
  octets = 0;
  ends = 0;
  onHead(): void {
    this.heads++;
  }
  onBody(_bytes: Buffer, from: number, to: number): void {
    this.octets += to - from;
  }
  onEnd(): void {
    this.ends++;
  }
  onError(code: string, detail: string): void {
    throw new Error(`${code}: ${detail}`);
  }
}

/** What sockets read into: one buffer for all, larger than what it holds. */
const shared = Buffer.alloc(64 * 1024);

function run(parser: RequestParser | ResponseParser, text: string, portion: number, times: number): void {
  const to = shared.write(text, 'latin1');
  for (let i = 0; i < times; i++) {
    let at = 0;
    while (at < to) at = parser.feed(shared, at, Math.min(to, at + portion));
    parser.reset();
  }
}

/** Best of several rounds, in nanoseconds: what the code costs when nothing disturbs it. */
function measure(name: string, parser: RequestParser | ResponseParser, text: string, portion = Infinity): void {
  const times = 100_000;
  let best = Infinity;
  for (let round = 0; round < 12; round++) {
    const begin = process.cpuUsage();
    run(parser, text, portion, times);
    const { user, system } = process.cpuUsage(begin);
    best = Math.min(best, ((user + system) * 1000) / times);
  }
  console.log(`${name.padEnd(44)} ${String(text.length).padStart(6)} B ${best.toFixed(0).padStart(7)} ns`);
}

const requests = new RequestParser(DEFAULT_LIMITS, new CountingSink());
const responses = new ResponseParser(DEFAULT_LIMITS, new CountingSink());
for (let i = 0; i < 20; i++) {
  run(requests, BARE_REQUEST, Infinity, 500);
  run(requests, CHUNKED_REQUEST, Infinity, 100);
  run(requests, BROWSER_REQUEST, 100 + i, 100);
  run(responses, RESPONSE, Infinity, 500);
}
measure('request head, bare', requests, BARE_REQUEST);
measure('request head, browser-like', requests, BROWSER_REQUEST);
measure('request head, browser-like, in two portions', requests, BROWSER_REQUEST, 400);
measure('response head and small body', responses, RESPONSE);
measure('request with chunked body, 8 x 1 KiB', requests, CHUNKED_REQUEST);
