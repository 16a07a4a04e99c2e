import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waysOf } from '../../../test/support/backend-desk.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { SluiceError } from '../../core/errors.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { BackendWatch } from './backend-watch.ts';

test('a watched route checks its backends once each in an interval, also those that come later', async (t) => {
  const toOf = (backends: readonly string[]) => {
    const health = { interval: '1h', unhealthy_after: 1 };
    const [route] = configOf({ gateway: { routes: [{ to: { backends, health } }] } }).gateway.routes;
    return route !== undefined && 'backends' in route.to ? route.to : assert.fail();
  };
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const dialled: string[] = [];
  const watch = new BackendWatch({
    name: 'app',
    to: toOf(['http://127.0.0.1', 'http://127.0.0.2']),
    table: new MemberTable({ capacity: 8 }),
    ears: {},
    resolve: () => assert.fail(),
    ways: waysOf(configOf({})),
    dial: ({ name }, events) => {
      dialled.push(name);
      process.nextTick(() => events.failed(new SluiceError('upstream_unreachable')));
    },
  });
  const turn = async (ms: number): Promise<void> => {
    t.mock.timers.tick(ms);
    await new Promise(setImmediate);
  };
  t.after(() => watch.stop());
  watch.start();
  await turn(360_000);
  assert.deepEqual(dialled.toSorted(), ['http://127.0.0.1', 'http://127.0.0.2']);
  watch.update(toOf(['http://127.0.0.2', 'http://127.0.0.3']));
  await turn(360_000);
  assert.deepEqual(dialled.slice(2), ['http://127.0.0.3']);
  assert.deepEqual(
    watch.group.members.map(({ obstacle }) => obstacle),
    ['unhealthy', 'unhealthy'],
  );
});

test('a backend that another node has given up is checked at once, or bears with one failure', async (t) => {
  const watchOf = (health: object | undefined, dialled: string[]): BackendWatch => {
    const to = {
      backends: ['http://127.0.0.1', 'http://127.0.0.2'],
      breaker: { failures: 5 },
      ...(health && { health }),
    };
    const [route] = configOf({ gateway: { routes: [{ to }] } }).gateway.routes;
    const watch = new BackendWatch({
      name: 'app',
      to: route !== undefined && 'backends' in route.to ? route.to : assert.fail(),
      table: new MemberTable({ capacity: 8 }),
      ears: {},
      resolve: () => assert.fail(),
      ways: waysOf(configOf({})),
      dial: ({ name }, events) => {
        dialled.push(name);
        process.nextTick(() => events.failed(new SluiceError('upstream_unreachable')));
      },
    });
    t.after(() => watch.stop());
    return watch;
  };
  const dialled: string[] = [];
  const checked = watchOf({ interval: '1h', unhealthy_after: 2 }, dialled);
  checked.suspect('http://127.0.0.2');
  checked.suspect('unknown');
  while (checked.group.find('http://127.0.0.2')?.obstacle !== 'unhealthy') await new Promise(setImmediate);
  assert.deepEqual(dialled, ['http://127.0.0.2', 'http://127.0.0.2']);
  const unchecked = watchOf(undefined, dialled);
  const member = unchecked.group.find('http://127.0.0.2') ?? assert.fail();
  unchecked.suspect(member.id);
  assert.equal(member.obstacle, null);
  member.end(member.begin(), { kind: 'failure', reason: 'upstream_unreachable' });
  assert.equal(member.state().breaker, 'open');
});
