import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from '../../../test/support/redis.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { SharedNodes } from './shared-nodes.ts';

describe('the nodes', { timeout: 20_000 }, () => {
  test('are this one where there is no Redis, and nothing is kept before somebody does', async (t) => {
    const folder = temporaryFolder(t);
    const nodes = new SharedNodes({
      process: { state: 'embedded', data_dir: folder },
      recorder: new MetricsRecorder(),
    });
    assert.deepEqual(nodes.nodes, [{ id: nodes.id, address: '' }]);
    assert.equal(await nodes.state.get('a'), null);
    assert.equal(existsSync(join(folder, 'state.db')), false);
    const tunnels = nodes.tunnels({ lost: () => {}, refused: () => {} });
    assert.partialDeepStrictEqual(await tunnels.claim('app', 'ann'), { kind: 'mine', place: { node: nodes.id } });
    tunnels.close();
    assert.equal(existsSync(join(folder, 'state.db')), false);
    await nodes.close();
  });

  test('know of each other, where they are reached, and when one goes', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const open = (): SharedNodes => {
      const settings = { state: redis.url, data_dir: temporaryFolder(t) };
      const nodes = new SharedNodes({ process: settings, recorder: new MetricsRecorder() });
      t.after(() => nodes.close());
      return nodes;
    };
    const [one, other] = [open(), open()];
    one.reachableAt('127.0.0.1:7000');
    const entry = (): unknown => other.nodes.find(({ id }) => id === one.id);
    while (entry() === undefined) {
      other.reachableAt('');
      await pause(10);
    }
    assert.deepEqual(entry(), { id: one.id, address: '127.0.0.1:7000' });
    const asked = { itself: 0, others: 0 };
    one.hearReload(() => (asked.itself += 1));
    other.hearReload(() => (asked.others += 1));
    while (asked.others === 0) {
      await one.tellReload();
      await pause(10);
    }
    assert.equal(asked.itself, 0);
    await one.close();
    assert.deepEqual(
      (await other.state.nodes()).map(({ id }) => id),
      [other.id],
    );
  });
});
