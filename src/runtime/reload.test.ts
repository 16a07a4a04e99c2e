import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { ConfigError } from '../config/problem.ts';
import { Reloader } from './reload.ts';

const load = (env: Record<string, string> = {}): Promise<LoadedConfig> =>
  loadConfig({ files: [], env, cwd: process.cwd() });

interface Stage {
  readonly reloader: Reloader;
  readonly log: string[];
  /** What the next reloads find, in order. */
  readonly next: (() => Promise<LoadedConfig>)[];
  readonly applied: LoadedConfig[];
  failToApply: boolean;
}

async function setStage(): Promise<Stage> {
  const log: string[] = [];
  const write = (fields: unknown, message: string): void =>
    void log.push(`${message} (${(fields as { trigger: string }).trigger})`);
  const next: (() => Promise<LoadedConfig>)[] = [];
  const applied: LoadedConfig[] = [];
  const stage: Stage = {
    log,
    next,
    applied,
    failToApply: false,
    reloader: new Reloader({
      initial: await load(),
      load: () => next.shift()?.() ?? load(),
      apply: async (loaded) => {
        await Promise.resolve();
        if (stage.failToApply) throw new Error('the port is taken');
        applied.push(loaded);
      },
      logger: { info: write, error: write } as never,
      note: (result) => log.push(result),
    }),
  };
  return stage;
}

describe('a reload', () => {
  test('brings what the files say into force, and names what has changed', async () => {
    const { reloader, next, applied, log } = await setStage();
    const before = reloader.tag;
    next.push(() => load({ LOG_LEVEL: 'debug', SLUICE_PROCESS__WORKERS: '2' }));
    const outcome = await reloader.reload({ trigger: 'signal' });
    assert.equal(reloader.loaded, applied[0]);
    assert.notEqual(reloader.tag, before);
    assert.deepEqual(outcome, {
      tag: reloader.tag,
      changed: ['process.workers', 'log.level'],
      needsRestart: ['process.workers'],
      warnings: [],
    });
    assert.deepEqual(log, ['success', 'config reloaded (signal)']);
  });

  test('goes on naming what needs a restart until it is taken back', async () => {
    const { reloader, next } = await setStage();
    next.push(() => load({ SLUICE_PROCESS__WORKERS: '2' }));
    await reloader.reload({ trigger: 'api' });
    next.push(() => load({ SLUICE_PROCESS__WORKERS: '2' }));
    const again = await reloader.reload({ trigger: 'api' });
    assert.deepEqual([again.changed, again.needsRestart], [[], ['process.workers']]);
    assert.deepEqual((await reloader.reload({ trigger: 'api' })).needsRestart, []);
  });

  test('of a config that is not valid changes nothing and says why', async () => {
    const { reloader, next, applied, log } = await setStage();
    const { tag, loaded } = reloader;
    next.push(() => load({ LOG_LEVEL: 'loud' }));
    await assert.rejects(reloader.reload({ trigger: 'watch' }), ConfigError);
    assert.deepEqual([reloader.tag, reloader.loaded, applied], [tag, loaded, []]);
    assert.deepEqual(log, ['failure', 'config not reloaded, the one in force stays (watch)']);
  });

  test('of a config that cannot be applied changes nothing either', async () => {
    const stage = await setStage();
    const { tag, loaded } = stage.reloader;
    stage.failToApply = true;
    await assert.rejects(stage.reloader.reload({ trigger: 'api' }), /the port is taken/);
    assert.deepEqual([stage.reloader.tag, stage.reloader.loaded], [tag, loaded]);
  });

  test('waits for the one before, also when that one fails, so that the last one wins', async () => {
    const { reloader, next, applied } = await setStage();
    const gate = Promise.withResolvers<void>();
    next.push(
      () => gate.promise.then(() => load({ LOG_LEVEL: 'debug' })),
      () => Promise.reject(new Error('gone')),
      () => load({ LOG_LEVEL: 'error' }),
    );
    const [first, second, third] = ['api', 'api', 'api'].map(() => reloader.reload({ trigger: 'api' }));
    gate.resolve();
    await first;
    await assert.rejects(second!, /gone/);
    await third;
    assert.deepEqual(
      applied.map(({ config }) => config.log.level),
      ['debug', 'error'],
    );
  });

  test('goes ahead only for the config that it was meant for', async () => {
    const { reloader, applied } = await setStage();
    const { tag } = reloader;
    await reloader.reload({ trigger: 'api', ifMatch: tag });
    await assert.rejects(reloader.reload({ trigger: 'api', ifMatch: tag }), { code: 'precondition_failed' });
    assert.equal(applied.length, 1);
  });
});
