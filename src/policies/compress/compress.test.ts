import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { respond } from '../../targets/respond/respond.ts';
import { EditableFields } from '../../engine/fields.ts';
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import { compress, type CompressOptions } from './compress.ts';

const TEXT = 'text '.repeat(10);
const ACCEPT = 'Accept-Encoding: gzip';
const PLAIN = ['Content-Type: text/plain', `Content-Length: ${TEXT.length}`, 'Date: now'];

function policy(options: Partial<CompressOptions> = {}): Policy {
  return compress({
    encodings: ['zstd', 'br', 'gzip'],
    types: ['text/*'],
    minBytes: 20,
    levels: { gzip: 5, br: 4, zstd: 3 },
    count: () => {},
    ...options,
  });
}

interface Asked {
  readonly request?: readonly string[];
  readonly method?: string;
  readonly status?: string;
  readonly answer?: readonly string[];
  readonly options?: Partial<CompressOptions>;
}

/** The fields of the answer to a client. */
function answered(
  t: TestContext,
  { request = [ACCEPT], method = 'GET', status = '200 OK', answer = PLAIN, options = {} }: Asked,
): string[] {
  const play = new Playbook(t, { policies: [policy(options)] });
  play.downstreamSends(head(`${method} / HTTP/1.1`, 'Host: a.test', ...request)).expectDial();
  play.expectUpstream(new RegExp(`^${method}`));
  const hasBody =
    method !== 'HEAD' && !['204', '304'].includes(status.slice(0, 3)) && !answer.includes('Content-Length: 0');
  const text = play.upstreamSends(head(`HTTP/1.1 ${status}`, ...answer) + (hasBody ? TEXT : '')).takeDownstream();
  play.end();
  return text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n').slice(1);
}

const GZIPPED = ['Content-Type: text/plain', 'Date: now', 'Vary: Accept-Encoding', 'Content-Encoding: gzip'];
const AS_IT_IS = ['Content-Type: text/plain', `Content-Length: ${TEXT.length}`, 'Date: now'];
const FOR_ANOTHER = [...AS_IT_IS, 'Vary: Accept-Encoding'];
const IN_CHUNKS = 'Transfer-Encoding: chunked';

describe('an answer', () => {
  test('is compressed for who can read it, and says so', (t) => {
    assert.deepEqual(answered(t, {}), [...GZIPPED, IN_CHUNKS]);
    assert.ok(answered(t, { request: ['Accept-Encoding: br', ACCEPT] }).includes('Content-Encoding: br'));
  });

  test('stays as it is for who cannot, or wants no changes, and caches are told', (t) => {
    for (const request of [[], ['Accept-Encoding: deflate'], [ACCEPT, 'Cache-Control: max-age=0, no-transform']]) {
      assert.deepEqual(answered(t, { request }), FOR_ANOTHER, request.join());
    }
  });

  test('to HEAD has the head of an answer to GET', (t) => {
    assert.deepEqual(answered(t, { method: 'HEAD' }), GZIPPED);
    assert.deepEqual(answered(t, { method: 'HEAD', request: [] }), FOR_ANOTHER);
  });

  test('is not compressed where that is not worth it or not ours to do', (t) => {
    for (const [status, ...fields] of [
      ['200 OK', 'Content-Type: image/png'],
      ['200 OK', 'X: no type'],
      ['200 OK', 'Content-Type: text/plain', 'Content-Encoding: br'],
      ['200 OK', 'Content-Type: text/plain', 'Cache-Control: no-transform'],
      ['200 OK', 'Content-Type: text/plain', 'Cache-Control: public', 'Cache-Control: max-age=1 , No-Transform'],
      ['206 Partial Content', 'Content-Type: text/plain', 'Content-Range: bytes 0-49/100'],
      ['416 Range Not Satisfiable', 'Content-Type: text/plain', 'Content-Range: bytes */50'],
    ] as const) {
      const answer = [...fields, `Content-Length: ${TEXT.length}`, 'ETag: "a"', 'Date: now'];
      assert.deepEqual(answered(t, { status, answer }), answer, fields.join());
    }
    assert.deepEqual(answered(t, { options: { minBytes: TEXT.length + 1 } }), AS_IT_IS);
    assert.deepEqual(answered(t, { options: { types: [] } }), AS_IT_IS);
    const empty = ['Content-Type: text/plain', 'Content-Length: 0', 'Date: now'];
    assert.ok(answered(t, { answer: empty, options: { minBytes: 0 } }).includes('Content-Length: 0'));
    assert.deepEqual(answered(t, { status: '204 No Content', answer: ['Content-Type: text/plain', 'Date: now'] }), [
      'Content-Type: text/plain',
      'Date: now',
    ]);
  });

  test('that only says that it is not encoded is', (t) => {
    assert.deepEqual(answered(t, { answer: [...PLAIN, 'Content-Encoding: identity'] }), [...GZIPPED, IN_CHUNKS]);
  });

  test('of any status is compressed', (t) => {
    assert.deepEqual(answered(t, { status: '404 Not Found' }), [...GZIPPED, IN_CHUNKS]);
  });

  test('that does not say how long it is is compressed', (t) => {
    const play = new Playbook(t, { policies: [policy({ minBytes: 1000 })] });
    play
      .downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', ACCEPT))
      .expectDial()
      .expectUpstream(/^GET/);
    play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Type: text/plain', IN_CHUNKS), '2\r\nhi\r\n0\r\n\r\n');
    play.expectDownstream(/\r\nContent-Encoding: gzip\r\n[^]*\r\n0\r\n\r\n$/);
  });

  test('keeps its trailers', (t) => {
    const play = new Playbook(t, { policies: [policy()] });
    play
      .downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', ACCEPT, 'TE: trailers'))
      .expectDial()
      .expectUpstream(/^GET/);
    play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Type: text/plain', IN_CHUNKS, 'Trailer: X-Sum'));
    play.upstreamSends('2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n').expectDownstream(/\r\n0\r\nX-Sum: 7\r\n\r\n$/);
  });

  test('of ours is compressed too', (t) => {
    const fields = [['Content-Type', 'text/plain']] as const;
    const play = new Playbook(t, { target: respond({ status: 200, fields, body: TEXT }), policies: [policy()] });
    play.downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', ACCEPT));
    play.expectDownstream(/^HTTP\/1\.1 200 OK\r\n(?![^]*Content-Length)[^]*\r\nContent-Encoding: gzip\r\n/);
  });

  test('to a client of HTTP/1.0 ends with its connection', (t) => {
    const play = new Playbook(t, { policies: [policy()] });
    play
      .downstreamSends(head('GET / HTTP/1.0', 'Host: a.test', ACCEPT, 'Connection: keep-alive'))
      .expectDial()
      .expectUpstream(/^GET/);
    play.upstreamSends(head('HTTP/1.1 200 OK', ...PLAIN) + TEXT);
    play.expectDownstream(/Content-Encoding: gzip\r\nConnection: close\r\n\r\n/).expectClientConnection('ended');
  });
});

