// What is found wrong with a machine.
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { checkDataFolder, checkEnvironment, checkNode, checkOpenFiles, readLimits } from './machine.ts';

test('an old Node is too old', () => {
  assert.equal(checkNode('26.1.0').mark, 'ok');
  assert.equal(checkNode('20.19.0').mark, 'failure');
});

test('a data directory is one of its owner alone, or can be made', (t) => {
  const folder = temporaryFolder(t);
  const marks = (path: string): string[] => checkDataFolder(path).map(({ check, mark }) => `${check} ${mark}`);
  chmodSync(folder, 0o700);
  assert.deepEqual(marks(folder)[0], 'state ok');
  assert.deepEqual(marks(join(folder, 'a', 'b'))[0], 'state ok');
  chmodSync(folder, 0o755);
  assert.deepEqual(marks(folder)[0], 'state warning');
});

test('as many files as connections need may be open', () => {
  const config = configOf({ limits: { connections: 1000 } });
  const limits = (soft: string): string =>
    `Limit  Soft Limit\nMax open files            ${soft}      4096       files\n`;
  assert.equal(checkOpenFiles(limits('4096'), config).mark, 'ok');
  assert.equal(checkOpenFiles(limits('unlimited'), config).mark, 'ok');
  assert.match(checkOpenFiles(limits('1024'), config).hint ?? '', /ulimit -n 2256/);
  assert.equal(checkOpenFiles(null, config).mark, 'skipped');
  assert.equal(readLimits(-1), null);
});

describe('the variables for proxies', () => {
  const isOwn = (host: string, port: number): boolean => host === '127.0.0.1' && port === 8888;
  const said = (env: Record<string, string>): string[] =>
    checkEnvironment(env, isOwn).map(({ subject, mark, message }) => `${subject} ${mark} ${message}`);

  test('are fine when they are not set, or leave this machine out', () => {
    assert.match(said({})[0] ?? '', /^ ok /);
    const env = { HTTP_PROXY: 'http://user:geheim@127.0.0.1:8888', NO_PROXY: 'a.test, localhost' };
    assert.deepEqual(said(env), ['HTTP_PROXY ok leads to this Sluice']);
  });

  test('are told where programs would differ, or ask a proxy for this machine', () => {
    assert.match(
      said({ HTTP_PROXY: 'http://a.test', http_proxy: 'http://b.test' })[0] ?? '',
      /^HTTP_PROXY warning .*differ/,
    );
    assert.match(said({ https_proxy: 'a.test:3128' })[0] ?? '', /^HTTPS_PROXY warning leads to a\.test:3128, also/);
    assert.match(said({ ALL_PROXY: 'http://' })[0] ?? '', /not the address/);
  });
});
