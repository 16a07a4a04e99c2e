import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { forwardTo, head, origin, Playbook } from '../../test/support/playbook.ts';
import type { Policy } from '../contract/policy.ts';
import type { ForwardTarget, Origin } from '../contract/target.ts';

/** What an origin gets of that request, whole: head and what follows. */
function sent(t: TestContext, request: string, to: Partial<Origin> = {}): string {
  const play = new Playbook(t, { target: forwardTo(origin(to)) });
  play.downstreamSends(request).expectDial();
  const text = play.takeUpstream();
  play.end();
  return text;
}

/** The same without our own lines. */
function plain(t: TestContext, request: string, to: Partial<Origin> = {}): string {
  const own = /^(?:X-Forwarded-(?:For|Proto|Host)|Via|X-Request-Id|traceparent): .*\r\n/gm;
  return sent(t, request, to).replaceAll(own, '');
}

/** The lines of one name. */
function linesOf(text: string, name: string): string[] {
  return text.split('\r\n').filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
}

describe('the head that an upstream gets', () => {
  test('is the request, what we say about the client, and nothing else', (t) => {
    assert.equal(
      sent(t, head('GET /a?b HTTP/1.1', 'Host: a.test', 'Accept: */*', 'X-Odd:  two  words ')),
      head(
        'GET /a?b HTTP/1.1',
        'Host: a.test',
        'Accept: */*',
        'X-Odd:  two  words ',
        'X-Forwarded-For: 192.0.2.7',
        'X-Forwarded-Proto: http',
        'Via: 1.1 <us>',
        'X-Forwarded-Host: a.test',
        'X-Request-Id: <id>',
        'traceparent: <trace>',
      ),
    );
  });

  test('is the request alone where the origin is to learn nothing else, with what the client itself says', (t) => {
    const request = head('GET / HTTP/1.1', 'Host: a.test', 'X-Forwarded-For: 203.0.113.9', 'X-Request-Id: mine');
    assert.equal(sent(t, request, { isTransparent: true }), request);
  });

  test('says nothing that the client claims about itself', (t) => {
    const text = sent(
      t,
      head(
        'GET / HTTP/1.1',
        'Host: a.test',
        'X-Forwarded-For: 203.0.113.9',
        'x-forwarded-for: 203.0.113.8',
        'X-Forwarded-Host: evil.test',
        'X-Forwarded-Proto: https',
        'X-Real-IP: 203.0.113.9',
        'Forwarded: for=203.0.113.9',
        'X-Request-Id: mine',
      ),
    );
    assert.deepEqual(linesOf(text, 'X-Forwarded-For'), ['X-Forwarded-For: 192.0.2.7']);
    assert.deepEqual(linesOf(text, 'X-Forwarded-Host'), ['X-Forwarded-Host: a.test']);
    assert.deepEqual(linesOf(text, 'X-Forwarded-Proto'), ['X-Forwarded-Proto: http']);
    assert.deepEqual(linesOf(text, 'X-Request-Id'), ['X-Request-Id: <id>']);
    assert.deepEqual([...linesOf(text, 'X-Real-IP'), ...linesOf(text, 'Forwarded')], []);
  });

  test('keeps the Via of others and adds ours', (t) => {
    const text = sent(t, head('GET / HTTP/1.1', 'Host: a.test', 'Via: 1.0 fred'));
    assert.deepEqual(linesOf(text, 'Via'), ['Via: 1.0 fred', 'Via: 1.1 <us>']);
  });

  test('keeps the traceparent of the client', (t) => {
    const trace = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const text = sent(t, head('GET / HTTP/1.1', 'Host: a.test', `Traceparent: ${trace}`, 'tracestate: x=1'));
    assert.deepEqual(linesOf(text, 'traceparent'), [`Traceparent: ${trace}`]);
    assert.deepEqual(linesOf(text, 'tracestate'), ['tracestate: x=1']);
  });

  test('leaves behind what belongs to the connection of the client', (t) => {
    assert.equal(
      plain(
        t,
        head(
          'GET / HTTP/1.1',
          'Host: a.test',
          'Connection: keep-alive, X-Private',
          'Keep-Alive: timeout=5',
          'Proxy-Connection: keep-alive',
          'TE: gzip',
          'Upgrade: h2c',
          'HTTP2-Settings: AAMAAABkAAQAAP__',
          'X-Private: 1',
          'Accept: */*',
        ),
      ),
      head('GET / HTTP/1.1', 'Host: a.test', 'Accept: */*'),
    );
  });

  test('a Connection field takes neither Host nor framing away', (t) => {
    assert.equal(
      plain(
        t,
        `${head('POST / HTTP/1.1', 'Host: a.test', 'Connection: host, content-length, x-a', 'Content-Length: 2', 'X-A: 1')}hi`,
      ),
      `${head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 2')}hi`,
    );
  });

  test('asks for trailers when the client did', (t) => {
    assert.equal(
      plain(t, head('GET / HTTP/1.1', 'Host: a.test', 'TE: trailers, deflate;q=0.5', 'Connection: TE')),
      head('GET / HTTP/1.1', 'Host: a.test', 'TE: trailers', 'Connection: TE'),
    );
  });

  test('keeps credentials and cookies untouched', (t) => {
    const text = sent(
      t,
      head('GET / HTTP/1.1', 'Host: a.test', 'Authorization: Basic eDp5', 'Cookie: a=1', 'Cookie: b=2'),
    );
    assert.deepEqual(linesOf(text, 'Authorization'), ['Authorization: Basic eDp5']);
    assert.deepEqual(linesOf(text, 'Cookie'), ['Cookie: a=1', 'Cookie: b=2']);
  });
});

