import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GET, head, Playbook } from '../../test/support/playbook.ts';

const SEEN = head('GET / HTTP/1.1', 'Host: a.test', '<forwarding>');
const OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`;
const GOT_OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Date: <date>')}hi`;
const POST = `${head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5')}hello`;

describe('what is logged of an exchange', () => {
  test('is one line with its times, sizes and names', (t) => {
    const play = new Playbook(t)
      .downstreamSends(POST.replace('/', '/p?q=1'))
      .passes(100)
      .expectDial()
      .expectUpstream(/hello$/)
      .passes(200)
      .upstreamSends(OK.slice(0, -1))
      .expectDownstream(/h$/)
      .passes(400)
      .upstreamSends('i')
      .expectDownstream('i');
    const [line] = play.accessLines();
    const { timestamp, request_id: id, trace_id: trace, ...rest } = line!;
    assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT/);
    assert.match(String(id), /^[0-9a-f]{16}$/);
    assert.match(String(trace), /^[0-9a-f]{32}$/);
    assert.deepEqual(rest, {
      log: 'access',
      'client.address': '192.0.2.7',
      door: 'gateway',
      route: 'everything',
      'http.request.method': 'POST',
      'server.address': 'a.test',
      'url.path': '/p',
      'url.query': 'q=1',
      'network.protocol.version': '1.1',
      'http.response.status_code': 200,
      'http.request.body.size': 5,
      'http.response.body.size': 2,
      duration_ms: 700,
      upstream: 'http://origin.test:80',
      upstream_duration_ms: 300,
    });
  });

  test('says who the client is, what it came with, and the trace that it began', (t) => {
    const trace = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const play = new Playbook(t).downstreamSends(
      head('GET / HTTP/1.1', 'Host: a.test', 'User-Agent: me', 'Referer: http://b.test/', `Traceparent: ${trace}`),
    );
    play.expectDial().expectUpstream(/^GET/).upstreamSends(OK).expectDownstream(GOT_OK);
    const [line] = play.accessLines();
    assert.equal(line?.['user_agent.original'], 'me');
    assert.equal(line?.['http.request.header.referer'], 'http://b.test/');
    assert.equal(line?.['trace_id'], 'a'.repeat(32));
  });

  test('says 499 when the client went away before there was an answer', (t) => {
    const play = new Playbook(t).downstreamSends(GET).expectDial().expectUpstream(SEEN).clientCloses();
    const [line] = play.accessLines();
    assert.equal(line?.['http.response.status_code'], 499);
    assert.equal(line?.['error.type'], 'client_closed');
    assert.equal(line?.['upstream_duration_ms'], undefined);
    assert.equal(play.metric('sluice_http_requests_total', { code: '4xx' }), 1);
  });

  test('says what the client was told when it went away later', (t) => {
    const play = new Playbook(t).downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play.upstreamSends(OK.slice(0, -1)).expectDownstream(/h$/).clientCloses();
    const [line] = play.accessLines();
    assert.deepEqual([line?.['http.response.status_code'], line?.['error.type']], [200, 'client_closed']);
    assert.equal(line?.['http.response.body.size'], 1);
  });
});
