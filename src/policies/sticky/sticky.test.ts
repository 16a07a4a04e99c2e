import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import type { Policy } from '../../contract/policy.ts';
import { sticky, type StickyOptions } from './sticky.ts';

const STANDS = head('HTTP/1.1 200 OK', 'Date: <date>');

/** Sessions that requests with these fields belong to; `named` came with the user name. */
function sessionsOf(
  t: TestContext,
  requests: readonly (readonly string[])[],
  options: Partial<StickyOptions> = {},
  named = '',
): string[] {
  const seen: string[] = [];
  const name: Policy = { name: 'name', request: (exchange) => void (exchange.session = named) };
  const look: Policy = { name: 'look', request: ({ session }) => void seen.push(session) };
  const policy = sticky({ field: 'x-session', sessionOfPort: () => null, byClientAddress: false, ...options });
  const play = new Playbook(t, { tunnelsBeginWith: '', policies: [name, policy, look] });
  for (const fields of requests) {
    play.clientConnects().downstreamSends(head('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443', ...fields));
    play.expectDial('tunnel a.test:443').expectDownstream(STANDS);
  }
  return seen;
}

describe('the session of a request', () => {
  test('is what its field says, however that is written', (t) => {
    assert.deepEqual(sessionsOf(t, [['X-Session: one'], ['x-SESSION:  two '], []]), ['one', 'two', '']);
  });

  test('is what came with the user name when there is no field, or nothing in it', (t) => {
    assert.deepEqual(sessionsOf(t, [['X-Session: one'], [], ['X-Session:']], {}, 'named'), ['one', 'named', 'named']);
  });

  test('is that of the port when nobody has named one', (t) => {
    const sessionOfPort = (port: number): string | null => (port === 80 ? 'shop' : null);
    assert.deepEqual(sessionsOf(t, [[], ['X-Session: one']], { sessionOfPort }), ['shop', 'one']);
  });

  test('is that of the client as the last resort, where that is wanted', (t) => {
    const all = { byClientAddress: true, sessionOfPort: () => null };
    assert.deepEqual(sessionsOf(t, [[], ['X-Session: one']], all), ['192.0.2.7', 'one']);
  });

  test('is never longer than what one would remember', (t) => {
    assert.equal(sessionsOf(t, [[`X-Session: ${'x'.repeat(4000)}`]])[0]?.length, 128);
  });
});

test('the field goes no further, not even twice', (t) => {
  const policy = sticky({ field: 'x-session', sessionOfPort: () => null, byClientAddress: false });
  const play = new Playbook(t, { policies: [policy], forwarding: 'none' });
  play.downstreamSends(head('GET http://a.test/ HTTP/1.1', 'Host: a.test', 'X-Session: 1', 'X-Own: 1', 'x-session: 2'));
  play.expectDial().expectUpstream(head('GET / HTTP/1.1', 'Host: a.test', 'X-Own: 1'));
  play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/^HTTP\/1\.1 204 /);
});
