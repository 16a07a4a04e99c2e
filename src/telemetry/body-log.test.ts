import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { type BodyLine, BodyLog } from './body-log.ts';

const LINE: BodyLine = {
  timestamp: '2026-11-26T08:00:00.000Z',
  request_id: 'r-1',
  provider: 'claude',
  user: 'ann',
  session: '',
  model: 'm-1',
  method: 'POST',
  path: '/claude/v1/messages',
  status: 200,
  duration_ms: 7,
  request: { bytes: 2, body: 'hi' },
};

describe('the log of bodies', () => {
  test('is a file of its own that only its owner can read, with a JSON in each line', async (t) => {
    const path = join(temporaryFolder(t), 'data', 'bodies.log');
    const log = BodyLog.open(path);
    log.write(Promise.resolve(LINE));
    log.write(Promise.resolve({ ...LINE, user: 'bob\n' }));
    await log.close();
    const lines = readFileSync(path, 'utf8').split('\n');
    assert.deepEqual(JSON.parse(lines[0]!), LINE);
    assert.equal((JSON.parse(lines[1]!) as BodyLine).user, 'bob\n');
    assert.equal(lines.length, 3);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
  });

  test('takes what comes late, and nothing where there is no line', async (t) => {
    const path = join(temporaryFolder(t), 'bodies.log');
    writeFileSync(path, '', { mode: 0o644 });
    const log = BodyLog.open(path);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const late = Promise.withResolvers<BodyLine>();
    log.write(late.promise);
    log.write(Promise.reject(new Error('no line')));
    const closed = log.close();
    late.resolve(LINE);
    await closed;
    assert.equal(readFileSync(path, 'utf8').split('\n').length, 2);
  });

  test('that cannot be opened says so', (t) => {
    assert.throws(() => BodyLog.open(temporaryFolder(t)), { code: 'config_invalid' });
  });
});
