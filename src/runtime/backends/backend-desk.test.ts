import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { backendDesk } from '../../../test/support/backend-desk.ts';
import { until } from '../../../test/support/chain-rig.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { http1Origin } from '../../../test/support/origins.ts';
import type { Config } from '../../config/config.ts';
import { Group } from '../../services/balance/group.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import type { BackendDesk } from './backend-desk.ts';

const health = { interval: '100ms', unhealthy_after: 1, healthy_after: 1 };

function configWith(to: object, more: object = {}): Config {
  return configOf({ gateway: { routes: [{ name: 'app', to }], ...more } });
}

function namesOf(desk: BackendDesk): string[] {
  return desk.members().map(({ hop, name }) => `${hop} ${name}`);
}

describe('the backends that are shown', () => {
  test('are those that are balanced', (t) => {
    const desk = backendDesk();
    t.after(() => desk.stop());
    desk.follow(
      configWith({ backends: ['http://127.0.0.1', 'http://127.0.0.2'] }, { default_backend: 'http://127.0.0.3' }),
    );
    assert.deepEqual(namesOf(desk), ['gateway/app http://127.0.0.1', 'gateway/app http://127.0.0.2']);
    const policies = { retry: {} };
    desk.follow(configWith({ backends: ['http://127.0.0.1'] }, { default_backend: 'http://127.0.0.3', policies }));
    assert.deepEqual(namesOf(desk), ['gateway/default http://127.0.0.3', 'gateway/app http://127.0.0.1']);
    desk.follow(configWith({ backends: ['http://127.0.0.1'] }));
    assert.deepEqual(namesOf(desk), []);
  });

  test('are none any more when it has stopped', () => {
    const desk = backendDesk();
    desk.follow(configWith({ backends: ['http://127.0.0.1', 'http://127.0.0.2'] }));
    desk.stop();
    assert.deepEqual(namesOf(desk), []);
  });

  test('keep what is known of them when others come, and start slowly when that is wanted', (t) => {
    const table = new MemberTable({ capacity: 8 });
    const desk = backendDesk({ table });
    t.after(() => desk.stop());
    desk.follow(configWith({ backends: ['http://127.0.0.1', 'http://127.0.0.2'], slow_start: '1h' }));
    const [first] = desk.members();
    desk.follow(configWith({ backends: ['http://127.0.0.1', 'http://127.0.0.3'], slow_start: '1h' }));
    assert.deepEqual(desk.members()[0]?.state, first?.state);
    assert.deepEqual(namesOf(desk), ['gateway/app http://127.0.0.1', 'gateway/app http://127.0.0.3']);
    const members = ['http://127.0.0.1', 'http://127.0.0.3'].map((id) => ({ id, data: null }));
    const elsewhere = new Group({ name: 'gateway/app', table, members, options: { strategy: 'random' } });
    assert.deepEqual(
      elsewhere.members.map(({ isWarming }) => isWarming),
      [false, true],
    );
  });
});

describe('backends that are checked', () => {
  async function server(t: TestContext): Promise<{ status: number; asked: string[]; url: string }> {
    const made = { status: 200, asked: [] as string[], url: '' };
    made.url = await http1Origin(t, ({ url }, response) => {
      made.asked.push(url ?? '');
      response.writeHead(made.status).end();
    });
    return made;
  }

  test('are left alone and come back, and the log says so', async (t) => {
    const log: string[] = [];
    const table = new MemberTable({ capacity: 8 });
    const desk = backendDesk({ table, log: (message) => log.push(message) });
    t.after(() => desk.stop());
    const made = await server(t);
    desk.follow(
      configWith({ backends: [`${made.url}/app`], health: { ...health, path: '/well', status: [200, 204] } }),
    );
    await until(() => desk.members()[0]?.state.health === 'healthy');
    made.status = 202;
    await until(() => desk.members()[0]?.isHealthy === false);
    made.status = 204;
    await until(() => desk.members()[0]?.isHealthy === true);
    assert.deepEqual(log, ['the checks of a backend fail, it is left alone', 'the checks of a backend pass again']);
    assert.deepEqual([...new Set(made.asked)], ['/well']);
  });

  test('are so no longer once nobody wants it, and nothing is held against them', async (t) => {
    const desk = backendDesk();
    t.after(() => desk.stop());
    const bad = await server(t);
    bad.status = 500;
    desk.follow(configWith({ backends: [bad.url, 'http://127.0.0.1:1'], health }));
    await until(() => desk.members().every(({ isHealthy }) => !isHealthy));
    desk.follow(configWith({ backends: [bad.url, 'http://127.0.0.1:1'] }));
    assert.ok(desk.members().every(({ isHealthy, state }) => isHealthy && state.health === 'unknown'));
  });
});
