import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';
import { fakeProxy, httpAnswers } from '../../../test/support/fake-proxy.ts';
import type { ProxiesAnswer, ProxyAnswer } from '../admin-answers.ts';

const HOPS = {
  corporate: { proxy: 'http://jo:secret-1@corp.example:8080' },
  exits: {
    proxies: [
      { id: 'fr-1', url: 'socks5://u:secret-2@fr.example:1080', weight: 2, tags: { country: 'fr' } },
      { url: 'https://de.example', enabled: false },
    ],
  },
};

const desk = (hops: object = HOPS): Promise<AdminDesk> => AdminDesk.open({}, hops);

async function write(at: AdminDesk, method: string, path: string, body?: unknown): Promise<Response> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const length =
    text === undefined ? {} : { 'Content-Length': String(text.length), 'Content-Type': 'application/json' };
  const headers = { ...AUTHORIZED, ...length };
  return at.ask(`/api/v1/proxies${path}`, { method, headers, ...(text === undefined ? {} : { body: text }) });
}

async function list(at: AdminDesk): Promise<readonly ProxyAnswer[]> {
  const answer = await at.ask('/api/v1/proxies', { headers: AUTHORIZED });
  assert.equal(answer.status, 200);
  return ((await answer.json()) as ProxiesAnswer).proxies;
}

const namesAt = async (at: AdminDesk): Promise<string[]> => (await list(at)).map(({ id }) => id);

describe('GET /api/v1/proxies', () => {
  test('tells all proxies of all hops, as they are, without their credentials', async () => {
    const at = await desk();
    const answer = await at.ask('/api/v1/proxies', { headers: AUTHORIZED });
    const text = await answer.text();
    assert.doesNotMatch(text, /secret|jo:|u:/);
    const { proxies } = JSON.parse(text) as ProxiesAnswer;
    assert.deepEqual(
      proxies.map(({ id, host, port, protocol, enabled }) => [id, host, port, protocol, enabled]),
      [
        ['corporate', 'corp.example', 8080, 'http', true],
        ['exits/fr-1', 'fr.example', 1080, 'socks5', true],
        ['exits/de.example', 'de.example', 443, 'https', false],
      ],
    );
    assert.deepEqual(proxies[1], {
      id: 'exits/fr-1',
      hop: 'exits',
      host: 'fr.example',
      port: 1080,
      protocol: 'socks5',
      healthy: true,
      enabled: true,
      draining: false,
      health: 'unknown',
      breaker: 'closed',
      obstacle: null,
      retry_in_ms: 0,
      weight: 2,
      priority: 1,
      backup: false,
      tags: { country: 'fr' },
      changed: null,
      last_check: null,
      last_error: null,
      last_error_at: null,
      active: 0,
      stats: {
        total_requests: 0,
        success_rate: null,
        avg_latency_ms: null,
        bytes: 0,
        bytes_sent: 0,
        bytes_received: 0,
      },
    });
  });

  test('tells one by its name, and says when there is none', async () => {
    const at = await desk();
    const one = await at.ask('/api/v1/proxies/exits%2Ffr-1', { headers: AUTHORIZED });
    assert.equal(((await one.json()) as ProxyAnswer).id, 'exits/fr-1');
    assert.equal(await refused(await at.ask('/api/v1/proxies/exits%2Fxx', { headers: AUTHORIZED })), '404 not_found');
    assert.equal(await refused(await at.ask('/api/v1/proxies')), '401 unauthorized');
  });
});

