import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, test, type TestContext } from 'node:test';
import { join } from 'node:path';
import { threadContext } from '../../test/support/thread-context.ts';
import { accountDesk } from '../../test/support/account-desk.ts';
import { backendDesk } from '../../test/support/backend-desk.ts';
import { clientDesk } from '../../test/support/client-desk.ts';
import { tokenDesk } from '../../test/support/token-desk.ts';
import { tunnelDesk } from '../../test/support/tunnel-desk.ts';
import { sharedNodes } from '../../test/support/shared-nodes.ts';
import { usageBook } from '../../test/support/usage-book.ts';
import { hopControl } from '../../test/support/hop-control.ts';
import { loadConfig } from '../config/load.ts';
import { CacheShelf } from '../services/cache/store/cache-shelf.ts';
import { DomainShelf } from '../services/domains/domain-shelf.ts';
import { MemberTable } from '../services/balance/member-table.ts';
import { Sluice } from '../runtime/sluice.ts';
import { MetricsRecorder } from '../telemetry/metrics-recorder.ts';
import { MetricsView } from '../telemetry/metrics-view.ts';
import { EventBook } from '../runtime/events/event-book.ts';
import { controlDoors, type ControlDoors } from './control-doors.ts';
import { processDesk } from '../../test/support/process-desk.ts';

async function doorsFor(t: TestContext, settings: Record<string, string>): Promise<ControlDoors & { dataDir: string }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-doors-'));
  t.after(() => rmSync(dataDir, { recursive: true }));
  const env = {
    SLUICE_PROCESS__DATA_DIR: dataDir,
    SLUICE_ADMIN__LISTEN: '127.0.0.1:0',
    SLUICE_METRICS__LISTEN: '127.0.0.1:0',
    ...settings,
  };
  const load = () => loadConfig({ files: [], env, cwd: dataDir });
  const logger = { info: () => {}, warn: () => {}, error: () => {} } as never;
  const nothing = (): Promise<void> => Promise.resolve();
  const members = new MemberTable({ capacity: 1 });
  const dataPlane = {
    members,
    lists: new DomainShelf(),
    caches: new CacheShelf(),
    apply: nothing,
    drain: nothing,
    close: nothing,
    doors: () => [],
    counts: threadContext(1),
    capture: () => Promise.resolve(null),
    replay: () => Promise.resolve(null),
    requests: () => Promise.resolve([]),
    connections: () => Promise.resolve([]),
    knowControlDoors: nothing,
  };
  const sluice = new Sluice({
    loaded: await load(),
    load,
    logger,
    dataPlane,
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
    noteReload: () => {},
  });
  const recorder = new MetricsRecorder();
  recorder.slots[recorder.counter('sluice_http_requests_total', 'Requests.')] = 7;
  const view = new MetricsView();
  view.attach(recorder.slab, recorder.definitions);
  return { ...controlDoors({ sluice, logger, events: new EventBook(), view, runToken: 'run' }), dataDir };
}

describe('the doors of the control plane', () => {
  test('are the admin and the metrics door, which show the same numbers', async (t) => {
    const { doors, keptToken } = await doorsFor(t, {});
    for (const door of doors) {
      await door.start();
      t.after(() => door.close());
    }
    const [admin, metrics] = doors;
    assert.deepEqual([admin?.name, metrics?.name], ['admin', 'metrics']);
    assert.match(await (await fetch(`${metrics?.address}/metrics`)).text(), /^sluice_http_requests_total 7$/m);
    for (const token of [keptToken?.token, 'run']) {
      const stats = await fetch(`${admin?.address}/api/v1/stats`, { headers: { Authorization: `Bearer ${token}` } });
      assert.equal(((await stats.json()) as { total_requests: number }).total_requests, 7);
    }
  });

  test('are only those that the config opens, and no token is made for a door that is not there', async (t) => {
    const { doors, keptToken } = await doorsFor(t, { SLUICE_ADMIN__LISTEN: 'null' });
    assert.deepEqual([doors.map(({ name }) => name), keptToken], [['metrics'], null]);
  });
});
