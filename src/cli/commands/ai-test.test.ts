import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { AiProvider, heardValues } from '../../../test/support/ai-provider.ts';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { Gateway } from '../../../test/support/gateway.ts';
import { type RunningAdmin, runAdmin } from '../../../test/support/running-admin.ts';
import { documentSchema } from '../../config/schema/document.ts';
import { main } from '../main.ts';

const TOKEN = 'a-token-of-alice-1';
const USERS = [{ name: 'alice', token: TOKEN, may: ['ai'] }];
const KEY = { credentials: { api_key: 'sk-ours' } };

interface Stage {
  readonly provider: AiProvider;
  readonly admin: RunningAdmin;
  readonly gateway: Gateway;
}

async function stage(t: TestContext, claude: object = KEY, chatgpt: object = KEY, more: object = {}): Promise<Stage> {
  const provider = await AiProvider.open(t);
  const providers = { claude: { base: provider.url, ...claude }, chatgpt: { base: provider.url, ...chatgpt } };
  const settings = { users: USERS, ai: { enabled: true, providers, ...more } };
  const gateway = await Gateway.open(t, settings);
  const admin = await runAdmin(t);
  const { sluice } = admin.desk.parts;
  const { users, ai } = documentSchema.parse(settings);
  Object.assign(sluice, { loaded: { ...sluice.loaded, config: { ...sluice.loaded.config, users, ai } } });
  return { provider, admin, gateway };
}

/** As from a shell; the token is one of the environment unless something else is said. */
async function run({ admin, gateway }: Stage, args: readonly string[], env: object = {}): Promise<FakeCli> {
  const cli = new FakeCli({ env: { SLUICE_AI_TOKEN: TOKEN, ...admin.env, ...env }, cwd: admin.folder });
  cli.setExitCode(await main(['ai', 'test', '--url', gateway.url, ...args], cli));
  return cli;
}

describe('sluice ai test', () => {
  test('asks each provider for its models, through the door and as a user, and says how it went', async (t) => {
    const on = await stage(t);
    const cli = await run(on, []);
    assert.equal(cli.exitCode, 0, cli.err);
    assert.match(
      cli.out,
      /^claude {3}ok {7}200 in \d+ ms, with what the client has {2}GET \/claude\/v1\/models\?limit=1$/m,
    );
    assert.match(cli.out, /^chatgpt {2}ok {7}200 in \d+ ms, .*GET \/chatgpt\/v1\/models$/m);
    assert.deepEqual(on.provider.heard.map(({ target }) => target).toSorted(), ['/v1/models', '/v1/models?limit=1']);
    for (const heard of on.provider.heard) assert.ok(!JSON.stringify(heard.fields).includes(TOKEN));
    assert.deepEqual(on.gateway.used, []);
  });

  test('asks a model for one token when it is named', async (t) => {
    const on = await stage(t);
    const cli = await run(on, ['claude', '--model', 'm-7', '--json']);
    assert.equal(cli.exitCode, 0, cli.err);
    assert.partialDeepStrictEqual(JSON.parse(on.provider.last.body.toString()), { model: 'm-7', max_tokens: 1 });
    const { schema, providers } = JSON.parse(cli.out);
    const [{ latency_ms: ms, ...one }] = providers;
    assert.ok(ms >= 0);
    assert.deepEqual([schema, providers.length], ['sluice.ai-test/v1', 1]);
    assert.partialDeepStrictEqual(one, { provider: 'claude', outcome: 'ok', status: 200, request_id: 'req_1' });
    await run(on, ['chatgpt', '--model', 'm-8']);
    assert.equal(on.provider.last.target, '/v1/responses');
    assert.equal((await run(on, ['--model', 'm-8'])).exitCode, 2);
  });

  test('says what went wrong, and what to do', async (t) => {
    const on = await stage(t);
    const body = '{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}';
    on.provider.plans.push({ status: 401, body });
    const cli = await run(on, ['claude']);
    assert.equal(cli.exitCode, 1);
    assert.match(
      cli.out,
      /^claude {3}failed {3}401 in .*\n {2}invalid x-api-key\n {2}request req_1\n {2}hint: .*does not accept the key/,
    );
    const stranger = await run(on, ['claude'], { SLUICE_AI_TOKEN: 'of-nobody-at-all' });
    assert.equal(stranger.exitCode, 4);
    assert.match(stranger.out, /hint: the token is none of a user/);
    on.provider.plans.push({ beforeHead: () => new Promise(() => {}) });
    const late = await run(on, ['claude', '--timeout', '50ms']);
    assert.equal(late.exitCode, 7);
    assert.match(late.out, /no whole answer within 0\.05 s/);
  });

  test('brings along what the environment has, where requests go with what clients have', async (t) => {
    const on = await stage(t, {}, {});
    on.provider.plans.push({ status: 401, body: '{"error":{"message":"x-api-key header is required"}}' });
    const without = await run(on, ['claude']);
    assert.equal(without.exitCode, 0);
    assert.match(
      without.out,
      /^claude {3}reached {2}401 .*\n {2}x-api-key header is required\n[^]*set ANTHROPIC_API_KEY/,
    );
    await run(on, ['claude'], { ANTHROPIC_API_KEY: 'sk-own' });
    assert.deepEqual(heardValues(on.provider.last, 'x-api-key'), ['sk-own']);
    await run(on, ['claude'], { ANTHROPIC_AUTH_TOKEN: 'own' });
    assert.deepEqual(heardValues(on.provider.last, 'authorization'), ['Bearer own']);
    await run(on, ['chatgpt'], { OPENAI_API_KEY: 'sk-own' });
    assert.deepEqual(heardValues(on.provider.last, 'authorization'), ['Bearer sk-own']);
  });

  test('finds a token in a file or in the config, and says when there is none', async (t) => {
    const on = await stage(t);
    const { folder } = on.admin;
    const none = await run(on, ['claude'], { SLUICE_AI_TOKEN: '' });
    assert.equal(none.exitCode, 2);
    assert.match(none.err, /SLUICE_AI_TOKEN/);
    writeFileSync(join(folder, 'token'), `${TOKEN}\n`);
    const ofFile = await run(on, ['claude', '--token-file', 'token'], { SLUICE_AI_TOKEN: '' });
    assert.equal(ofFile.exitCode, 0, ofFile.err);
    writeFileSync(join(folder, 'sluice.yaml'), JSON.stringify({ users: USERS }));
    const ofConfig = await run(on, ['claude'], { SLUICE_AI_TOKEN: '' });
    assert.equal(ofConfig.exitCode, 0, ofConfig.err);
  });

  test('needs no token where nobody is asked for one, and no provider where there is none', async (t) => {
    const open = await stage(t, KEY, KEY, { auth: 'none' });
    assert.equal((await run(open, ['claude'], { SLUICE_AI_TOKEN: '' })).exitCode, 0);
    const off = await stage(t, KEY, KEY, { enabled: false });
    assert.match((await run(off, [])).err, /ai\.enabled is false/);
    assert.match((await run(off, ['--timeout', 'long'])).err, /expected a duration/);
  });
});
