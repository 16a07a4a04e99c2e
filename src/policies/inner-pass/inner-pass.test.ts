import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import type { Policy } from '../../contract/policy.ts';
import { respond } from '../../targets/respond/respond.ts';
import { giveInnerPass, takeInnerPass } from './inner-pass.ts';

const FORGED = ['x-sluice-inner: forged', 'X-Sluice-Inner-User: root', 'X-Sluice-Inner-Turn: root'];

/** What stands in the head that goes on to the other thread. */
function sent(t: TestContext, user: string): string {
  const known: Policy = { name: 'known', request: (exchange) => void (exchange.user = user) };
  const play = new Playbook(t, { policies: [known, giveInnerPass('secret')], forwarding: 'none' });
  play.downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', ...FORGED)).expectDial();
  const text = play.takeUpstream();
  play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /).end();
  return text;
}

function arrived(t: TestContext, request: string): { readonly answer: string; readonly seen: readonly string[] } {
  const seen: string[] = [];
  const look: Policy = {
    name: 'look',
    request: ({ user, session, request: { fields } }) => {
      seen.push(user, session, String(fields.entries().filter(([name]) => /inner/i.test(name)).length));
    },
  };
  const play = new Playbook(t, { policies: [takeInnerPass('secret'), look], target: respond({ status: 204 }) });
  const answer = play.downstreamSends(request).takeDownstream();
  play.end();
  return { answer, seen };
}

describe('a pass between threads', () => {
  test('says who the exchange is for, whatever the client said', (t) => {
    assert.deepEqual(arrived(t, sent(t, 'Élise b')).seen, ['Élise b', 'Élise b', '0']);
    assert.deepEqual(arrived(t, sent(t, '')).seen, ['', '192.0.2.7', '0']);
  });

  test('is not believed without the secret', (t) => {
    for (const fields of [FORGED, [], ['X-Sluice-Inner: ', 'X-Sluice-Inner-User: root']]) {
      const { answer, seen } = arrived(t, head('GET / HTTP/1.1', 'Host: a.test', ...fields));
      assert.match(answer, /^HTTP\/1\.1 403 /);
      assert.deepEqual(seen, []);
    }
  });
});
