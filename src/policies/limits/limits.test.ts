import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { GET, head, Playbook } from '../../../test/support/playbook.ts';
import type { AnswerTarget } from '../../contract/target.ts';
import { ClientAddress } from '../../services/identity/client-address.ts';
import { RunningTable } from '../../services/limiter/running-table.ts';
import { limits, type LimitsOptions } from './limits.ts';

const NOTHING: LimitsOptions = {
  targetBytes: null,
  headBytes: null,
  fieldCount: null,
  bodyBytes: null,
  methods: [],
  concurrent: null,
};
const FINE: AnswerTarget = { kind: 'answer', take: (exchange) => exchange.answer({ status: 204 }) };

function stage(t: TestContext, options: Partial<LimitsOptions>): Playbook {
  return new Playbook(t, { target: FINE, policies: [limits({ ...NOTHING, ...options })] });
}

function request(line: string, ...lines: readonly string[]): string {
  return head(`${line} HTTP/1.1`, 'Host: a.test', ...lines);
}

describe('a limit', () => {
  test('of the URL takes what is as long and refuses what is longer', (t) => {
    const play = stage(t, { targetBytes: 5 }).downstreamSends(request('GET /a?bc')).expectDownstream(/ 204 /);
    play.downstreamSends(request('GET /a?bcd')).expectError(414, 'request_target_too_long');
  });

  test('of the head holds for its bytes and for its fields', (t) => {
    const large = request('GET /', `X-Large: ${'x'.repeat(100)}`);
    const bytes = stage(t, { headBytes: 100 }).downstreamSends(GET).expectDownstream(/ 204 /).downstreamSends(large);
    bytes.expectError(431, 'request_head_too_large').end();
    const play = stage(t, { fieldCount: 2 }).downstreamSends(request('GET /', 'A: b')).expectDownstream(/ 204 /);
    play.downstreamSends(request('GET /', 'A: b', 'C: d')).expectError(431, 'request_head_too_large');
  });

  test('of methods says which are taken, HEAD with GET', (t) => {
    const play = stage(t, { methods: ['GET', 'PUT'] });
    for (const method of ['GET', 'HEAD']) play.downstreamSends(request(`${method} /`)).expectDownstream(/ 204 /);
    play.downstreamSends(request('DELETE /'));
    const answer = play.takeDownstream();
    assert.match(answer, /^HTTP\/1\.1 405 [^]*\r\nAllow: GET, PUT, HEAD\r\n[^]*"method_not_allowed"/);
  });

  test('of the body is left to the engine, and nothing is asked of a policy that bounds nothing else', () => {
    const { bounds, request, done } = limits({ ...NOTHING, bodyBytes: 5 });
    assert.deepEqual([bounds, request, done], [{ bodyBytes: 5 }, undefined, undefined]);
    assert.deepEqual(limits(NOTHING), { name: 'limits' });
  });
});

describe('the requests of a client that run at once', () => {
  function counted(t: TestContext, trusted: readonly string[] = []): Playbook {
    const table = new RunningTable({ capacity: 8 });
    const concurrent = { running: table, scope: 'x', client: new ClientAddress(trusted), most: 1 };
    const policies = [limits({ ...NOTHING, methods: ['GET'], concurrent })];
    return new Playbook(t, { policies });
  }

  test('are as many as may be; what is more is refused until one has ended', (t) => {
    const play = counted(t).downstreamSends(GET).expectDial().expectUpstream(/^GET/);
    play.clientConnects().downstreamSends(GET);
    assert.match(play.takeDownstream(), /^HTTP\/1\.1 429 [^]*\r\nRetry-After: 1\r\n[^]*"too_many_concurrent_requests"/);
    play.onClient(0).upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /);
    play.onClient(1).downstreamSends(GET).expectUpstream(/^GET/);
    play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /);
  });

  test('end with the client, and with a failure', (t) => {
    const play = counted(t).downstreamSends(GET).expectDial().expectUpstream(/^GET/).clientCloses();
    play.clientConnects().downstreamSends(GET).expectDial().expectUpstream(/^GET/).upstreamCloses('reset');
    play.expectError(502, 'upstream_reset');
    play.downstreamSends(GET).expectDial().expectUpstream(/^GET/).upstreamSends(head('HTTP/1.1 204 No Content'));
    play.expectDownstream(/ 204 /);
  });

  test('do not count those that are refused for something else', (t) => {
    const play = counted(t);
    for (let i = 0; i < 2; i++) play.downstreamSends(request('DELETE /')).expectDownstream(/^HTTP\/1\.1 405 /);
    play.downstreamSends(GET).expectDial().expectUpstream(/^GET/).upstreamSends(head('HTTP/1.1 204 No Content'));
    play.expectDownstream(/ 204 /);
  });
});
