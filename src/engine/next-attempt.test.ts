import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GET, head, origin, Playbook } from '../../test/support/playbook.ts';
import { readyHead } from '../codec/http1/ready-head.ts';
import type { Policy } from '../contract/policy.ts';
import type { ForwardTarget } from '../contract/target.ts';

const ONE = origin({ name: 'http://one.test:80' });
const TWO = origin({ name: 'http://two.test:80' });
const two: ForwardTarget = {
  kind: 'forward',
  maxAttempts: 2,
  select: (_exchange, tried) => (tried.length === 0 ? ONE : TWO),
};
const lines = readyHead(200, [['Date', 'Tue, 01 Jan 2030 00:00:00 GMT']], 2);
const body = Buffer.from('ok');
const KEPT = { status: 200, head: lines, headFrom: 0, headTo: lines.length, body, bodyFrom: 0, bodyTo: 2 };

describe('after an attempt that has failed', () => {
  test('another origin is asked before an answer that was kept takes the place of an error', (t) => {
    const codes: (string | null)[] = [];
    const cache: Policy = {
      name: 'cache',
      keepsAnswers: true,
      response: (exchange) => {
        codes.push(exchange.errorCode);
        if (exchange.errorCode !== null) exchange.giveReady(KEPT, '');
      },
    };
    const play = new Playbook(t, { policies: [cache], target: two }).downstreamSends(GET);
    play.expectDialBegins(ONE.name).upstreamRefuses().expectDial(TWO.name).expectUpstream(/^GET/);
    play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 0'));
    play.expectDownstream(head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Date: <date>'));
    play.upstreamCloses().downstreamSends(GET).expectDialBegins(ONE.name).upstreamRefuses();
    play.expectDialBegins(TWO.name).upstreamRefuses();
    play.expectDownstream(`${head('HTTP/1.1 200 OK', 'Date: <date>', 'Content-Length: 2')}ok`);
    assert.deepEqual(codes, [null, 'upstream_unreachable']);
  });
});
