import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { EVERYTHING, GET, head, Playbook, route } from '../../../test/support/playbook.ts';
import type { Policy } from '../../contract/policy.ts';
import { ClientAddress } from '../../services/identity/client-address.ts';
import { LimitTable } from '../../services/limiter/limit-table.ts';
import { TableLimiter } from '../../services/limiter/table-limiter.ts';
import { respond } from '../../targets/respond/respond.ts';
import { rateLimit, type RateLimitOptions } from './rate-limit.ts';

const get = (path: string, ...fields: readonly string[]): string =>
  head(`GET ${path} HTTP/1.1`, 'Host: a.test', ...fields);

/** Two at once and one a second, unless said otherwise; `nowMs` is set by the test. */
class Stage {
  nowMs = 1000;
  readonly table = new LimitTable({ capacity: 64, now: () => this.nowMs });
  readonly play: Playbook;

  constructor(t: TestContext, options: Partial<RateLimitOptions> = {}, before: readonly Policy[] = []) {
    const policy = this.policy(options);
    const routes = ['/one', '/two'].map((path) =>
      route(respond({ status: 204 }), [...before, policy], { name: path, match: { ...EVERYTHING, path } }),
    );
    this.play = new Playbook(t, { routes });
  }

  policy(options: Partial<RateLimitOptions> = {}): Policy {
    const client = new ClientAddress(['192.0.2.7']);
    const limit = { intervalMs: 1000, burst: 2 };
    return rateLimit({
      limiter: new TableLimiter(this.table),
      scope: 'test',
      per: 'client_ip',
      client,
      limit,
      ...options,
    });
  }

  /** The statuses of the answers to these requests. */
  statuses(...requests: readonly string[]): string[] {
    return requests.map((request) => this.play.downstreamSends(request).takeDownstream().slice(9, 12));
  }
}

const fieldsOf = (answer: string): Record<string, string> =>
  Object.fromEntries(
    [...answer.matchAll(/^(RateLimit-\w+|Retry-After): (.*)\r$/gm)].map(([, name = '', value = '']) => [name, value]),
  );

describe('a rate limit', () => {
  test('answers what is too much with 429, and says when to try again', (t) => {
    const stage = new Stage(t);
    assert.deepEqual(stage.statuses(get('/one'), get('/one')), ['204', '204']);
    const answer = stage.play.downstreamSends(get('/one')).takeDownstream();
    assert.match(answer, /^HTTP\/1\.1 429 [^]*"code":"too_many_requests"/);
    assert.equal(fieldsOf(answer)['Retry-After'], '1');
    stage.play.expectClientConnection('open');
    stage.nowMs += 1000;
    assert.deepEqual(stage.statuses(get('/one'), get('/one')), ['204', '429']);
  });

  test('says in every answer what is left', (t) => {
    const stage = new Stage(t);
    const said = Array.from({ length: 3 }, () => fieldsOf(stage.play.downstreamSends(get('/one')).takeDownstream()));
    const limit = { 'RateLimit-Limit': '2' };
    assert.deepEqual(said, [
      { ...limit, 'RateLimit-Remaining': '1', 'RateLimit-Reset': '1' },
      { ...limit, 'RateLimit-Remaining': '0', 'RateLimit-Reset': '2' },
      { ...limit, 'RateLimit-Remaining': '0', 'RateLimit-Reset': '2', 'Retry-After': '1' },
    ]);
  });

  test('says nothing of a request that it has not met', (t) => {
    const refuse: Policy = {
      name: 'refuse',
      request: (exchange) => {
        if (exchange.request.fields.has('x-refuse')) exchange.fail('forbidden');
      },
    };
    const { play } = new Stage(t, {}, [refuse]);
    assert.equal(Object.keys(fieldsOf(play.downstreamSends(get('/one')).takeDownstream())).length, 3);
    assert.deepEqual(fieldsOf(play.downstreamSends(get('/one', 'X-Refuse: 1')).takeDownstream()), {});
  });

  test('leaves it to a server to speak of its own, and to servers elsewhere to say nothing', (t) => {
    const stage = new Stage(t);
    for (const [options, field, said] of [
      [{}, 'X-Own: 1', '2'],
      [{}, 'RateLimit-Limit: 9', '9'],
      [{ tellsInOursOnly: true }, 'X-Own: 1', undefined],
    ] as const) {
      const play = new Playbook(t, { policies: [stage.policy({ ...options, scope: field + String(said) })] });
      play.downstreamSends(GET).expectDial().expectUpstream(/^GET/);
      play.upstreamSends(head('HTTP/1.1 204 No Content', field));
      assert.equal(fieldsOf(play.takeDownstream())['RateLimit-Limit'], said);
      play.end();
    }
  });
});

describe('requests are counted', () => {
  const from = (address: string, ...fields: string[]): string => get('/one', `X-Forwarded-For: ${address}`, ...fields);

  test('by the address of the client, also behind a trusted proxy', (t) => {
    const { statuses } = bound(new Stage(t));
    const [a, b] = [from('198.51.100.1'), from('198.51.100.2')];
    assert.deepEqual(statuses(a, a, a, b, b, b), ['204', '204', '429', '204', '204', '429']);
  });

  test('by the network of the client where that is IPv6', (t) => {
    const { statuses } = bound(new Stage(t));
    assert.deepEqual(statuses(from('2001:db8::1'), from('2001:db8::2'), from('2001:db8::3')), ['204', '204', '429']);
    assert.deepEqual(statuses(from('2001:db8:0:1::1')), ['204']);
  });

  test('by user, and by address where there is none', (t) => {
    const named: Policy = {
      name: 'named',
      request: (exchange) => void (exchange.user = exchange.request.fields.get('x-user') ?? ''),
    };
    const { statuses } = bound(new Stage(t, { per: 'user' }, [named]));
    const [a, b] = [get('/one', 'X-User: a'), get('/one', 'X-User: b')];
    assert.deepEqual(statuses(a, a, a, b), ['204', '204', '429', '204']);
    assert.deepEqual(statuses(get('/one'), get('/one'), get('/one')), ['204', '204', '429']);
  });

  test('by a header field, and by address where there is none', (t) => {
    const { statuses } = bound(new Stage(t, { per: { header: 'X-Api-Key' } }));
    const [a, b] = [get('/one', 'x-api-key: a'), get('/one', 'X-Api-Key: b')];
    assert.deepEqual(statuses(a, a, a, b), ['204', '204', '429', '204']);
    assert.deepEqual(statuses(get('/one'), get('/one', 'X-Api-Key:'), get('/one')), ['204', '204', '429']);
  });

  test('by route', (t) => {
    const { statuses } = bound(new Stage(t, { per: 'route' }));
    const [a, b] = [from('198.51.100.1'), from('198.51.100.2')];
    assert.deepEqual(statuses(a, b, a, get('/two')), ['204', '204', '429', '204']);
  });

  test('all together', (t) => {
    const { statuses } = bound(new Stage(t, { per: 'global' }));
    assert.deepEqual(statuses(from('198.51.100.1'), get('/two'), get('/one')), ['204', '204', '429']);
  });

  test('for each place alone', (t) => {
    const stage = new Stage(t);
    assert.deepEqual(stage.statuses(get('/one'), get('/one'), get('/one')), ['204', '204', '429']);
    stage.play.end();
    const play = new Playbook(t, { target: respond({ status: 204 }), policies: [stage.policy({ scope: 'other' })] });
    play.downstreamSends(GET).expectDownstream(/ 204 /);
  });
});

function bound(stage: Stage): Pick<Stage, 'statuses'> {
  return { statuses: stage.statuses.bind(stage) };
}
