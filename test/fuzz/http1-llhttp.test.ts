// Holds our reading of requests against llhttp's, the parser of node:http: messages are put together from pieces of which many
// are odd, and what both accept they must understand alike. Rule: we may be stricter; where we accept what llhttp refuses,
// the reason stands in KNOWN_DIFFERENCES. A failure prints the seed and the path that repeat it. FUZZ_RUNS and FUZZ_MS prolong it.
import assert from 'node:assert/strict';
import { createServer, METHODS } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_LIMITS } from '../../src/codec/http1/message-parser.ts';
import { RequestParser } from '../../src/codec/http1/parser.ts';

interface Understood {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly string[];
  readonly body: string;
}

/** Why we accept what llhttp refuses. */
const KNOWN_DIFFERENCES: readonly { readonly reason: string; applies(request: Understood, bytes: Buffer): boolean }[] =
  [
    {
      reason: 'llhttp knows a fixed list of methods; a proxy passes on any token (RFC 9110, 9.1)',
      applies: ({ method }) => !METHODS.includes(method),
    },
    {
      reason: 'llhttp knows no version between 1.1 and 2.0; they read as 1.1 (RFC 9110, 2.5)',
      applies: ({ version }) => !['1.0', '1.1'].includes(version),
    },
    {
      reason: 'llhttp parses chunk extensions; they are skipped, as long as they hold neither a line end nor a control',
      applies: (_request, bytes) => /\r\n[0-9a-f]+;[^\r\n]*[^\r\n\x20-\x7e]/.test(bytes.toString('latin1')),
    },
    {
      reason:
        'llhttp refuses framing fields among the trailers; they are dropped, as they frame nothing (RFC 9110, 6.5.1)',
      applies: (_request, bytes) => /\r\n0+[^\r\n]*\r\nContent-Length: /.test(bytes.toString('latin1')),
    },
  ];

function readOurs(bytes: Buffer): Understood[] {
  const understood: Understood[] = [];
  let body = '';
  const parser: RequestParser = new RequestParser(DEFAULT_LIMITS, {
    onHead: () => {
      body = '';
    },
    onBody: (from, begin, end) => {
      body += from.toString('latin1', begin, end);
    },
    onEnd: () => {
      const { head } = parser;
      const fields = Array.from({ length: head.count }, (_, index) => [head.name(index), head.value(index)]).flat();
      const version = head.text(head.targetTo + ' HTTP/'.length, head.targetTo + ' HTTP/1.1'.length);
      understood.push({ method: head.method(), target: head.target(), version, fields, body });
      // After a message that closes the connection nothing more is taken: the parser is left at its end.
      if (head.keepAlive) parser.reset();
    },
    onError: () => {},
  });
  let at = 0;
  let before = -1;
  while (at > before) {
    before = at;
    at = parser.feed(bytes, at, bytes.length);
  }
  return understood;
}

/** A connection in memory: the bytes come in at once and then the end; what is written to it is thrown away. */
class Line extends Duplex {
  constructor(bytes: Buffer) {
    super();
    this.push(bytes);
    this.push(null);
  }
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
}

class Oracle {
  readonly server: Server;
  private requests: { request: IncomingMessage; body: Promise<string> }[] = [];

  constructor() {
    this.server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
      this.requests.push({ request, body: readBody(request) });
      response.end();
    });
    this.server.on('clientError', (_error, socket) => {
      // What was complete before the error is given out first.
      const complete = this.requests.filter(({ request }) => request.complete).map(({ body }) => body);
      void Promise.all(complete).then(() => socket.destroy());
    });
  }

  async read(bytes: Buffer): Promise<Understood[]> {
    this.requests = [];
    const line = new Line(bytes);
    const closed = new Promise((resolve) => {
      line.once('close', resolve);
    });
    this.server.emit('connection', line as unknown as Socket);
    await closed;
    const understood: Understood[] = [];
    for (const { request, body } of this.requests) {
      if (!request.complete) break;
      const { method = '', url: target = '', httpVersion: version, rawHeaders: fields } = request;
      understood.push({ method, target, version, fields, body: await body });
    }
    return understood;
  }
}

/** The whole body, or what came of it before the connection broke. */
function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  request.setEncoding('latin1');
  request.on('data', (text: string) => {
    body += text;
  });
  return new Promise((resolve) => {
    request.once('end', () => resolve(body));
    request.once('close', () => resolve(body));
  });
}

const seldom = <T>(usual: T, ...odd: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });

