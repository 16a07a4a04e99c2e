import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { PREDECESSOR_NAMES } from '../../config/import/predecessor.ts';
import { loadConfig } from '../../config/load.ts';
import { main } from '../main.ts';
import { IMPORTABLE } from './import.ts';

function place(t: TestContext, files: Readonly<Record<string, string>>) {
  const cwd = temporaryFolder(t);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  const run = async (...words: string[]) => {
    const cli = new FakeCli({ cwd, env: { HOME: cwd } });
    const code = await main(['import', ...words], cli);
    return { code, out: cli.out, err: cli.err };
  };
  return { cwd, run };
}

const MOOLTIROUTE = `
server: { port: 3128, unheard_of: 1 }
corporate_proxy: { host: proxy.example, port: 8080, username: "\${CORP_USER}", password: "\${CORP_PASS}" }
rotation: { strategy: random, proxies: [{ id: a, host: a.example, port: 1, username: jo, password: hunter2 }] }
`;

describe('sluice import', () => {
  test('prints the new config, and tells the rest beside it', async (t) => {
    const { code, out, err } = await place(t, { 'config.yaml': MOOLTIROUTE }).run('config.yaml');
    assert.equal(code, 0);
    assert.match(out, /^# Made by "sluice import" of config\.yaml, a config of Mooltiroute\.\n/);
    assert.match(out, /http:\/\/\$\{CORP_USER\}:\$\{CORP_PASS\}@proxy\.example:8080/);
    assert.match(
      err,
      /^config\.yaml is a config of Mooltiroute\.\n\nNot carried over\n {2}server\.unheard_of {3}Sluice/,
    );
    assert.doesNotMatch(err, /hunter2/);
  });

  test('writes a config that loads, for its owner alone', async (t) => {
    const { cwd, run } = place(t, { 'config.yaml': MOOLTIROUTE });
    const { code, out, err } = await run('config.yaml', '-o', 'sluice.yaml');
    assert.deepEqual([code, out], [0, '']);
    assert.match(err, /Wrote sluice\.yaml\.\nNow: sluice config validate sluice\.yaml\n$/);
    if (process.platform !== 'win32') assert.equal(statSync(join(cwd, 'sluice.yaml')).mode & 0o777, 0o600);
    const env = { HOME: cwd, CORP_USER: 'jo', CORP_PASS: 'p@ss' };
    const { config } = await loadConfig({ files: ['sluice.yaml'], env, cwd, ignoreAvailability: true });
    assert.deepEqual(config.egress.chain, ['corporate', 'exits']);
    assert.equal(config.hops['corporate']?.proxies[0]?.url, 'http://jo:p%40ss@proxy.example:8080');
    assert.equal((await run('config.yaml', '-o', 'sluice.yaml')).code, 2);
  });

  test('writes overlays beside it', async (t) => {
    const { cwd, run } = place(t, {
      'old/proxy.yaml': 'server: { port: 81 }\nrouting: { default_backend: "http://a" }\n',
      'old/proxy.dev.yaml': 'server: { port: 82 }\n',
    });
    assert.match((await run('old/proxy.yaml')).err, /the overlays are written too: dev/);
    mkdirSync(join(cwd, 'new'));
    assert.match(
      (await run('old/proxy.yaml', '-o', 'new/edge.yaml')).err,
      /Wrote new\/edge\.yaml, new\/edge\.dev\.yaml/,
    );
    assert.match(readFileSync(join(cwd, 'new', 'edge.dev.yaml'), 'utf8'), /listen: 0\.0\.0\.0:82/);
    const { config } = await loadConfig({
      files: ['new/edge.yaml'],
      profile: 'dev',
      env: { HOME: cwd },
      cwd,
      ignoreAvailability: true,
    });
    assert.equal(config.gateway.listen[0]?.address, '0.0.0.0:82');
  });

  test('says when the result needs a hand', async (t) => {
    const text = 'server_addr: "a b c"\ntunnels: [{ name: web, local_port: 80 }]\n';
    const { code, err } = await place(t, { 'retunnel.yml': text }).run('retunnel.yml');
    assert.equal(code, 3);
    assert.match(err, /tunnels\.client\.server/);
  });

  test('guesses nothing', async (t) => {
    const { run } = place(t, { 'config.yaml': 'server: { port: 1 }' });
    const { code, err } = await run('config.yaml');
    assert.equal(code, 2);
    assert.match(err, /--from: mooltiroute, custom-proxy/);
    assert.equal((await run('config.yaml', '--from', 'mooltiroute')).code, 0);
    assert.equal((await run('config.yaml', '--from', 'nobody')).code, 2);
    assert.equal((await run('absent.yaml')).code, 3);
  });

  test('offers every program that it knows', () => {
    assert.deepEqual(IMPORTABLE, PREDECESSOR_NAMES);
  });
});
