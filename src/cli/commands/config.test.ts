import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { main } from '../main.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder with these files, in which `sluice config …` is run. */
function place(t: TestContext, files: Record<string, string> = {}) {
  const cwd = temporaryFolder(t);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  const run = async (words: string, env: Record<string, string> = {}): Promise<Ran> => {
    const cli = new FakeCli({ cwd, env: { HOME: cwd, ...env } });
    const code = await main(['config', ...words.split(' ')], cli);
    return { code: code === 0 ? cli.exitCode : code, out: cli.out, err: cli.err };
  };
  return { cwd, run };
}

const VALID = 'gateway:\n  listen: 127.0.0.1:8081\nadmin: { token: hush-hush-hush-hush }\n';

describe('sluice config init', () => {
  test('writes a file that is valid and the schema that it names', async (t) => {
    const { cwd, run } = place(t);
    assert.equal((await run('init')).code, 0);
    assert.match(readFileSync(join(cwd, 'sluice.yaml'), 'utf8'), /\$schema=sluice\.schema\.json/);
    assert.equal(JSON.parse(readFileSync(join(cwd, 'sluice.schema.json'), 'utf8')).type, 'object');
    assert.deepEqual(await run('validate'), { code: 0, out: 'sluice.yaml: valid\n', err: '' });
  });

  test('overwrites nothing unless it is told to', async (t) => {
    const { cwd, run } = place(t, { 'edge.yaml': 'mine' });
    const refused = await run('init edge.yaml');
    assert.equal(refused.code, 2);
    assert.match(refused.err, /edge\.yaml is there already.*--force/);
    assert.equal(readFileSync(join(cwd, 'edge.yaml'), 'utf8'), 'mine');
    assert.equal(existsSync(join(cwd, 'edge.schema.json')), false);
    assert.equal((await run('init edge.yaml --force')).code, 0);
    assert.match(readFileSync(join(cwd, 'edge.yaml'), 'utf8'), /gateway:/);
  });

  test('writes YAML only, and says so', async (t) => {
    const { code, err } = await place(t).run('init sluice.toml');
    assert.equal(code, 2);
    assert.match(err, /must end with \.yaml/);
  });

  test('says why it cannot write', async (t) => {
    const { code, err } = await place(t).run('init nowhere/sluice.yaml');
    assert.equal(code, 2);
    assert.match(err, /Cannot write nowhere\/sluice\.yaml/);
  });
});

