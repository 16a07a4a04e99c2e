import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Playbook } from '../../test/support/playbook.ts';
import type { AskedTunnel } from './tunnel-client.ts';

const ASKED: AskedTunnel = {
  host: 'a.test',
  port: 443,
  authorization: null,
  reply: (status, error) => Buffer.from(`<${status} ${error ?? 'well'}>`),
};

describe('a client that asks for a tunnel in its own protocol', () => {
  test('is answered in it, and joined with the server', (t) => {
    const play = new Playbook(t, { tunnelsBeginWith: 'welcome' }).clientAsks(ASKED, 'early');
    play.expectNothingDownstream().expectDial('tunnel a.test:443');
    play.expectDownstream('<200 well>welcome').expectUpstream('early');
    const [open] = play.engine.describeConnections(1);
    assert.deepEqual([open?.protocol, open?.request?.destination], ['tunnel', 'a.test:443']);
    play.downstreamSends(' more').expectUpstream(' more').upstreamCloses().expectClientConnection('ended');
    play.clientEnds();
    const [line] = play.accessLines();
    assert.deepEqual([line?.['http.request.method'], line?.['server.address']], ['CONNECT', 'a.test:443']);
  });

  test('may speak on while the tunnel is opened, in pieces', (t) => {
    const play = new Playbook(t, { tunnelsBeginWith: '' }).clientAsks(ASKED, 'one');
    play.downstreamSends(' two', ' three').expectDial('tunnel a.test:443').expectDownstream('<200 well>');
    play.expectUpstream('one two three');
  });

  test('hears of a failure in it, and its connection ends', (t) => {
    const play = new Playbook(t, { tunnelsBeginWith: '' }).clientAsks(ASKED);
    play.expectDialBegins('tunnel a.test:443').upstreamRefuses('upstream_connect_timeout');
    play.expectDownstream('<504 upstream_connect_timeout>').expectClientConnection('ended').clientEnds();
    assert.equal(play.accessLines()[0]?.['error.type'], 'upstream_connect_timeout');
  });

  test('that does not end its side after a refusal is cut off', (t) => {
    const play = new Playbook(t, { tunnelsBeginWith: '' }).clientAsks(ASKED);
    play.expectDialBegins('tunnel a.test:443').upstreamRefuses().expectDownstream('<502 upstream_unreachable>');
    play.passes(3000).expectClientConnection('destroyed');
  });

  test('that goes away ends the opening of its tunnel', (t) => {
    const play = new Playbook(t, { tunnelsBeginWith: '' }).clientAsks(ASKED);
    play.expectDialBegins('tunnel a.test:443').clientCloses().expectNoDial();
    assert.equal(play.accessLines()[0]?.['error.type'], 'client_closed');
  });

  test('shows policies who it says it is', (t) => {
    let seen: string | undefined;
    const policies = [
      {
        name: 'seen',
        request: (exchange: { request: { fields: { get(name: string): string | undefined } } }): void => {
          seen = exchange.request.fields.get('proxy-authorization');
        },
      },
    ];
    const play = new Playbook(t, { tunnelsBeginWith: '', policies });
    play.clientAsks({ ...ASKED, authorization: 'Basic eDp5' }).expectDial('tunnel a.test:443');
    play.expectDownstream('<200 well>');
    assert.equal(seen, 'Basic eDp5');
  });

  test('is refused where requests are answered', (t) => {
    const play = new Playbook(t).clientAsks(ASKED);
    play.expectNoDial().expectDownstream('<405 method_not_allowed>');
  });

  for (const host of ['a.test\r\nX-Own: 1', 'a b', '', 'a@b', 'a/b']) {
    test(`cannot name ${JSON.stringify(host)} as its destination`, (t) => {
      const play = new Playbook(t, { tunnelsBeginWith: '' }).clientAsks({ ...ASKED, host });
      play.expectNoDial().expectDownstream('<400 request_invalid>');
    });
  }
});