const lineEnd = fc.oneof(
  { weight: 60, arbitrary: fc.constant('\r\n') },
  { weight: 1, arbitrary: fc.constantFrom('\n', '\r', '\r\r\n', '\n\r', '\r\n ', '\r\n\t', '\0\r\n', ' \r\n') },
);
const method = seldom('POST', 'GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'post', 'PURGE', 'M-SEARCH', 'X', '', 'GE T');
const target = seldom(
  '/a?b',
  '/',
  '*',
  '/\xfc',
  '/a#b',
  '//',
  'http://h/p',
  'http://h',
  'a',
  '/ ',
  '/\t',
  '/{}|"<>`^\\',
);
const version = seldom(
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/2.0',
  'http/1.1',
  'HTTP/1.',
  'HTTP/1.1 ',
  'HTTP/0.9',
  '',
);
const colon = seldom(': ', ':', ' : ', ':\t', ':  ', '\t:', ':\x0b', '');
const host = fc.oneof(
  { weight: 12, arbitrary: fc.constant('Host: h') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'Host: h\r\nHost: i', 'host:h:80', 'Host: h,i', 'Host : h', 'HOST: [::1]'),
  },
);
const length = fc.constantFrom(
  '5',
  '0',
  '05',
  '5 ',
  '+5',
  '-5',
  '0x5',
  '5,5',
  '5, 6',
  '',
  ' 5',
  '5\x0b',
  '1e1',
  '999',
  '5;',
);
const ODD_CODINGS = [
  'Chunked|chunked, chunked|gzip, chunked|chunked, gzip|identity|xchunked|chunkedx|',
  '|\tchunked|chunked |,chunked|chunked,|chunked;a=b|"chunked"|chunked\x0b|c\0hunked',
].flatMap((line) => line.split('|'));
const coding = fc.oneof(
  { weight: 8, arbitrary: fc.constant('chunked') },
  {
    weight: 8,
    arbitrary: fc.constantFrom(...ODD_CODINGS),
  },
);
const framingName = (name: string, ...odd: string[]): fc.Arbitrary<string> => seldom(name, name.toLowerCase(), ...odd);
const framing = fc.oneof(
  fc.tuple(framingName('Content-Length', 'Content_Length', 'Content-Length ', 'Content-Lengt\u0068'), colon, length),
  fc.tuple(
    framingName('Transfer-Encoding', 'Transfer_Encoding', 'Transfer-Encoding\0', ' Transfer-Encoding'),
    colon,
    coding,
  ),
);
const plain = fc.tuple(
  seldom('X-A', 'x-b', 'X A', 'X\x01', 'X\xe4', '(', ''),
  colon,
  seldom('v', '', 'a b', 'a\tb', '\xfc', 'a\0b', 'a\x07b', 'a\x7fb', 'a\rb', 'a\nb', ' \t v \t '),
);
const connection = fc.tuple(
  fc.constant('Connection'),
  fc.constant(': '),
  fc.constantFrom('keep-alive', 'close', 'Content-Length', 'transfer-encoding', 'x, close', ''),
);
const field = fc.oneof(
  { weight: 5, arbitrary: framing },
  { weight: 3, arbitrary: plain },
  { weight: 1, arbitrary: connection },
);
const chunkSize = seldom(
  '5',
  '05',
  '5;a=b',
  '5 ',
  ' 5',
  '+5',
  '0x5',
  '5;a\n',
  '5\t',
  '-5',
  '',
  '5;"\xfc"',
  '5;\0',
  '100000005',
);
const chunk = fc
  .tuple(chunkSize, lineEnd, seldom('hello', 'hell', 'helloo', '\r\nabc'), lineEnd)
  .map((parts) => parts.join(''));
const chunked = fc
  .tuple(
    fc.array(chunk, { maxLength: 2 }),
    seldom('0', '00', '0;a', '0 ', '', '0\n'),
    lineEnd,
    seldom('', 'X-T: 1\r\n', 'X-T : 1\r\n', 'Content-Length: 3\r\n', ' X: 1\r\n', 'X\r\n'),
    lineEnd,
  )
  .map(([chunks, ...rest]) => [...chunks, ...rest].join(''));
const body = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('', 'hello', 'GET /x HTTP/1.1\r\nHost: h\r\n\r\n', '0\r\n\r\n') },
  { weight: 5, arbitrary: chunked },
);
const message = fc
  .record({
    before: seldom('', '\r\n', '\n', '\r', ' ', '\r\n\r\n'),
    line: fc.tuple(method, seldom(' ', '  ', '\t'), target, seldom(' ', '  ', '\t'), version, lineEnd),
    host: fc.tuple(host, lineEnd),
    fields: fc.array(fc.tuple(field, lineEnd), { maxLength: 3 }),
    end: lineEnd,
    body,
  })
  .map(({ before, line, host, fields, end, body }) => {
    const lines = fields.map(([parts, ending]) => parts.join('') + ending);
    return [before, ...line, ...host, ...lines, end, body].join('');
  });
const CANARY = 'GET /canary HTTP/1.1\r\nHost: c\r\n\r\n';

describe('requests against llhttp', () => {
  const oracle = new Oracle();
  after(() => oracle.server.close());

  test('what both accept both understand alike', async () => {
    let bothAccepted = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 2 }), async (messages) => {
        const bytes = Buffer.from(messages.join('') + CANARY, 'latin1');
        const ours = readOurs(bytes);
        const theirs = await oracle.read(bytes);
        const common = Math.min(ours.length, theirs.length);
        assert.deepEqual(ours.slice(0, common), theirs.slice(0, common));
        bothAccepted += common;
        const extra = ours[theirs.length];
        if (extra !== undefined && !KNOWN_DIFFERENCES.some((difference) => difference.applies(extra, bytes))) {
          assert.fail(`llhttp refuses what we accept: ${JSON.stringify(extra)}`);
        }
      }),
      {
        numRuns: Number(process.env['FUZZ_RUNS'] ?? 10_000),
        interruptAfterTimeLimit: Number(process.env['FUZZ_MS'] ?? 4000),
      },
    );
    // Random messages that nobody accepts would prove nothing.
    assert.ok(bothAccepted > 100, `only ${bothAccepted} requests were accepted by both`);
  });
});