describe('the request line that an upstream gets', () => {
  const lineOf = (text: string): string => text.slice(0, text.indexOf('\r\n'));
  const line = (t: TestContext, target: string, method = 'GET', to: Partial<Origin> = {}): string =>
    lineOf(sent(t, head(`${method} ${target} HTTP/1.1`, 'Host: a.test'), to));

  test('says 1.1, whatever the client spoke', (t) => {
    assert.equal(lineOf(sent(t, head('GET / HTTP/1.0', 'Host: a.test'))), 'GET / HTTP/1.1');
    assert.equal(lineOf(sent(t, head('GET / HTTP/1.7', 'Host: a.test'))), 'GET / HTTP/1.1');
  });

  test('has the target as it was sent', (t) => {
    assert.equal(line(t, '/a/../b//%2e?x=%zz'), 'GET /a/../b//%2e?x=%zz HTTP/1.1');
    assert.equal(line(t, '/', 'M-SEARCH'), 'M-SEARCH / HTTP/1.1');
  });

  test('has the origin form of an absolute target', (t) => {
    assert.equal(line(t, 'http://a.test/x?y'), 'GET /x?y HTTP/1.1');
    assert.equal(line(t, 'http://a.test'), 'GET / HTTP/1.1');
    assert.equal(line(t, 'http://a.test?y'), 'GET /?y HTTP/1.1');
    assert.equal(line(t, 'http://a.test:80/', 'POST'), 'POST / HTTP/1.1');
  });

  test('has the asterisk for OPTIONS of the server as a whole, however it was asked for', (t) => {
    assert.equal(line(t, '*', 'OPTIONS'), 'OPTIONS * HTTP/1.1');
    assert.equal(line(t, 'http://a.test', 'OPTIONS'), 'OPTIONS * HTTP/1.1');
    assert.equal(line(t, 'http://a.test/', 'OPTIONS'), 'OPTIONS / HTTP/1.1');
    assert.equal(line(t, '*', 'OPTIONS', { pathPrefix: '/app' }), 'OPTIONS * HTTP/1.1');
  });

  test('has the path of the origin before that of the request', (t) => {
    const to = { pathPrefix: '/app' };
    assert.equal(line(t, '/x?y', 'GET', to), 'GET /app/x?y HTTP/1.1');
    assert.equal(line(t, '/', 'GET', to), 'GET /app/ HTTP/1.1');
    assert.equal(line(t, 'http://a.test', 'GET', to), 'GET /app/ HTTP/1.1');
    assert.equal(line(t, 'http://a.test?y', 'GET', to), 'GET /app/?y HTTP/1.1');
  });
});

