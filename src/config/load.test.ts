import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { type InspectPolicy, loadConfig, type LoadedConfig, type LoadOptions } from './load.ts';
import { ConfigError, type ConfigProblem } from './problem.ts';
import { userPolicies } from './schema/user-policies.ts';

function folderWith(t: TestContext, files: Record<string, string>): string {
  const folder = temporaryFolder(t);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function load(cwd: string, options: Partial<LoadOptions> = {}): Promise<LoadedConfig> {
  return loadConfig({ files: ['sluice.yaml'], env: { HOME: cwd }, cwd, ...options });
}

async function problemsOf(loading: Promise<LoadedConfig>): Promise<readonly ConfigProblem[]> {
  try {
    await loading;
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return assert.fail('it loads');
}

describe('loadConfig', () => {
  test('gives the defaults when there is nothing to load', async () => {
    const loaded = await loadConfig({ files: [], env: {}, cwd: '/' });
    assert.equal(loaded.config.gateway.listen[0]?.address, '127.0.0.1:8080');
    assert.deepEqual([loaded.origins.size, loaded.files, loaded.warnings], [0, [], []]);
  });

  test('lets a flag win over the environment, that over a later file, that over an earlier one', async (t) => {
    const cwd = folderWith(t, {
      'a.yaml': 'limits: { connections: 1, header_count: 1, url: 1KiB, headers: 1KiB }',
      'b.yaml': 'limits: { connections: 2, header_count: 2, url: 2KiB }',
    });
    const { config, origins } = await load(cwd, {
      files: ['a.yaml', 'b.yaml'],
      env: { SLUICE_LIMITS__CONNECTIONS: '3', SLUICE_LIMITS__HEADER_COUNT: '3' },
      overrides: [{ flag: '--connections', path: 'limits.connections', value: 4 }],
    });
    assert.deepEqual(config.limits, { connections: 4, header_count: 3, url: 2048, headers: 1024, body: 10_485_760 });
    assert.deepEqual(Object.fromEntries(origins), {
      'limits.connections': 'flag --connections',
      'limits.header_count': 'environment variable SLUICE_LIMITS__HEADER_COUNT',
      'limits.url': 'b.yaml:1',
      'limits.headers': 'a.yaml:1',
    });
  });

  test('lists every file that it has read, to be watched', async (t) => {
    const cwd = folderWith(t, {
      'sluice.yaml': 'admin: { token: "${file:token}" }\ngateway: { tls: { cert: c.pem, key: k.pem } }',
      token: 'a-token-that-is-long-enough',
      'c.pem': '',
      'k.pem': '',
    });
    const { files, secrets } = await load(cwd);
    assert.deepEqual(
      files,
      ['sluice.yaml', 'token', 'c.pem', 'k.pem'].map((name) => join(cwd, name)),
    );
    assert.deepEqual([...secrets], ['admin.token']);
  });

  test('throws all problems at once, by file and place', async (t) => {
    const cwd = folderWith(t, {
      'a.yaml': 'limits: { url: x }\nadmin: { token: "${TOKEN}" }\n',
      'b.toml': 'colour = 1\n[gateway]\nhttp2 = "yes"\n',
    });
    const problems = await problemsOf(load(cwd, { files: ['a.yaml', 'b.toml'], env: { LOG_LEVEL: 'loud' } }));
    assert.deepEqual(
      problems.map(({ file, line, source, code }) => `${file ?? source}:${line ?? ''} ${code}`),
      [
        'a.yaml:1 config_bad_value',
        'a.yaml:2 config_unset_variable',
        'b.toml:1 config_unknown_key',
        'b.toml:3 config_wrong_type',
        'environment variable LOG_LEVEL: config_bad_value',
      ],
    );
  });

  test('says nothing more about a value whose variable is not set', async (t) => {
    const cwd = folderWith(t, { 'sluice.yaml': 'process: { workers: "${N}" }\nhops: { a: { proxy: "${P}" } }\n' });
    const problems = await problemsOf(load(cwd));
    assert.deepEqual(
      problems.map(({ code, path }) => `${code} ${path}`),
      ['config_unset_variable process.workers', 'config_unset_variable hops.a.proxy'],
    );
  });

  test('gives warnings along with a configuration that can be used', async (t) => {
    const cwd = folderWith(t, { 'sluice.yaml': 'admin: { listen: ":8889" }\n' });
    const { warnings } = await load(cwd);
    assert.deepEqual(
      warnings.map(({ severity, code, line, column }) => [severity, code, line, column]),
      [['warning', 'config_unsafe', 1, 18]],
    );
  });

  test('refuses what is not available yet, unless one only looks', async (t) => {
    const cwd = folderWith(t, { 'sluice.yaml': 'egress: { policies: { retry: {} } }\n' });
    const [problem] = await problemsOf(load(cwd));
    assert.equal(problem?.code, 'not_available_yet');
    assert.match(problem?.message ?? '', /^egress\.policies\.retry: not available yet/);
    assert.notEqual((await load(cwd, { ignoreAvailability: true })).config.egress.policies.retry, undefined);
  });

  test('blames the defaults for a conflict that only defaults and a flag have', async () => {
    const flag = { flag: '--port', path: 'gateway.listen.port', value: '8889' };
    const problems = await problemsOf(loadConfig({ files: [], env: {}, cwd: '/', overrides: [flag] }));
    assert.deepEqual(
      problems.map(({ source, code }) => [source, code]),
      [['flag --port', 'config_conflict']],
    );
  });

  test('never shows a secret, whatever is wrong', async (t) => {
    const secret = 'hush4hush4hush4';
    const lines = [
      `admin: { token: ${secret}, tokn: 1 }`,
      `users: [{ name: a, token: ${secret}, may: [x] }, { name: a, token: ${secret}, may: [] }]`,
      `hops: { a: { proxy: "http://u:${secret}@h h" }, b: { proxies: [{ url: "ftp://u:${secret}@h" }] } }`,
      `gateway: { default_backend: "http://u:${secret}@h", routes: [{ to: "https://u:${secret}@h/" }] }`,
      `ai: { providers: { claude: { credentials: { api_key: ${secret}, x: 1 } } } }`,
      `tunnels: { client: { auth_token: [${secret}], tunnels: [{ name: a, local_port: x, auth: "u:${secret}" }] } }`,
    ];
    const cwd = folderWith(t, {
      'sluice.yaml': `${lines.join('\n')}\n`,
      'two.yaml': `log: { level: "\${S}", file: ["\${S}"] }\n`,
    });
    const problems = await problemsOf(load(cwd, { files: ['sluice.yaml', 'two.yaml'], env: { S: secret } }));
    assert.ok(problems.length >= 8);
    assert.ok(!JSON.stringify(problems).includes(secret), JSON.stringify(problems, null, 2));
  });
});

describe('modules of policies', () => {
  const CONFIG = 'policies:\n  ./own.ts:\n    limit: 1\n    list: [2, 3]\n';

  test('are looked for beside the file that names them, watched, and held against their settings', async (t) => {
    const cwd = folderWith(t, { 'sluice.yaml': CONFIG, 'own.ts': '' });
    const asked: unknown[] = [];
    const inspectPolicy: InspectPolicy = (file, settings) => {
      asked.push(file, settings);
      return Promise.resolve([]);
    };
    const { config, files, origins } = await load(cwd, { inspectPolicy });
    const file = join(cwd, 'own.ts');
    assert.deepEqual(asked, [file, { limit: 1, list: [2, 3] }]);
    assert.deepEqual(userPolicies(config.policies), [{ file, settings: { limit: 1, list: [2, 3] } }]);
    assert.deepEqual(files, [join(cwd, 'sluice.yaml'), file]);
    assert.equal(origins.get(`policies["${file}"].list[1]`), 'sluice.yaml:4');
  });

  test('are told with the line of their settings, or of their name', async (t) => {
    const cwd = folderWith(t, { 'sluice.yaml': CONFIG, 'own.ts': '' });
    const inspectPolicy: InspectPolicy = () =>
      Promise.resolve([
        { message: 'none', at: null },
        { message: 'too many', at: ['list', 1] },
        { message: 'no word', at: ['word'] },
        { message: 'bad', at: [] },
      ]);
    const problems = await problemsOf(load(cwd, { inspectPolicy }));
    assert.deepEqual(
      problems.map(({ code, line, column, message }) => [code, line, column, message.replaceAll(cwd, '')]),
      [
        ['config_module', 2, 3, '/own.ts: none'],
        ['config_bad_value', 2, 3, 'policies["/own.ts"].word: no word'],
        ['config_bad_value', 3, 5, 'policies["/own.ts"]: bad'],
        ['config_bad_value', 4, 15, 'policies["/own.ts"].list[1]: too many'],
      ],
    );
  });

  test('that are not there are told like every file', async (t) => {
    const cwd = folderWith(t, { 'sluice.yaml': CONFIG });
    const [problem] = await problemsOf(load(cwd));
    assert.deepEqual([problem?.code, problem?.line, problem?.column], ['config_unreadable', 2, 3]);
  });

  test('are the same module in two files that name it each from its own folder', async (t) => {
    const cwd = folderWith(t, { 'own.ts': '', 'sluice.yaml': CONFIG });
    const other = folderWith(t, { 'over.yaml': `policies: { ${join(cwd, 'own.ts')}: { limit: 5 } }\n` });
    const { config } = await load(cwd, { files: ['sluice.yaml', join(other, 'over.yaml')] });
    assert.deepEqual(userPolicies(config.policies)[0]?.settings, { limit: 5, list: [2, 3] });
  });
});
