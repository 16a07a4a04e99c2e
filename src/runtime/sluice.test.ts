import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountDesk } from '../../test/support/account-desk.ts';
import { backendDesk } from '../../test/support/backend-desk.ts';
import { threadContext } from '../../test/support/thread-context.ts';
import { clientDesk } from '../../test/support/client-desk.ts';
import { tokenDesk } from '../../test/support/token-desk.ts';
import { tunnelDesk } from '../../test/support/tunnel-desk.ts';
import { sharedNodes } from '../../test/support/shared-nodes.ts';
import { usageBook } from '../../test/support/usage-book.ts';
import { hopControl } from '../../test/support/hop-control.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { hopsSchema } from '../config/schema/hops.ts';
import { CacheShelf } from '../services/cache/store/cache-shelf.ts';
import { DomainShelf } from '../services/domains/domain-shelf.ts';
import { MemberTable } from '../services/balance/member-table.ts';
import { SluiceError } from '../core/errors.ts';
import type { Door, DoorName } from './doors/door.ts';
import { Sluice } from './sluice.ts';
import { processDesk } from '../../test/support/process-desk.ts';

interface Stage {
  readonly sluice: Sluice;
  readonly events: string[];
  /** Ends what runs in the data plane. */
  readonly finish: () => void;
  readonly fail: (fault: Error) => void;
  failToApply: boolean;
  openConnections: number;
}

async function setStage(): Promise<Stage> {
  const events: string[] = [];
  const load = async (): Promise<LoadedConfig> => {
    const loaded = await loadConfig({ files: [], env: {}, cwd: process.cwd() });
    return { ...loaded, config: { ...loaded.config, hops: hopsSchema.parse({ exit: { proxy: 'http://h.example' } }) } };
  };
  const running = Promise.withResolvers<void>();
  const log = (_fields: unknown, message?: string): void => void events.push(`log: ${message ?? String(_fields)}`);
  const stage: Stage = {
    events,
    finish: running.resolve,
    fail: running.reject,
    failToApply: false,
    openConnections: 2,
    sluice: new Sluice({
      loaded: await load(),
      load,
      logger: { info: log, warn: log, error: log } as never,
      noteReload: (result) => events.push(`reload: ${result}`),
      onConfig: () => events.push('config in force'),
      hops: hopControl(),
      tokens: tokenDesk(),
      backends: backendDesk(),
      accounts: accountDesk(),
      processes: processDesk(),
      tunnels: tunnelDesk(),
      exposed: clientDesk(),
      usage: usageBook(),
      nodes: sharedNodes(),
      degraded: () => [],
      dataPlane: {
        members: new MemberTable({ capacity: 1 }),
        lists: new DomainShelf(),
        caches: new CacheShelf(),
        counts: threadContext(1),
        capture: () => Promise.resolve(null),
        replay: () => Promise.resolve(null),
        requests: () => Promise.resolve([]),
        connections: () => Promise.resolve([]),
        apply: async () => {
          await Promise.resolve();
          if (stage.failToApply) throw new SluiceError('listen_failed');
          events.push('data plane applies');
        },
        knowControlDoors: () => Promise.resolve(),
        drain: () => {
          events.push('data plane drains');
          return running.promise;
        },
        close: () => {
          events.push('data plane closes');
          return Promise.resolve();
        },
        doors: () => [{ name: 'gateway', address: 'http://127.0.0.1:1', openConnections: stage.openConnections }],
      },
    }),
  };
  return stage;
}

function door(name: DoorName, events: string[], startFault?: Error): Door {
  return {
    name,
    address: `http://127.0.0.1/${name}`,
    start: () => {
      if (startFault !== undefined) return Promise.reject(startFault);
      events.push(`${name} opens`);
      return Promise.resolve();
    },
    drain: () => Promise.resolve(void events.push(`${name} drains`)),
    close: () => Promise.resolve(void events.push(`${name} closes`)),
    openConnections: () => 1,
  };
}

describe('a Sluice that starts', () => {
  test('opens the doors of the data plane first, and is ready then', async () => {
    const { sluice, events } = await setStage();
    assert.equal(sluice.state, 'starting');
    await sluice.start([door('admin', events)]);
    assert.deepEqual(events, ['data plane applies', 'config in force', 'admin opens']);
    const { state, doors, configTag, needsRestart, pid } = sluice.status();
    assert.deepEqual([state, configTag, needsRestart, pid], ['ready', sluice.configTag, [], process.pid]);
    assert.deepEqual(doors, [
      { name: 'gateway', address: 'http://127.0.0.1:1', openConnections: 2 },
      { name: 'admin', address: 'http://127.0.0.1/admin', openConnections: 1 },
    ]);
  });

  test('closes whatever was open when a door fails', async () => {
    const { sluice, events } = await setStage();
    const fault = new SluiceError('listen_failed');
    await assert.rejects(sluice.start([door('admin', events), door('metrics', events, fault)]), fault);
    assert.deepEqual(events.slice(2), ['admin opens', 'data plane closes', 'admin closes', 'metrics closes']);
    assert.equal(sluice.state, 'stopped');
  });

  test('fails with the data plane', async () => {
    const stage = await setStage();
    stage.failToApply = true;
    await assert.rejects(stage.sluice.start([]), { code: 'listen_failed' });
    assert.equal(stage.sluice.state, 'stopped');
  });
});