describe('the Host that an upstream gets', () => {
  const hosts = (t: TestContext, lines: readonly string[], to: Partial<Origin> = {}): string[] => {
    const text = sent(t, head(...lines), to);
    return [...linesOf(text, 'Host'), ...linesOf(text, 'X-Forwarded-Host')];
  };

  test('is that of the client', (t) => {
    assert.deepEqual(hosts(t, ['GET / HTTP/1.1', 'Host: A.test:81']), [
      'Host: A.test:81',
      'X-Forwarded-Host: A.test:81',
    ]);
  });

  test('is that of an absolute target', (t) => {
    assert.deepEqual(hosts(t, ['GET http://b.test:82/ HTTP/1.1', 'Host: a.test']), [
      'Host: b.test:82',
      'X-Forwarded-Host: b.test:82',
    ]);
  });

  test('is what the origin wants, and the other one is told as well', (t) => {
    assert.deepEqual(hosts(t, ['GET / HTTP/1.1', 'Host: a.test'], { hostField: 'inner:9000' }), [
      'Host: inner:9000',
      'X-Forwarded-Host: a.test',
    ]);
  });

  test('is that of the client for another origin too, whatever the one before wanted', (t) => {
    const [first, second] = [origin({ name: 'one', hostField: 'inner' }), origin({ name: 'two' })];
    const target: ForwardTarget = {
      kind: 'forward',
      maxAttempts: 2,
      select: (_exchange, tried) => (tried.length === 0 ? first : second),
    };
    const play = new Playbook(t, { target }).downstreamSends(head('GET / HTTP/1.1', 'Host: a.test'));
    play
      .expectDial('one')
      .expectUpstream(/Host: inner/)
      .upstreamCloses('reset')
      .expectDial('two');
    assert.deepEqual(linesOf(play.takeUpstream(), 'Host'), ['Host: a.test']);
  });

  test('is what a policy has put there, once', (t) => {
    const policy: Policy = { name: 'host', request: ({ request }) => request.fields.set('host', 'other.test') };
    const play = new Playbook(t, { policies: [policy] }).downstreamSends(head('GET / HTTP/1.1', 'Host: a.test'));
    assert.deepEqual(linesOf(play.expectDial().takeUpstream().toLowerCase(), 'host'), ['host: other.test']);
  });

  test('is that of the origin when the client names none', (t) => {
    assert.deepEqual(hosts(t, ['GET / HTTP/1.0']), ['Host: origin.test']);
    assert.deepEqual(hosts(t, ['GET / HTTP/1.0'], { port: 8080 }), ['Host: origin.test:8080']);
    assert.deepEqual(hosts(t, ['GET / HTTP/1.0'], { host: '::1', port: 8080 }), ['Host: [::1]:8080']);
    const tls = { serverName: null, ca: null, certificate: null, verify: true };
    assert.deepEqual(hosts(t, ['GET / HTTP/1.0'], { port: 443, tls }), ['Host: origin.test']);
  });
});

describe('the framing that an upstream gets', () => {
  const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PURGE'];

  test('is the length that was announced, for every method', (t) => {
    for (const method of METHODS) {
      const request = `${head(`${method} / HTTP/1.1`, 'Host: a.test', 'Content-Length: 5')}GET /`;
      assert.equal(plain(t, request), request);
    }
  });

  test('is chunks of our own where the client sent chunks, for every method', (t) => {
    for (const method of METHODS) {
      const lines = [`${method} / HTTP/1.1`, 'Host: a.test', 'Transfer-Encoding: chunked'];
      assert.equal(
        plain(t, `${head(...lines)}00004;ext="x"\r\nGET \r\n1;a\r\n/\r\n000;last\r\n\r\n`),
        `${head(...lines)}5\r\nGET /\r\n0\r\n\r\n`,
      );
    }
  });

  test('is none for a request without a body, but for the methods whose requests have one as a rule', (t) => {
    for (const method of METHODS) {
      const lines = [`${method} / HTTP/1.1`, 'Host: a.test'];
      const isExpected = ['POST', 'PUT', 'PATCH'].includes(method);
      assert.equal(plain(t, head(...lines)), head(...lines, ...(isExpected ? ['Content-Length: 0'] : [])));
    }
  });

  test('keeps a length of 0', (t) => {
    const request = head('DELETE / HTTP/1.1', 'Host: a.test', 'Content-Length: 0');
    assert.equal(plain(t, request), request);
  });

  test('carries the trailers that may be carried', (t) => {
    const lines = ['POST / HTTP/1.1', 'Host: a.test', 'Transfer-Encoding: chunked', 'Trailer: X-Sum'];
    assert.equal(
      plain(t, `${head(...lines)}2\r\nhi\r\n0\r\nX-Sum: 1\r\nContent-Length: 7\r\nHost: evil\r\nx-more: 2\r\n\r\n`),
      `${head('POST / HTTP/1.1', 'Host: a.test', 'Trailer: X-Sum', 'Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\nX-Sum: 1\r\nx-more: 2\r\n\r\n`,
    );
  });
});
