import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { runAdmin } from '../../../test/support/running-admin.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { main } from '../main.ts';

const RULES = 'egress: { rules: [{ match: { host: a.test }, action: deny }] }\n';

/** Where no Sluice runs. */
function alone(t: TestContext): FakeCli {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'sluice.yaml'), RULES);
  return new FakeCli({ cwd, env: { HOME: cwd, SLUICE_PROCESS__DATA_DIR: cwd } });
}

describe('sluice explain', () => {
  test('asks the Sluice that runs', async (t) => {
    const cli = (await runAdmin(t)).cli();
    const words = ['explain', 'post', 'http://a.test/x', '-H', 'X: 1', '--from', '192.0.2.7', '--json'];
    assert.equal(await main(words, cli), 0, cli.err);
    const { schema, request, from, states } = JSON.parse(cli.out);
    assert.deepEqual(
      [schema, request, from, states],
      ['sluice.explain/v1', 'POST http://a.test/x', '192.0.2.7', 'running'],
    );
  });

  test('asks the config where none runs, and says so', async (t) => {
    const cli = alone(t);
    assert.equal(await main(['explain', 'http://a.test'], cli), 0, cli.err);
    assert.match(cli.out, /^rule {7}egress\.rules\[0\] \(sluice\.yaml:1\): host a\.test$/m);
    assert.match(cli.out, /^result {5}403 destination_denied: a\.test is denied by a rule$/m);
    assert.match(cli.err, /no Sluice runs here/);
  });

  test('asks the config also where one runs, when it is told to', async (t) => {
    const cli = (await runAdmin(t)).cli();
    writeFileSync(join(cli.cwd, 'new.yaml'), RULES);
    const words = ['explain', '--offline', '-c', 'new.yaml', 'http://a.test', '--user', 'jo', '--door', 'egress'];
    assert.equal(await main(words, cli), 0, cli.err);
    assert.match(cli.out, /a\.test is denied by a rule/);
    assert.equal(cli.err, '');
  });

  test('does not fall back when it was told whom to ask', async (t) => {
    const cli = alone(t);
    cli.env['SLUICE_ADMIN_URL'] = 'http://127.0.0.1:1';
    assert.equal(await main(['explain', 'http://a.test'], cli), 5);
  });

  test('wants one URL', async (t) => {
    assert.equal(await main(['explain'], alone(t)), 2);
    assert.equal(await main(['explain', 'GET', 'http://a.test', 'more'], alone(t)), 2);
  });
});