describe('POST /api/v1/proxies', () => {
  test('adds one to a hop', async () => {
    const at = await desk();
    const added = await write(at, 'POST', '', {
      hop: 'exits',
      id: 'it-1',
      url: 'http://u:secret-3@it.example:1',
      weight: 3,
    });
    assert.equal(added.status, 201);
    const { id, weight, changed } = (await added.json()) as ProxyAnswer;
    assert.deepEqual([id, weight, changed], ['exits/it-1', 3, 'until_restart']);
    assert.ok((await namesAt(at)).includes('exits/it-1'));
    assert.doesNotMatch(JSON.stringify(at.logged), /secret/);
  });

  test('names one without an id by its host and port', async () => {
    const at = await desk();
    const added = await write(at, 'POST', '', { hop: 'corporate', url: 'http://u:p@b.example:1' });
    assert.equal(((await added.json()) as ProxyAnswer).id, 'corporate/b.example:1');
    assert.deepEqual((await namesAt(at)).slice(0, 2), ['corporate', 'corporate/b.example:1']);
  });

  test('refuses what is there, what has no hop, and what no proxy can be, without quoting it', async () => {
    const at = await desk();
    const url = 'http://u:secret-4@x.example:1';
    assert.equal(await refused(await write(at, 'POST', '', { hop: 'exits', id: 'fr-1', url })), '409 already_exists');
    assert.equal(await refused(await write(at, 'POST', '', { hop: 'other', url })), '404 not_found');
    const wrong = [
      {},
      { hop: 'exits' },
      { hop: 'exits', url: 'ftp://u:secret-5@h' },
      { hop: 'exits', url: 'http://u:secret-5@h/path' },
      { hop: 'exits', url, id: 'a/b' },
      { hop: 'exits', url, weight: 0 },
      { hop: 'exits', url, weigth: 1 },
    ];
    for (const body of wrong) {
      const answer = await write(at, 'POST', '', body);
      assert.doesNotMatch(await answer.clone().text(), /secret/);
      assert.equal(await refused(answer), '422 invalid_input', JSON.stringify(body));
    }
    assert.equal((await list(at)).length, 3);
  });
});

describe('PATCH /api/v1/proxies/{id}', () => {
  test('disables, enables, drains and weighs', async () => {
    const at = await desk();
    const change = async (body: object): Promise<ProxyAnswer> => {
      const answer = await write(at, 'PATCH', '/exits%2Ffr-1', body);
      assert.equal(answer.status, 200);
      return (await answer.json()) as ProxyAnswer;
    };
    const disabled = await change({ enabled: false });
    assert.deepEqual([disabled.enabled, disabled.obstacle, disabled.changed], [false, 'disabled', 'until_restart']);
    const drained = await change({ enabled: true, draining: true });
    assert.deepEqual([drained.enabled, drained.draining, drained.obstacle], [true, true, 'draining']);
    const weighed = await change({ weight: 7, draining: false, tags: { tier: 1 } });
    assert.deepEqual(
      [weighed.weight, weighed.draining, weighed.obstacle, weighed.tags],
      [7, false, null, { tier: '1' }],
    );
  });

  test('refuses what cannot be, and changes nothing then', async () => {
    const at = await desk();
    assert.equal(await refused(await write(at, 'PATCH', '/exits%2Fxx', { enabled: false })), '404 not_found');
    for (const body of [{ weight: 0 }, { id: 'other' }, { enabled: 'no' }]) {
      assert.equal(await refused(await write(at, 'PATCH', '/exits%2Ffr-1', body)), '422 invalid_input');
    }
    assert.equal((await list(at))[1]?.changed, null);
  });
});

describe('DELETE /api/v1/proxies/{id}', () => {
  test('takes one away, after which its name is free', async () => {
    const at = await desk();
    const answer = await write(at, 'DELETE', '/exits%2Ffr-1');
    assert.deepEqual(await answer.json(), { id: 'exits/fr-1', removed: true, active: 0 });
    assert.deepEqual(await namesAt(at), ['corporate', 'exits/de.example']);
    assert.equal(await refused(await write(at, 'DELETE', '/exits%2Ffr-1')), '404 not_found');
    assert.equal((await write(at, 'POST', '', { hop: 'exits', id: 'fr-1', url: 'http://other.example' })).status, 201);
  });
});

describe('POST /api/v1/proxies/{id}/test', () => {
  test('checks a proxy now and tells what came of it', async (t) => {
    const { port } = await fakeProxy(t, httpAnswers('HTTP/1.1 204 No Content\r\n\r\n'));
    const health = { url: 'http://health.test/' };
    const at = await desk({
      up: { proxy: `http://127.0.0.1:${port}`, health },
      down: { proxies: [{ id: 'd', url: 'http://127.0.0.1:1' }], health },
    });
    const up = (await (await write(at, 'POST', '/up/test')).json()) as Record<string, unknown>;
    assert.ok(Number(up['latency_ms']) > 0);
    assert.deepEqual({ ...up, latency_ms: 1 }, { id: 'up', passed: true, latency_ms: 1, error: null });
    const down = await (await write(at, 'POST', '/down%2Fd/test')).json();
    assert.deepEqual(down, { id: 'down/d', passed: false, latency_ms: null, error: 'hop_unreachable' });
    const [first, second] = await list(at);
    assert.deepEqual([first?.health, second?.last_error], ['healthy', 'hop_unreachable']);
    assert.ok(first?.last_check !== null && Date.now() - Date.parse(first?.last_check ?? '') < 60_000);
    at.parts.sluice.hops.stop();
  });
});
