import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, origin, Playbook } from '../../test/support/playbook.ts';
import type { Origin } from '../contract/target.ts';
import type { HttpExchange } from './exchange.ts';
import { requestList } from './request-list.ts';

/** What an origin gets of that request; what differs from run to run stands under a name. */
function listOf(t: TestContext, request: string, to: Partial<Origin> = {}): string[] {
  let list: string[] = [];
  const target = {
    kind: 'answer',
    take(exchange: HttpExchange): void {
      list = requestList(exchange, origin({ protocol: 'http2', ...to }));
      exchange.answer({ status: 204 });
    },
  } as const;
  const play = new Playbook(t, { target });
  play.downstreamSends(request).takeDownstream();
  const { pseudonym } = play.engine;
  play.end();
  return list.map((text) =>
    text
      .replace(pseudonym, '<us>')
      .replace(/^[0-9a-f]{16}$/, '<id>')
      .replace(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/, '<trace>'),
  );
}

/** Name and value of each field. */
function linesOf(list: readonly string[]): string[] {
  return list.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${list[index + 1]}`] : []));
}

/** The values of one name. */
function valuesOf(list: readonly string[], name: string): string[] {
  return list.filter((_, index) => index % 2 === 1 && list[index - 1] === name);
}

const TLS = { serverName: null, ca: null, certificate: null, verify: true };

test('an origin that is to learn nothing of the client gets what the client says, and nothing of ours', (t) => {
  const request = head('GET / HTTP/1.1', 'Host: a.test', 'X-Forwarded-For: 203.0.113.9', 'X-Request-Id: mine');
  assert.deepEqual(linesOf(listOf(t, request, { isTransparent: true })).slice(4), [
    'x-forwarded-for: 203.0.113.9',
    'x-request-id: mine',
  ]);
});

describe('the list that an origin of HTTP/2 gets', () => {
  test('is the request, what we say about the client, and nothing else', (t) => {
    const list = listOf(t, head('GET /a?b HTTP/1.1', 'Host: a.test', 'Accept: */*', 'X-Odd:  two  words '));
    assert.deepEqual(linesOf(list), [
      ':method: GET',
      ':scheme: http',
      ':authority: a.test',
      ':path: /a?b',
      'accept: */*',
      'x-odd: two  words',
      'x-forwarded-for: 192.0.2.7',
      'x-forwarded-proto: http',
      'via: 1.1 <us>',
      'x-forwarded-host: a.test',
      'x-request-id: <id>',
      'traceparent: <trace>',
    ]);
  });

  test('has its pseudo-fields first', (t) => {
    const list = listOf(t, head('DELETE / HTTP/1.1', 'Host: a.test', 'A: 1'));
    const names = list.filter((_, index) => index % 2 === 0);
    assert.ok(names.findLastIndex((name) => name.startsWith(':')) < names.findIndex((name) => !name.startsWith(':')));
  });

  test('says nothing that the client claims about itself', (t) => {
    const claims = ['X-Forwarded-For: 203.0.113.9', 'X-Forwarded-Host: evil.test', 'X-Forwarded-Proto: https'];
    const more = ['X-Real-IP: 203.0.113.9', 'Forwarded: for=203.0.113.9', 'X-Request-Id: mine'];
    const list = listOf(t, head('GET / HTTP/1.1', 'Host: a.test', ...claims, ...more));
    assert.doesNotMatch(list.join('\n'), /203\.0\.113\.9|evil|mine|real-ip|^forwarded$/m);
    assert.deepEqual(valuesOf(list, 'x-forwarded-host'), ['a.test']);
  });

  test('keeps a traceparent and the Via of others', (t) => {
    const trace = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const list = listOf(t, head('GET / HTTP/1.1', 'Host: a.test', 'Via: 1.0 fred', `Traceparent: ${trace}`));
    assert.deepEqual(valuesOf(list, 'via'), ['1.0 fred', '1.1 <us>']);
    assert.deepEqual(valuesOf(list, 'traceparent'), [trace]);
  });

  test('leaves behind what belongs to the connection of the client', (t) => {
    const hops = [
      'Connection: X-Hop, TE',
      'X-Hop: 1',
      'Keep-Alive: 5',
      'Proxy-Connection: close',
      'TE: trailers, gzip',
    ];
    const list = listOf(t, head('GET / HTTP/1.1', 'Host: a.test', ...hops));
    for (const name of [
      'connection',
      'x-hop',
      'keep-alive',
      'proxy-connection',
      'upgrade',
      'host',
      'transfer-encoding',
    ])
      assert.deepEqual(valuesOf(list, name), []);
    assert.deepEqual(valuesOf(list, 'te'), ['trailers'], 'the one thing that TE may say in HTTP/2');
  });

  test('has no framing but the length that the client has given', (t) => {
    const sized = listOf(t, `${head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 2')}ab`);
    assert.deepEqual(valuesOf(sized, 'content-length'), ['2']);
    const open = listOf(t, `${head('POST / HTTP/1.1', 'Host: a.test', 'Transfer-Encoding: chunked')}0\r\n\r\n`);
    assert.deepEqual([...valuesOf(open, 'content-length'), ...valuesOf(open, 'transfer-encoding')], []);
  });

  test('names the host that is configured, and tells which one was asked for', (t) => {
    const list = listOf(t, head('GET / HTTP/1.1', 'Host: a.test'), { hostField: 'inner.test:81' });
    assert.deepEqual(valuesOf(list, ':authority'), ['inner.test:81']);
    assert.deepEqual(valuesOf(list, 'x-forwarded-host'), ['a.test']);
  });

  test('names the host of the origin where the client names none', (t) => {
    const list = listOf(t, head('GET / HTTP/1.0'), { port: 81 });
    assert.deepEqual(valuesOf(list, ':authority'), ['origin.test:81']);
    assert.deepEqual(valuesOf(list, 'x-forwarded-host'), []);
  });

  test('says https where TLS leads to the origin', (t) => {
    assert.deepEqual(valuesOf(listOf(t, head('GET / HTTP/1.1', 'Host: a.test'), { tls: TLS }), ':scheme'), ['https']);
  });

  for (const [target, prefix, path] of [
    ['/', '', '/'],
    ['/a?b=/c', '/under', '/under/a?b=/c'],
    ['//a', '', '//a'],
    ['http://a.test', '', '/'],
    ['http://a.test?q', '', '/?q'],
    ['http://a.test/x', '/under', '/under/x'],
  ] as const) {
    test(`asks for ${path} where the target is ${target} and the origin lies under "${prefix}"`, (t) => {
      const list = listOf(t, head(`GET ${target} HTTP/1.1`, 'Host: a.test'), { pathPrefix: prefix });
      assert.deepEqual(valuesOf(list, ':path'), [path]);
    });
  }

  test('asks for * where OPTIONS asks about the server as a whole', (t) => {
    for (const target of ['*', 'http://a.test']) {
      const list = listOf(t, head(`OPTIONS ${target} HTTP/1.1`, 'Host: a.test'), { pathPrefix: '/under' });
      assert.deepEqual(valuesOf(list, ':path'), ['*']);
    }
  });
});
