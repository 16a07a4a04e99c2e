import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { ConfigError } from '../config/problem.ts';
import { SluiceError } from '../core/errors.ts';
import { Reloader } from './reload.ts';

const load = (env: Record<string, string> = {}): Promise<LoadedConfig> =>
  loadConfig({ files: [], env, cwd: process.cwd() });

interface Stage {
  readonly reloader: Reloader;
  readonly log: string[];
  /** The fields of the last line of the log. */
  fields: Record<string, unknown>;
  /** What the next reloads find, in order. */
  readonly next: (() => Promise<LoadedConfig>)[];
  readonly applied: LoadedConfig[];
  /** Why configurations cannot be applied. */
  fault: Error | null;
}

async function setStage(): Promise<Stage> {
  const log: string[] = [];
  const write = (fields: Record<string, unknown>, message: string): void => {
    log.push(`${message} (${String(fields['trigger'])})`);
    stage.fields = fields;
  };
  const next: (() => Promise<LoadedConfig>)[] = [];
  const applied: LoadedConfig[] = [];
  const stage: Stage = {
    log,
    fields: {},
    next,
    applied,
    fault: null,
    reloader: new Reloader({
      initial: await load(),
      load: () => next.shift()?.() ?? load(),
      apply: async (loaded) => {
        await Promise.resolve();
        if (stage.fault !== null) throw stage.fault;
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
    const stage = await setStage();
    const { reloader, next, applied, log } = stage;
    const { tag, loaded } = reloader;
    next.push(() => load({ LOG_LEVEL: 'loud', SLUICE_LOG__FIEL: 'x' }));
    await assert.rejects(reloader.reload({ trigger: 'watch' }), ConfigError);
    assert.deepEqual([reloader.tag, reloader.loaded, applied], [tag, loaded, []]);
    assert.deepEqual(log, ['failure', 'config not reloaded, the one in force stays (watch)']);
    assert.deepEqual(stage.fields, {
      event: 'reload',
      trigger: 'watch',
      code: 'config_invalid',
      problems: [
        'environment variable LOG_LEVEL log.level: expected trace, debug, info, warn, error, fatal or silent, found the text "loud"',
        'environment variable SLUICE_LOG__FIEL unknown key "fiel" in log, did you mean "file"?',
      ],
    });
  });

  test('of a config that cannot be applied changes nothing either', async () => {
    const stage = await setStage();
    const { tag, loaded } = stage.reloader;
    stage.fault = new SluiceError('listen_failed', { message: 'the port is taken' });
    await assert.rejects(stage.reloader.reload({ trigger: 'api' }), /the port is taken/);
    assert.deepEqual([stage.reloader.tag, stage.reloader.loaded], [tag, loaded]);
    assert.deepEqual(stage.fields, {
      event: 'reload',
      trigger: 'api',
      code: 'listen_failed',
      reason: 'the port is taken',
    });
  });

  test('logs the stack of what is no fault of the configuration', async () => {
    const stage = await setStage();
    stage.fault = new Error('oops');
    await assert.rejects(stage.reloader.reload({ trigger: 'api' }), /oops/);
    assert.deepEqual(stage.fields, { event: 'reload', trigger: 'api', err: stage.fault });
  });

  test('logs the warnings of a config that is valid', async () => {
    const stage = await setStage();
    stage.next.push(() => load({ SLUICE_ADMIN__LISTEN: '0.0.0.0:8889' }));
    await stage.reloader.reload({ trigger: 'api' });
    assert.deepEqual(stage.fields['warnings'], [
      'environment variable SLUICE_ADMIN__LISTEN the admin door is open to the network, and its token crosses it in clear',
    ]);
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

  test('waits for whatever else is done in turn, and the other way round', async () => {
    const { reloader, log } = await setStage();
    const done = reloader.inTurn(async () => {
      await Promise.resolve();
      log.push('something else');
    });
    await Promise.all([done, reloader.reload({ trigger: 'api' })]);
    assert.equal(log[0], 'something else');
    await assert.rejects(
      reloader.inTurn(() => Promise.reject(new Error('no'))),
      /no/,
    );
    await reloader.reload({ trigger: 'api' });
  });

  test('goes ahead only for the config that it was meant for', async () => {
    const { reloader, applied } = await setStage();
    const { tag } = reloader;
    await reloader.reload({ trigger: 'api', ifMatch: tag });
    await assert.rejects(reloader.reload({ trigger: 'api', ifMatch: tag }), { code: 'precondition_failed' });
    assert.equal(applied.length, 1);
  });
});

test('what many ask for while others have their turn is done once, and again for whoever asks after it has begun', async () => {
  const { reloader } = await setStage();
  const done: string[] = [];
  const first = reloader.inTurn(async () => void done.push('first'));
  const work = async (): Promise<void> => {
    done.push('work');
    if (done.length < 3) void reloader.soon('work', work);
  };
  await Promise.all([first, reloader.soon('work', work), reloader.soon('work', work), reloader.soon('work', work)]);
  await reloader.settled();
  assert.deepEqual(done, ['first', 'work', 'work']);
});
