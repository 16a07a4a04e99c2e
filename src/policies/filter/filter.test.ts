import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { clientHello, serverName } from '../../../test/support/client-hellos.ts';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { DomainFilter, domainSetOfPatterns } from '../../services/domains/domain-filter.ts';
import { filter } from './filter.ts';

interface Lists {
  readonly mode?: 'blocklist' | 'allowlist';
  readonly isForwardProxy?: boolean;
}

const LISTED = ['a.test', '*.b.test'];

function stage(t: TestContext, { mode = 'blocklist', isForwardProxy = false }: Lists = {}): Playbook {
  const hosts = new DomainFilter({ mode, sources: [{ name: 'x', from: 'line', set: domainSetOfPatterns(LISTED) }] });
  return new Playbook(t, { tunnelsBeginWith: '', policies: [filter({ filter: hosts, isForwardProxy })] });
}

const get = (host: string, target = '/'): string => head(`GET ${target} HTTP/1.1`, `Host: ${host}`);

describe('a filter', () => {
  test('refuses hosts that are listed, with a code of its own, and keeps the connection', (t) => {
    const play = stage(t);
    for (const host of ['a.test', 'A.TEST:8080', 'a.test.', 'x.b.test']) {
      play.downstreamSends(get(host)).expectNoDial().expectError(403, 'domain_denied').expectClientConnection('open');
    }
    play.downstreamSends(get('b.test')).expectDial().expectUpstream(/^GET /);
    play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /);
  });

  test('refuses all others where it has a list of those who may be reached', (t) => {
    const play = stage(t, { mode: 'allowlist' });
    play.downstreamSends(get('b.test')).expectNoDial().expectError(403, 'domain_denied');
    play.downstreamSends(head('GET / HTTP/1.0')).expectNoDial();
    assert.match(play.takeDownstream(), /403[^]*The request names no host\./);
    play.clientConnects().downstreamSends(get('a.test')).expectDial().expectUpstream(/^GET /);
    play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /);
  });

  test('goes by the URL that is asked for, not by a field that says something else', (t) => {
    stage(t).downstreamSends(get('c.test', 'http://a.test/')).expectNoDial().expectError(403, 'domain_denied');
  });

  test('of a forward proxy has nothing to do with what is asked of the proxy itself', (t) => {
    const play = stage(t, { mode: 'allowlist', isForwardProxy: true });
    play.downstreamSends(get('proxy.test:8888')).expectDial().expectUpstream(/^GET /);
    play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /);
    play.downstreamSends(get('c.test', 'http://c.test/')).expectNoDial().expectError(403, 'domain_denied');
  });

  test('holds for tunnels, and for the name that the client then asks for', (t) => {
    const connect = (authority: string): string => head(`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`);
    const play = stage(t).downstreamSends(connect('a.test:443')).expectNoDial().expectError(403, 'domain_denied');
    play
      .downstreamSends(connect('c.test:443'))
      .expectDial('tunnel c.test:443')
      .expectDownstream(/^HTTP\/1\.1 200 /);
    play
      .downstreamSends(clientHello(serverName('a.test')))
      .expectNothingUpstream()
      .expectClientConnection('reset');
    assert.equal(play.accessLines().at(-1)?.['error.type'], 'tunnel_name_denied');
    play.clientConnects().downstreamSends(connect('c.test:443')).expectDial('tunnel c.test:443');
    const hello = clientHello(serverName('c.test'));
    play.expectDownstream(/^HTTP\/1\.1 200 /).downstreamSends(hello);
    assert.equal(play.takeUpstream(), hello.toString('latin1'));
  });
});
