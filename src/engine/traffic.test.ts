import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EVERYTHING, forwardTo, GET, head, Playbook, route } from '../../test/support/playbook.ts';

const SEEN = head('GET / HTTP/1.1', 'Host: a.test', '<forwarding>');
const OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`;

describe('what is counted', () => {
  test('of connections: how many were opened, and how many are open', (t) => {
    const play = new Playbook(t).clientConnects().clientConnects();
    assert.equal(play.metric('sluice_connections_total', { door: 'gateway' }), 2);
    assert.equal(play.metric('sluice_connections_open', { door: 'gateway' }), 2);
    play.clientEnds();
    assert.equal(play.metric('sluice_connections_total'), 2);
    assert.equal(play.metric('sluice_connections_open'), 1);
    play.traffic.refused();
    assert.equal(play.metric('sluice_connections_refused_total'), 1);
  });

  test('of requests: how many run, and how they ended, by route', (t) => {
    const routes = [
      route(forwardTo(), [], { name: 'api', match: { ...EVERYTHING, path: '/api' } }),
      route(forwardTo(), [], { name: 'rest' }),
    ];
    const play = new Playbook(t, { routes }).downstreamSends(head('GET /api HTTP/1.1', 'Host: a.test'));
    assert.equal(play.traffic.requestsInFlight, 1);
    assert.equal(play.metric('sluice_http_requests_in_flight', { route: 'api' }), 1);
    play.expectDialBegins().upstreamRefuses().expectError(502, 'upstream_unreachable');
    assert.equal(play.metric('sluice_http_requests_in_flight'), 0);
    play.downstreamSends(GET).expectDial().expectUpstream(SEEN).upstreamSends(OK).expectDownstream(/hi$/);
    assert.equal(play.metric('sluice_http_requests_total', { route: 'api', code: '5xx' }), 1);
    assert.equal(play.metric('sluice_http_requests_total', { route: 'rest', code: '2xx' }), 1);
    assert.equal(play.metric('sluice_http_requests_total'), 2);
    assert.equal(play.metric('sluice_http_request_errors_total', { route: 'api', reason: 'upstream_unreachable' }), 1);
    assert.equal(play.metric('sluice_http_request_errors_total'), 1);
  });

  test('of bodies: their bytes, and how long they took', (t) => {
    const play = new Playbook(t)
      .downstreamSends(
        `${head('POST / HTTP/1.1', 'Host: a.test', 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`,
      )
      .expectDial()
      .expectUpstream(/^POST/)
      .passes(1000)
      .upstreamSends(OK.slice(0, -1))
      .passes(2000)
      .upstreamSends('i')
      .expectDownstream(/hi$/);
    assert.equal(play.metric('sluice_http_request_bytes_total'), 5);
    assert.equal(play.metric('sluice_http_response_bytes_total'), 2);
    assert.equal(play.histogramSum('sluice_http_time_to_first_byte_seconds'), 1);
    assert.equal(play.histogramSum('sluice_http_request_duration_seconds'), 3);
  });

  test('of TLS handshakes: how long the good ones took, and how many were bad', (t) => {
    const play = new Playbook(t);
    play.traffic.handshakeEnded(null, 1500);
    play.traffic.handshakeEnded('not_tls', 10);
    assert.equal(play.histogramSum('sluice_tls_handshake_duration_seconds'), 1.5);
    assert.equal(play.metric('sluice_tls_handshake_errors_total'), 1);
  });
});
