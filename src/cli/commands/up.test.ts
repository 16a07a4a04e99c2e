import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { main } from '../main.ts';

function cliWith(t: TestContext, files: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv = {}): FakeCli {
  const cwd = mkdtempSync(join(tmpdir(), 'sluice-up-'));
  t.after(() => rmSync(cwd, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  return new FakeCli({ cwd, env });
}

describe('sluice up does not start', () => {
  test('with a flag that is no value, and names the flag', async (t) => {
    const cli = cliWith(t, {});
    assert.equal(await main(['up', '--port', 'high'], cli), 3);
    assert.match(cli.err, /^flag --port {2}error /);
  });

  test('with a file that is not there', async (t) => {
    const cli = cliWith(t, {});
    assert.equal(await main(['up', '-c', 'absent.yaml'], cli), 3);
    assert.match(cli.err, /absent\.yaml/);
  });

  test('when one of several files, or that of the profile, is broken', async (t) => {
    const files = {
      'a.yaml': 'log: { level: info }',
      'b.yaml': 'log: { level: 7 }',
      'a.dev.yaml': 'log: { level: 8 }',
    };
    const several = cliWith(t, files);
    assert.equal(await main(['up', '-c', 'a.yaml', '-c', 'b.yaml'], several), 3);
    assert.match(several.err, /^b\.yaml:1:/);
    const profile = cliWith(t, files);
    assert.equal(await main(['up', '-c', 'a.yaml', '--profile', 'dev'], profile), 3);
    assert.match(profile.err, /^a\.dev\.yaml:1:/);
  });

  test('without a hop that is not optional, or not there', async (t) => {
    const cli = cliWith(t, { 'sluice.yaml': 'hops: { corporate: { proxy: "http://a" } }' });
    assert.equal(await main(['up', '--no-corporate'], cli), 2);
    assert.match(cli.err, /"corporate" cannot be left out/);
    const absent = cliWith(t, {});
    assert.equal(await main(['up', '--without', 'exits', '--without', 'corporate'], absent), 2);
    assert.match(absent.err, /no hop "exits"/);
  });

  test('with a feature that is not available yet', async (t) => {
    const cli = cliWith(t, { 'sluice.yaml': 'egress: { policies: { retry: {} } }' });
    assert.equal(await main(['up'], cli), 3);
    assert.match(cli.err, /not_available_yet/);
  });
});
