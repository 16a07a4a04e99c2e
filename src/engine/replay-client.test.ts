import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { head, Playbook } from '../../test/support/playbook.ts';
import type { ReplayRequest } from './replay-client.ts';

function asked(lines: readonly string[], body = '', more: Partial<ReplayRequest> = {}): ReplayRequest {
  return {
    replayOf: 'r1',
    entrance: '',
    address: '192.0.2.7',
    secure: true,
    head: Buffer.from(head(...lines)),
    body: Buffer.from(body),
    mostBytes: 3,
    timeoutMs: 60_000,
    ...more,
  };
}

describe('a request that is sent once more', () => {
  test('goes where it went, as from its client, and its answer is told', async (t) => {
    const play = new Playbook(t);
    const outcome = play.engine.replay(asked(['PUT /a HTTP/1.1', 'Host: a.test', 'Content-Length: 5'], 'hello'));
    play.expectDial().expectUpstream(/^PUT \/a HTTP\/1\.1\r\n[^]*X-Forwarded-For: 192\.0\.2\.7\r\n[^]*hello$/);
    play.upstreamSends(`${head('HTTP/1.1 201 Made', 'X-A: 1', 'Content-Length: 4')}fine`);
    const { status, fields, body, length, isComplete } = await outcome;
    assert.deepEqual([status, Buffer.from(body).toString(), length, isComplete], [201, 'fin', 4, true]);
    assert.ok(fields.some(([name, value]) => name === 'X-A' && value === '1'));
  });

  test('is answered by a policy as any other is', async (t) => {
    const policies = [
      { name: 'no', request: (exchange: { fail(code: 'forbidden'): void }) => exchange.fail('forbidden') },
    ];
    const play = new Playbook(t, { policies });
    const outcome = await play.engine.replay(asked(['POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5'], 'hello'));
    assert.deepEqual([outcome.status, outcome.isComplete], [403, true]);
  });

  test('tells what had come of an answer that is cut', async (t) => {
    const play = new Playbook(t);
    const outcome = play.engine.replay(asked(['GET / HTTP/1.1', 'Host: a.test']));
    play.expectDial().expectUpstream(/^GET/);
    play.upstreamSends(`${head('HTTP/1.1 200 OK', 'Content-Length: 4')}fi`);
    play.engine.close();
    const { status, length, isComplete } = await outcome;
    assert.deepEqual([status, length, isComplete], [200, 2, false]);
  });
});
