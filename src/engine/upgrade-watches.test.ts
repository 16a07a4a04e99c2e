import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook, type PlaybookOptions } from '../../test/support/playbook.ts';
import type { Policy, UpgradeWatch } from '../contract/policy.ts';

const UPGRADE = head('GET /chat HTTP/1.1', 'Host: a.test', 'Connection: upgrade', 'Upgrade: own');
const SWITCHED = head('HTTP/1.1 101 Switching Protocols', 'Upgrade: own', 'X-Own: 1');

const watched = (watch: () => UpgradeWatch | null): Policy => ({ name: 'watch', upgraded: watch });

function noting(seen: string[]): UpgradeWatch {
  return {
    take: (bytes, from, to) => void seen.push(Buffer.from(bytes.subarray(from, to)).toString()),
    end: () => void seen.push('end'),
  };
}

function open(t: TestContext, policies: readonly Policy[], more: PlaybookOptions = {}, first = ''): Playbook {
  const play = new Playbook(t, { policies, ...more }).downstreamSends(UPGRADE).expectDial().expectUpstream(/^GET/);
  return play.upstreamSends(SWITCHED + first).expectDownstream(/^HTTP\/1.1 101 /);
}

describe('a watched connection', () => {
  test('is made with the answer, and shows what the server says until it ends', (t) => {
    const seen: string[] = [];
    const policy: Policy = {
      name: 'watch',
      upgraded: ({ response }) => {
        seen.push(`${response.status} ${response.fields.get('x-own')}`);
        return noting(seen);
      },
      done: () => void seen.push('done'),
    };
    const play = open(t, [policy], {}, 'first');
    play.downstreamSends('client').expectUpstream('client').upstreamSends('one').expectDownstream('one');
    play.upstreamSends('two').expectDownstream('two');
    assert.deepEqual(seen, ['101 1', 'first', 'one', 'two']);
    play.clientCloses();
    assert.deepEqual(seen.slice(4), ['end', 'done']);
  });

  test('shows each part to all that watch, in the order of the policies', (t) => {
    const seen: string[] = [];
    const each = (name: string): Policy =>
      watched(() => ({ take: () => void seen.push(name), end: () => void seen.push(`${name} ends`) }));
    const play = open(t, [each('a'), watched(() => null), each('b')]);
    play.upstreamSends('x').expectDownstream('x').upstreamCloses('reset').expectClientConnection('reset');
    assert.deepEqual(seen, ['a', 'b', 'a ends', 'b ends']);
  });

  test('feels nothing of a watch that fails, which sees nothing more', (t) => {
    const seen: string[] = [];
    const faults: unknown[] = [];
    const fail = (): never => {
      throw new Error('broken');
    };
    const policies = [
      watched(fail),
      watched(() => ({ take: fail, end: fail })),
      watched(() => ({ take: () => {}, end: fail })),
      watched(() => noting(seen)),
    ];
    const play = open(t, policies, { onFault: (cause) => faults.push(cause) });
    play.upstreamSends('one').expectDownstream('one').upstreamSends('two').expectDownstream('two');
    assert.equal(faults.length, 2);
    play.clientCloses();
    assert.deepEqual(seen, ['one', 'two', 'end']);
    assert.equal(faults.length, 3);
  });

  test('is none where the server does not switch, or what was asked for is a tunnel', (t) => {
    const never = watched(() => assert.fail('it is asked'));
    const play = new Playbook(t, { policies: [never] }).downstreamSends(UPGRADE).expectDial().expectUpstream(/^GET/);
    play.upstreamSends(head('HTTP/1.1 426 Upgrade Required', 'Content-Length: 0')).expectDownstream(/ 426 /);
    play.end();
    const tunnel = new Playbook(t, { tunnelsBeginWith: '', policies: [never] });
    tunnel.downstreamSends(head('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443')).expectDial('tunnel a.test:443');
    tunnel.expectDownstream(/ 200 /).upstreamSends('x').expectDownstream('x').clientCloses();
  });
});
