import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { http1Origin } from '../../../test/support/origins.ts';
import type { BackendAnswer, BackendsAnswer } from '../gateway-answers.ts';
import type { MemberTestAnswer } from '../member-answers.ts';

async function deskWith(t: TestContext, ...urls: readonly string[]): Promise<AdminDesk> {
  const desk = await AdminDesk.open();
  desk.backends.follow(configOf({ gateway: { routes: [{ name: 'pair', to: { backends: urls } }] } }));
  t.after(() => desk.backends.stop());
  return desk;
}

const idOf = (url: string): string => encodeURIComponent(`pair/${url}`);

describe('/api/v1/backends', () => {
  test('lists those that are chosen among, and shows one', async (t) => {
    const desk = await deskWith(t, 'http://192.0.2.1', 'http://192.0.2.2');
    const list = await desk.ask('/api/v1/backends', { headers: AUTHORIZED });
    const { backends } = (await list.json()) as BackendsAnswer;
    assert.deepEqual(
      backends.map(({ id, route, enabled, healthy }) => [id, route, enabled, healthy]),
      [
        ['pair/http://192.0.2.1', 'pair', true, true],
        ['pair/http://192.0.2.2', 'pair', true, true],
      ],
    );
    const one = await desk.ask(`/api/v1/backends/${idOf('http://192.0.2.1')}`, { headers: AUTHORIZED });
    assert.deepEqual(await one.json(), backends[0]);
    assert.equal(await refused(await desk.ask('/api/v1/backends/x', { headers: AUTHORIZED })), '404 not_found');
  });

  test('takes one out and puts it back, over reloads', async (t) => {
    const urls = ['http://192.0.2.1', 'http://192.0.2.2'];
    const desk = await deskWith(t, ...urls);
    const path = `/api/v1/backends/${idOf('http://192.0.2.1')}`;
    const headers = { ...AUTHORIZED, 'Content-Type': 'application/json' };
    const change = async (body: object): Promise<BackendAnswer> => {
      return (await (
        await desk.ask(path, { method: 'PATCH', headers, body: JSON.stringify(body) })
      ).json()) as BackendAnswer;
    };
    const { enabled, draining, changed } = await change({ draining: true });
    assert.deepEqual([enabled, draining, changed], [true, true, 'until_restart']);
    assert.equal((await change({ enabled: false })).enabled, false);
    desk.backends.follow(
      configOf({ gateway: { routes: [{ name: 'pair', to: { backends: [...urls, 'http://192.0.2.3'] } }] } }),
    );
    assert.equal(((await (await desk.ask(path, { headers: AUTHORIZED })).json()) as BackendAnswer).enabled, false);
    assert.equal((await change({ enabled: true })).changed, null);
    assert.equal(
      await refused(await desk.ask(path, { method: 'PATCH', headers, body: '{"weight":1}' })),
      '422 invalid_input',
    );
  });

  test('checks one now', async (t) => {
    const origin = await http1Origin(t, (_request, response) => response.end('ok'));
    const desk = await deskWith(t, origin, 'http://127.0.0.1:1');
    const check = async (url: string): Promise<MemberTestAnswer> => {
      const answer = await desk.ask(`/api/v1/backends/${idOf(url)}/test`, { method: 'POST', headers: AUTHORIZED });
      return (await answer.json()) as MemberTestAnswer;
    };
    const good = await check(new URL(origin).origin);
    assert.deepEqual([good.passed, good.error], [true, null]);
    assert.deepEqual(await check('http://127.0.0.1:1'), {
      id: 'pair/http://127.0.0.1:1',
      passed: false,
      latency_ms: null,
      error: 'upstream_unreachable',
    });
  });
});
