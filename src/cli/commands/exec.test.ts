import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test, type TestContext } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { Gateway } from '../../../test/support/gateway.ts';
import { main } from '../main.ts';

const EXEC = { enabled: true, allowed_commands: ['/bin/sh', '/bin/cat'], workspace: '/', env: ['GREETING'] };

async function run(
  t: TestContext,
  args: readonly string[],
  more: { exec?: object; input?: string } = {},
): Promise<{ code: number; out: string; err: string }> {
  const users = [{ name: 'alice', token: 'a-token-of-alice-1', may: ['exec'] }];
  const { url } = await Gateway.open(t, { exec: { ...EXEC, ...more.exec }, users });
  const cli = new FakeCli({ env: { SLUICE_URL: url, SLUICE_TOKEN: 'a-token-of-alice-1' } });
  const { stdout, stderr, env, cwd } = cli;
  const stdin = Readable.from(more.input === undefined ? [] : [Buffer.from(more.input)]);
  const code = await main(['exec', ...args], { stdout, stderr, env, cwd, stdin });
  return { code, out: cli.out, err: cli.err };
}

describe('sluice exec', () => {
  test('runs a command with its folder, its variables and its exit code', async (t) => {
    const script = 'pwd; echo $GREETING; echo err >&2; exit 3';
    const options = ['--cwd', '/usr', '--env', 'GREETING=a=b', '--timeout', '30s'];
    assert.deepEqual(await run(t, [...options, '--', 'sh', '-c', script]), {
      code: 3,
      out: '/usr\na=b\n',
      err: 'err\n',
    });
  });

  test('pipes in what it is given, where that is wanted', async (t) => {
    assert.equal((await run(t, ['--stdin', '--', 'cat'], { input: 'piped' })).out, 'piped');
    assert.equal((await run(t, ['--', 'cat'], { input: 'piped' })).out, '');
  });

  test('ends as a shell would say, or says what stopped the command', async (t) => {
    assert.equal((await run(t, ['--', 'sh', '-c', 'kill -TERM $$'])).code, 143);
    const late = await run(t, ['--timeout', '100ms', '--', 'sh', '-c', 'sleep 100']);
    assert.equal(late.code, 7);
    assert.match(late.err, /^sluice: the command was stopped: it took longer than it may\n$/);
  });

  test('says what is wrong with what it is told, and what the gateway refuses', async (t) => {
    assert.equal((await run(t, ['--env', 'NOTHING', '--', 'cat'])).code, 2);
    assert.equal((await run(t, ['--timeout', 'soon', '--', 'cat'])).code, 2);
    const denied = await run(t, ['--', 'ls']);
    assert.equal(denied.code, 4);
    assert.match(denied.err, /\(command_denied\)\n$/);
  });
});
