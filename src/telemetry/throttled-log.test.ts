import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import assert from 'node:assert/strict';
import type { LogFields, Logger } from './application-log.ts';
import { ThrottledLog } from './throttled-log.ts';

const PERIOD_MS = 10_000;

interface Written {
  readonly level: string;
  readonly fields: LogFields;
  readonly message: string;
}

function openLog(context: TestContext): { readonly log: ThrottledLog; readonly written: Written[] } {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const written: Written[] = [];
  const method = (level: string) => (first: string | LogFields, message?: string) => {
    written.push(
      typeof first === 'string'
        ? { level, fields: {}, message: first }
        : { level, fields: first, message: message ?? '' },
    );
  };
  const [trace, debug, info, warn, error, fatal] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map(method);
  const logger = { trace, debug, info, warn, error, fatal, child: () => logger } as Logger;
  const log = new ThrottledLog(logger);
  context.after(() => log.close());
  return { log, written };
}

const occurrence = (key: string, fields: LogFields = {}) => ({ key, fields, message: `message ${key}` });

describe('a throttled log', () => {
  test('writes the first at once and tells the number of the others once per period', (context) => {
    const { log, written } = openLog(context);
    for (let time = 1; time <= 1000; time += 1) log.error(occurrence('a', { time }));
    assert.deepEqual(written, [{ level: 'error', fields: { time: 1 }, message: 'message a' }]);
    context.mock.timers.tick(PERIOD_MS);
    assert.deepEqual(written.slice(1), [
      { level: 'error', fields: { time: 1000, repeated: 999 }, message: 'message a' },
    ]);
  });

  test('goes on counting as long as it lasts', (context) => {
    const { log, written } = openLog(context);
    for (let period = 0; period < 3; period += 1) {
      for (let time = 0; time < 10; time += 1) log.warn(occurrence('a'));
      context.mock.timers.tick(PERIOD_MS);
    }
    assert.deepEqual(
      written.map(({ fields }) => fields['repeated']),
      [undefined, 9, 10, 10],
    );
  });

  test('what did not come back for a whole period is new when it does', (context) => {
    const { log, written } = openLog(context);
    log.info(occurrence('a'));
    context.mock.timers.tick(PERIOD_MS);
    log.info(occurrence('a'));
    assert.equal(written.length, 2);
    assert.equal(written[1]?.fields['repeated'], undefined);
  });

  test('keys and levels are told apart', (context) => {
    const { log, written } = openLog(context);
    log.info(occurrence('a'));
    log.warn(occurrence('a'));
    log.warn(occurrence('b'));
    assert.deepEqual(
      written.map(({ level, message }) => [level, message]),
      [
        ['info', 'message a'],
        ['warn', 'message a'],
        ['warn', 'message b'],
      ],
    );
  });

  test('endless new keys do not write endless lines', (context) => {
    const { log, written } = openLog(context);
    for (let key = 0; key < 10_000; key += 1) log.warn(occurrence(String(key)));
    assert.ok(written.length < 300);
    context.mock.timers.tick(PERIOD_MS);
    assert.equal(written.reduce((sum, { fields }) => sum + 1 + Number(fields['repeated'] ?? 0), 0) - 1, 10_000);
  });

  test('closing tells what has been counted', (context) => {
    const { log, written } = openLog(context);
    log.warn(occurrence('a'));
    log.warn(occurrence('a'));
    log.close();
    assert.equal(written[1]?.fields['repeated'], 1);
    context.mock.timers.tick(PERIOD_MS);
    assert.equal(written.length, 2);
  });
});