describe('what a client knows already', () => {
  const not = (request: readonly string[], ...answer: readonly string[]): Asked => {
    return { status: '304 Not Modified', request: [ACCEPT, ...request], answer: [...answer, 'Date: now'] };
  };

  test('is asked for by the weak tag of the compressed answer, and found under that name', (t) => {
    assert.ok(answered(t, { answer: [...PLAIN, 'ETag: "a"'] }).includes('ETag: W/"a"'));
    assert.deepEqual(answered(t, not(['If-None-Match: W/"a"'], 'ETag: "a"')), [
      'Date: now',
      'Vary: Accept-Encoding',
      'ETag: W/"a"',
    ]);
  });

  test('is found under the strong tag that it was given', (t) => {
    assert.deepEqual(answered(t, not(['If-None-Match: "a"'], 'ETag: "a"')), [
      'ETag: "a"',
      'Date: now',
      'Vary: Accept-Encoding',
    ]);
  });

  test('has nothing to do with encodings where it is of another type, is encoded elsewhere or is not to be changed', (t) => {
    for (const field of ['Content-Type: image/png', 'Content-Encoding: br', 'Cache-Control: no-transform']) {
      assert.deepEqual(answered(t, not(['If-None-Match: W/"a"'], 'ETag: "a"', field)), [
        'ETag: "a"',
        field,
        'Date: now',
      ]);
    }
  });

  test('can be changed under the weak tag, which the server knows as a strong one', (t) => {
    const play = new Playbook(t, { policies: [policy()] });
    play.downstreamSends(head('PUT / HTTP/1.1', 'Host: a.test', 'If-Match: W/"a"', 'Content-Length: 0')).expectDial();
    play.expectUpstream(/\r\nIf-Match: "a"\r\n/);
    play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /);
  });
});

test('what would become of an answer is told beforehand', () => {
  const foreseen = (...fields: (readonly [string, string])[]): string | undefined => {
    const request = { fields: new EditableFields() };
    for (const [name, value] of fields) request.fields.append(name, value);
    return policy().foresee?.({ request } as unknown as Exchange);
  };
  assert.equal(
    foreseen(['Accept-Encoding', 'gzip, br']),
    'compresses the answer with br if its type is listed and it is not shorter than 20 bytes',
  );
  assert.equal(foreseen(), 'leaves the answer as it is: the client accepts none of zstd, br, gzip');
  assert.equal(
    foreseen(['Accept-Encoding', 'br'], ['Cache-Control', 'no-transform']),
    'leaves the answer as it is: the client forbids changes',
  );
});
