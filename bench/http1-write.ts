// What it costs to write HTTP/1.1 heads and chunk lines. Run: node bench/http1-write.ts
// Rule: the fields come from a parsed head, as they do in the program.
import { DEFAULT_LIMITS } from '../src/codec/http1/message-parser.ts';
import { RequestParser } from '../src/codec/http1/parser.ts';
import { OutBuffer, writeFields, writeStatusLine } from '../src/codec/http1/writer.ts';

const REQUEST = [
  'GET /products/list?category=books&page=3 HTTP/1.1',
  'Host: www.example.com',
  'Connection: keep-alive',
  'Cache-Control: max-age=0',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'X-Forwarded-For: 192.0.2.1',
  'Referer: https://www.example.com/products',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
  '',
  '',
].join('\r\n');

const ignore = (): void => {};
const parser = new RequestParser(DEFAULT_LIMITS, {
  onHead: ignore,
  onBody: ignore,
  onEnd: ignore,
  onError: ignore,
});
const request = Buffer.from(REQUEST, 'latin1');
parser.feed(request, 0, request.length);
const { head } = parser;
const nothing = new Uint8Array(head.count);
const everySecond = Uint8Array.from({ length: head.count }, (_, index) => index & 1);
const out = new OutBuffer();
const line = Buffer.from('Via: 1.1 sluice\r\n', 'latin1');

/** Best of several rounds, in nanoseconds of CPU time. */
function measure(name: string, write: () => void): void {
  const times = 100_000;
  let best = Infinity;
  for (let round = 0; round < 12; round++) {
    const begin = process.cpuUsage();
    for (let i = 0; i < times; i++) {
      out.reset();
      write();
    }
    const { user, system } = process.cpuUsage(begin);
    best = Math.min(best, ((user + system) * 1000) / times);
  }
  console.log(`${name.padEnd(44)} ${String(out.length).padStart(6)} B ${best.toFixed(0).padStart(7)} ns`);
}

measure('fields, nothing left out', () => writeFields(out, head, nothing));
measure('fields, hop-by-hop left out', () => writeFields(out, head, head.drop));
measure('fields, every second one left out', () => writeFields(out, head, everySecond));
measure('status line', () => writeStatusLine(out, 200));
measure('status line with its own reason', () => writeStatusLine(out, 200, 'Fine'));
measure('one line of text', () => out.latin1('Transfer-Encoding: chunked\r\n'));
measure('one line of bytes', () => out.copy(line, 0, line.length));
measure('a decimal number', () => out.decimal(10_485_760));
measure('a chunk size line', () => out.chunkHead(65_536));
