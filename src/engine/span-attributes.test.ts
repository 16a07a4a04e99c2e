// What spans say.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { head, Playbook, type PlaybookOptions } from '../../test/support/playbook.ts';
import type { Span } from '../telemetry/traces/span.ts';
import { Tracer } from './tracer.ts';

const OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`;

function said(t: TestContext, request: string, options: PlaybookOptions = {}): Record<string, unknown>[] {
  const spans: Span[] = [];
  const play = new Playbook(t, options);
  play.traffic.tracer = new Tracer({ sampling: { share: 1, followsParent: true }, take: (span) => spans.push(span) });
  play.downstreamSends(request).expectDial().expectUpstream(/HTTP/).upstreamSends(OK).expectDownstream(/hi$/);
  play.end();
  return spans.map(({ name, attributes }) => ({ name, ...Object.fromEntries(attributes) }));
}

test('an exchange and its attempt are told in the words of the conventions, and secrets are masked', (t) => {
  const [attempt, exchange] = said(t, head('GET /a?key=geheim&x=1 HTTP/1.1', 'Host: a.test:81', 'User-Agent: me'));
  assert.equal(exchange?.['name'], 'GET');
  assert.equal(exchange['url.path'], '/a');
  assert.equal(exchange['url.query'], 'key=***&x=1');
  assert.equal(exchange['url.scheme'], 'http');
  assert.equal(exchange['server.address'], 'a.test');
  assert.equal(exchange['server.port'], 81);
  assert.equal(exchange['client.address'], '192.0.2.7');
  assert.equal(exchange['user_agent.original'], 'me');
  assert.equal(exchange['http.response.body.size'], 2);
  assert.equal(exchange['sluice.kind'], 'http');
  assert.equal(attempt?.['url.full'], 'http://origin.test:80/a?key=***&x=1');
  assert.equal(attempt['server.address'], 'origin.test');
  assert.equal(attempt['http.response.status_code'], 200);
  assert.ok(!JSON.stringify([attempt, exchange]).includes('geheim'));
});

test('a method that nobody knows makes up no names', (t) => {
  const [attempt, exchange] = said(t, head('BREW / HTTP/1.1', 'Host: a.test'));
  assert.equal(exchange?.['name'], 'HTTP');
  for (const each of [attempt, exchange]) {
    assert.equal(each?.['http.request.method'], '_OTHER');
    assert.equal(each['http.request.method_original'], 'BREW');
  }
});
