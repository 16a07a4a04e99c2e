import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { STRATEGIES } from '../../config/schema/balancing.ts';
import { main } from '../main.ts';
import { PROXY_STRATEGIES } from './proxy.ts';

describe('sluice proxy does not start', () => {
  test('with a flag that is no value, and names the flag', async (t) => {
    const cwd = temporaryFolder(t);
    for (const [words, pattern] of [
      [['--listen', 'here there'], /^flag --listen {2}error /],
      [['--via', 'proxy.example:8080'], /^flag --via {2}error /],
      [['--listen', ':0'], /^flag --listen {2}error {2}config_unsafe /],
    ] as const) {
      const cli = new FakeCli({ cwd, env: { SLUICE_PROCESS__DATA_DIR: cwd } });
      assert.equal(await main(['proxy', ...words], cli), 3);
      assert.match(cli.err, pattern);
    }
  });

  test('with a pool that is none, nor with a strategy and no pool', async (t) => {
    const cwd = temporaryFolder(t);
    writeFileSync(join(cwd, 'pool.txt'), 'http://a\nnot a proxy\n');
    const broken = new FakeCli({ cwd });
    assert.equal(await main(['proxy', '--pool', 'pool.txt'], broken), 3);
    assert.match(broken.err, /pool\.txt:2 is no proxy/);
    const alone = new FakeCli({ cwd });
    assert.equal(await main(['proxy', '--strategy', 'random'], alone), 2);
    assert.match(alone.err, /--pool FILE/);
    assert.equal(await main(['proxy', '--pool', 'pool.txt', '--strategy', 'fastest'], new FakeCli({ cwd })), 2);
  });

  test('with other strategies than those of the config', () => assert.deepEqual(PROXY_STRATEGIES, STRATEGIES));
});