describe('a Sluice that is asked to reload', () => {
  test('does it once it has started', async () => {
    const { sluice, events } = await setStage();
    const started = sluice.start([]);
    const { tag } = await sluice.reload({ trigger: 'signal' });
    await started;
    assert.equal(tag, sluice.configTag);
    assert.deepEqual(events.slice(2), [
      'data plane applies',
      'config in force',
      'reload: success',
      'log: config reloaded',
    ]);
  });

  test('ends it before it stops', async () => {
    const { sluice, events, finish } = await setStage();
    await sluice.start([]);
    events.length = 0;
    finish();
    const reloaded = sluice.reload({ trigger: 'signal' });
    await Promise.resolve();
    await sluice.drain(60_000);
    await reloaded;
    assert.ok(events.indexOf('reload: success') < events.indexOf('data plane drains'), events.join());
  });

  test('does not when it is stopping', async () => {
    const { sluice, finish } = await setStage();
    await sluice.start([]);
    finish();
    await sluice.drain(1_000);
    await assert.rejects(sluice.reload({ trigger: 'signal' }), { code: 'shutting_down' });
  });
});

describe('a Sluice whose hops are changed', () => {
  const removal = { edit: { kind: 'remove', name: 'exit' }, persist: false } as const;

  test('brings that into force, and reloads with it', async () => {
    const { sluice, events } = await setStage();
    await sluice.start([]);
    assert.deepEqual(
      sluice.hops.proxies().map(({ name }) => name),
      ['exit'],
    );
    events.length = 0;
    await sluice.changeHops(removal);
    assert.deepEqual([sluice.hops.proxies(), events], [[], ['data plane applies']]);
    await sluice.reload({ trigger: 'signal' });
    assert.deepEqual(sluice.hops.proxies(), []);
  });

  test('keeps to what it had when that is not possible', async () => {
    const stage = await setStage();
    await stage.sluice.start([]);
    stage.failToApply = true;
    await assert.rejects(stage.sluice.changeHops(removal), { code: 'listen_failed' });
    assert.equal(stage.sluice.hops.proxies().length, 1);
  });

  test('refuses it when it is stopping, and checks nobody any more', async () => {
    const { sluice, finish } = await setStage();
    await sluice.start([]);
    finish();
    await sluice.drain(1_000);
    await assert.rejects(sluice.changeHops(removal), { code: 'shutting_down' });
    assert.deepEqual(sluice.hops.proxies(), []);
  });
});

describe('a Sluice that stops', () => {
  test('lets what runs finish, keeps the control plane open meanwhile, and cuts nothing', async () => {
    const { sluice, events, finish } = await setStage();
    await sluice.start([door('admin', events)]);
    events.length = 0;
    const stopped = sluice.drain(60_000);
    await new Promise(setImmediate);
    assert.deepEqual([sluice.state, events], ['draining', ['data plane drains']]);
    finish();
    assert.deepEqual(await stopped, { cutConnections: 0 });
    assert.deepEqual(events.slice(1), ['data plane closes', 'admin drains', 'admin closes']);
    assert.equal(sluice.state, 'stopped');
  });

  test('closes everything although the data plane fails to drain', async () => {
    const { sluice, events, fail } = await setStage();
    await sluice.start([door('admin', events)]);
    fail(new Error('broken'));
    await sluice.drain(60_000);
    assert.ok(events.includes('log: the data plane did not end well'));
    assert.deepEqual(events.slice(-3), ['data plane closes', 'admin drains', 'admin closes']);
  });

  test('cuts what still runs when the grace is over', async () => {
    const { sluice, events } = await setStage();
    await sluice.start([]);
    assert.deepEqual(await sluice.drain(0), { cutConnections: 2 });
    assert.ok(events.includes('log: connections cut that were still open'));
  });

  test('has cut something when it was not done, although nothing was known to be open', async () => {
    const stage = await setStage();
    stage.openConnections = 0;
    await stage.sluice.start([]);
    assert.deepEqual(await stage.sluice.drain(0), { cutConnections: 1 });
  });

  test('cuts it at once when it is forced', async () => {
    const { sluice } = await setStage();
    await sluice.start([]);
    const stopped = sluice.drain(60_000);
    sluice.force();
    assert.deepEqual(await stopped, { cutConnections: 2 });
  });

  test('stops once, however often it is asked', async () => {
    const { sluice, events, finish } = await setStage();
    await sluice.start([]);
    finish();
    assert.equal(sluice.drain(1_000), sluice.drain(1_000));
    await sluice.drain(1_000);
    assert.equal(events.filter((event) => event === 'data plane drains').length, 1);
  });

  test('waits for its start first', async () => {
    const { sluice, events, finish } = await setStage();
    finish();
    const started = sluice.start([]);
    await sluice.drain(1_000);
    await started;
    assert.deepEqual(events.slice(0, 3), ['data plane applies', 'config in force', 'data plane drains']);
  });
});
