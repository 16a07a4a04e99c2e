import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GET, head, Playbook } from '../../test/support/playbook.ts';

const CONNECT = head('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443');
const STANDS = head('HTTP/1.1 200 OK', 'Date: <date>');

describe('a tunnel', () => {
  test('is opened where the client says, and the client hears of it when it stands', (t) => {
    const play = new Playbook(t, { tunnelsBeginWith: '' }).downstreamSends(CONNECT);
    play.expectDialBegins('tunnel a.test:443').expectNothingDownstream();
    play.upstreamAccepts().expectDownstream(STANDS).expectNothingUpstream();
    play.downstreamSends('hello').expectUpstream('hello');
    play.upstreamSends('and back').expectDownstream('and back');
  });

  test('loses nothing that was said early, by the client or by the server', (t) => {
    new Playbook(t, { tunnelsBeginWith: '220 ready' })
      .downstreamSends(`${CONNECT}EHLO`)
      .expectDial('tunnel a.test:443')
      .expectDownstream(`${STANDS}220 ready`)
      .expectUpstream('EHLO');
  });

  test('ends on each side when the other one has ended, and not before', (t) => {
    const play = new Playbook(t, { tunnelsBeginWith: '' }).downstreamSends(CONNECT).expectDial('tunnel a.test:443');
    play.expectDownstream(STANDS).clientEnds().expectUpstreamConnection('ended');
    play.upstreamSends('late').expectDownstream('late').upstreamCloses();
    const [line] = play.accessLines();
    assert.deepEqual([line?.['http.request.method'], line?.['http.response.status_code']], ['CONNECT', 200]);
    assert.equal(line?.['http.response.body.size'], 4);
  });

  test('passes on the end of a client that ended while it was opened', (t) => {
    new Playbook(t, { tunnelsBeginWith: '' })
      .downstreamSends(CONNECT)
      .clientEnds()
      .expectDial('tunnel a.test:443')
      .expectDownstream(STANDS)
      .expectUpstreamConnection('ended');
  });

  test('is reset for one side when the other side resets it', (t) => {
    new Playbook(t, { tunnelsBeginWith: '' })
      .downstreamSends(CONNECT)
      .expectDial('tunnel a.test:443')
      .expectDownstream(STANDS)
      .upstreamCloses('reset')
      .expectClientConnection('reset');
  });

  test('that cannot be opened is an ordinary error, and the connection goes on', (t) => {
    const play = new Playbook(t, { tunnelsBeginWith: '' }).downstreamSends(CONNECT);
    play.expectDialBegins('tunnel a.test:443').upstreamRefuses('upstream_dns_failed');
    play.expectError(502, 'upstream_dns_failed').expectClientConnection('open');
    play
      .downstreamSends(GET)
      .expectDial()
      .expectUpstream(/^GET \/ /);
  });

  test('that nobody waits for any more is not opened', (t) => {
    new Playbook(t, { tunnelsBeginWith: '' })
      .downstreamSends(CONNECT)
      .expectDialBegins('tunnel a.test:443')
      .clientCloses()
      .expectNoDial();
  });

  test('is refused where requests are answered', (t) => {
    const play = new Playbook(t).downstreamSends(CONNECT);
    play.expectNoDial().expectError(405, 'method_not_allowed');
  });

  test('runs through the policies like any request', (t) => {
    const policies = [
      {
        name: 'seen',
        request: (exchange: { request: { host: string }; fail(code: 'forbidden'): void }): void => {
          if (exchange.request.host === 'a.test') exchange.fail('forbidden');
        },
      },
    ];
    new Playbook(t, { tunnelsBeginWith: '', policies })
      .downstreamSends(CONNECT)
      .expectNoDial()
      .expectError(403, 'forbidden');
  });
});
