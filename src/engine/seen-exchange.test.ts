// What is kept of an exchange that is over.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { GET, head, Playbook, type PlaybookOptions } from '../../test/support/playbook.ts';
import type { Exchange } from '../contract/exchange.ts';
import type { SeenRequest } from '../telemetry/seen-request.ts';

const OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`;

function stage(t: TestContext, options: PlaybookOptions = {}): { play: Playbook; seen: () => SeenRequest } {
  const play = new Playbook(t, options);
  return { play, seen: () => play.tape.read(0, 1).requests[0] ?? assert.fail('nothing was kept') };
}

describe('an exchange that is over', () => {
  test('is kept with who answered and what its parts took', (t) => {
    const { play, seen } = stage(t);
    play.downstreamSends(GET).expectDial().expectUpstream(/^GET/).upstreamSends(OK).expectDownstream(/hi$/);
    const { method, target, status, upstream, attempts, failed, answeredBy, bytesSent, error, phases } = seen();
    assert.deepEqual(
      [method, target, status, attempts, failed, answeredBy, bytesSent, error],
      ['GET', '/', 200, 1, [], '', 2, ''],
    );
    assert.notEqual(upstream, '');
    const parts = Object.values(phases) as number[];
    assert.ok(parts.every((part) => part >= 0));
  });

  const refuse = (exchange: Exchange): void => exchange.fail('forbidden');
  const refuseLate = (exchange: Exchange): Promise<void> => Promise.resolve().then(() => refuse(exchange));
  for (const [when, request] of [
    ['at once', refuse],
    ['late', refuseLate],
  ] as const) {
    test(`names the policy that answered ${when} in place of the target`, async (t) => {
      const nothing = { name: 'first', request: () => {} };
      const { play, seen } = stage(t, { policies: [nothing, { name: 'guard', request }] });
      play.downstreamSends(GET);
      await new Promise(setImmediate);
      play.expectError(403, 'forbidden').expectClientConnection('open');
      const { answeredBy, status, error, attempts, upstream } = seen();
      assert.deepEqual([answeredBy, status, error, attempts, upstream], ['guard', 403, 'forbidden', 0, '']);
    });
  }
});