describe('sluice config validate', () => {
  test('ends with 3 and names the line when something is wrong', async (t) => {
    const { run } = place(t, { 'sluice.yaml': 'gateway:\n  lisen: 1\n' });
    const { code, out } = await run('validate');
    assert.equal(code, 3);
    assert.match(out, /^sluice\.yaml:2:3 {2}error {2}config_unknown_key/);
    assert.match(out, /1 error, 0 warnings\n$/);
  });

  test('takes files as arguments and by -c, later ones over earlier ones', async (t) => {
    const { run } = place(t, { 'a.yaml': 'process: { workers: x }', 'b.yaml': 'process: { workers: 2 }' });
    assert.equal((await run('validate a.yaml')).code, 3);
    assert.equal((await run('validate a.yaml b.yaml')).code, 0);
    assert.equal((await run('validate -c a.yaml -c b.yaml')).code, 0);
    assert.equal((await run('validate b.yaml', { SLUICE_PROCESS__WORKERS: 'x' })).code, 3);
  });

  test('reads the overlay of a profile', async (t) => {
    const { run } = place(t, { 'sluice.yaml': VALID, 'sluice.dev.yaml': 'process: { workers: x }' });
    assert.equal((await run('validate')).code, 0);
    assert.match((await run('validate --profile dev')).out, /^sluice\.dev\.yaml:1:21 /);
  });

  test('shows warnings of a config that is valid', async (t) => {
    const { code, out } = await place(t, { 'sluice.yaml': 'admin: { listen: ":1" }' }).run('validate');
    assert.equal(code, 0);
    assert.match(out, /warning {2}config_unsafe[^]*0 errors, 1 warning\nsluice\.yaml: valid\n$/);
  });

  test('says so when there is no config', async (t) => {
    assert.match((await place(t).run('validate')).out, /no config file; the defaults are valid/);
  });

  test('speaks JSON for scripts', async (t) => {
    const { run } = place(t, { 'sluice.yaml': 'colour: 1' });
    const { code, out } = await run('validate --json');
    const { schema, valid, files, problems } = JSON.parse(out);
    assert.deepEqual([code, schema, valid, files], [3, 'sluice.config-problems/v1', false, ['sluice.yaml']]);
    assert.deepEqual([problems[0].code, problems[0].line, problems[0].column], ['config_unknown_key', 1, 1]);
  });

  test('uses colour when it is asked to', async (t) => {
    const { run } = place(t, { 'sluice.yaml': 'colour: 1' });
    assert.match((await run('validate', { FORCE_COLOR: '1' })).out, /\u001b\[31merror/);
    assert.doesNotMatch((await run('validate')).out, /\u001b/);
  });
});

describe('sluice config show', () => {
  test('shows what was said, secrets masked', async (t) => {
    const { code, out } = await place(t, { 'sluice.yaml': VALID }).run('show');
    assert.equal(code, 0);
    assert.deepEqual(parse(out), { admin: { token: '***' }, gateway: { listen: [{ address: '127.0.0.1:8081' }] } });
  });

  test('shows the defaults too, on request', async (t) => {
    const { out } = await place(t, { 'sluice.yaml': VALID }).run('show --effective');
    const { timeouts, gateway } = parse(out);
    const address = '127.0.0.1:8081';
    const listen = { address, name: null, tls: null, proxy_protocol: [], redirect_https: null, policies: {} };
    assert.deepEqual([timeouts.idle, gateway.listen], ['2m', [listen]]);
  });

  test('shows where each value comes from, on request', async (t) => {
    const { out } = await place(t, { 'sluice.yaml': VALID }).run('show --origin --effective', { LOG_LEVEL: 'warn' });
    assert.match(out, /^ {4}- address: 127\.0\.0\.1:8081 # sluice\.yaml:2$/m);
    assert.match(out, /^ {2}level: warn # environment variable LOG_LEVEL$/m);
    assert.match(out, /^users: \[\] # default$/m);
  });

  test('speaks JSON for scripts', async (t) => {
    const { run } = place(t, { 'sluice.yaml': VALID });
    const shown = JSON.parse((await run('show --json --origin')).out);
    assert.equal(shown.schema, 'sluice.config/v1');
    assert.equal(shown.config.admin.token, '***');
    assert.equal(shown.origins['gateway.listen[0].address'], 'sluice.yaml:2');
    assert.equal('origins' in JSON.parse((await run('show --json')).out), false);
  });

  test('shows features that are not available yet', async (t) => {
    assert.equal((await place(t, { 'sluice.yaml': 'exec: { enabled: true }' }).run('show')).code, 0);
  });

  test('writes problems where no data is expected, and ends with 3', async (t) => {
    const { code, out, err } = await place(t, { 'sluice.yaml': 'colour: 1' }).run('show');
    assert.deepEqual([code, out], [3, '']);
    assert.match(err, /config_unknown_key/);
  });
});

describe('sluice config explain', () => {
  test('says type, default, description and example of a key', async (t) => {
    const { code, out } = await place(t).run('explain gateway.routes[].match.host');
    assert.equal(code, 0);
    assert.equal(
      out,
      [
        'gateway.routes[].match.host',
        '  The host that is asked for: a name, `"*.example.com"` for every name below, or a list of these. Without port.',
        '',
        '  type      text, or list of texts',
        '  default   []',
        '  example   api.example.com',
        '',
      ].join('\n'),
    );
  });

  test('lists the sections without a key, and what is below a key', async (t) => {
    const { run } = place(t);
    assert.match((await run('explain')).out, /^ {2}gateway {3}The reverse proxy/m);
    assert.match((await run('explain exec')).out, /^ {2}allowed_commands {2}The commands/m);
    assert.match((await run('explain users[].token')).out, /^ {2}secret/m);
  });

  test('ends with 2 for a key that is not there, and names the near one', async (t) => {
    const { run } = place(t);
    const near = await run('explain gateway.rotes');
    assert.equal(near.code, 2);
    assert.match(near.err, /In gateway there is no key "rotes"\. Did you mean "routes"\?/);
    assert.match((await run('explain colour')).err, /There is no section "colour"\. There are: process, log,/);
  });

  test('speaks JSON for scripts', async (t) => {
    const { schema, key, type } = JSON.parse((await place(t).run('explain timeouts.idle --json')).out);
    assert.deepEqual([schema, key, type], ['sluice.config-key/v1', 'timeouts.idle', 'duration']);
  });
});

test('sluice config schema prints JSON Schema draft-07', async (t) => {
  const { code, out } = await place(t).run('schema');
  assert.equal(code, 0);
  assert.equal(JSON.parse(out).$schema, 'http://json-schema.org/draft-07/schema#');
});

test('sluice config alone shows what it can do', async (t) => {
  const cli = new FakeCli({ cwd: temporaryFolder(t) });
  assert.equal(await main(['config'], cli), 0);
  for (const word of ['init', 'validate', 'show', 'explain', 'schema'])
    assert.match(cli.out, new RegExp(`^ {2}${word}`, 'm'));
});
