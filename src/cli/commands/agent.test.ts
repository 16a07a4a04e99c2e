import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test, type TestContext } from 'node:test';
import { AgentStage } from '../../../test/support/agent-stage.ts';
import type { FakeCli } from '../../../test/support/cli-context.ts';
import { runAdmin } from '../../../test/support/running-admin.ts';
import { main } from '../main.ts';

const DONE = `echo '{"type":"done","session":"s-1","cost":0.5}'`;

async function stage(t: TestContext) {
  const admin = await runAdmin(t);
  const agents = new AgentStage(t);
  admin.desk.agents.service = agents.service;
  const run = async (...args: string[]): Promise<FakeCli & { code: number }> => {
    const cli = admin.cli();
    const code = await main(['agent', ...args], cli);
    return Object.assign(cli, { code });
  };
  return { admin, agents, run };
}

describe('sluice agent', () => {
  test('shows what an agent prints, and ends as it does', async (t) => {
    const { run } = await stage(t);
    const well = await run('stream', '--user', 'ann', `echo '{"n":1}';`, DONE);
    assert.equal(well.out, '{"n":1}\n{"type":"done","session":"s-1","cost":0.5}\n');
    assert.match(well.err, /^agent \w+\nagent \w+: ok, session s-1, \$0\.5000\n$/);
    assert.deepEqual([well.code, well.exitCode], [0, 0]);
    const failed = await run('stream', `${DONE}; exit 3`);
    assert.match(failed.err, /: error, It ended with code 3\./);
    assert.equal(failed.exitCode === 1 || failed.code === 1, true);
  });

  test('starts, lists, shows again and stops', async (t) => {
    const { run, agents } = await stage(t);
    const id = (await run('start', `echo '{"n":1}'; sleep 60`)).out.trim();
    assert.match(id, /^\w+$/);
    await agents.until(() => agents.events.lastNumber(id) === 1, 'that it has said something');
    const listed = await run('ls', '--status', 'running');
    assert.match(
      listed.out,
      new RegExp(
        `^agent +kind +status +user +time +session\n${id}  sh    running  -     0s    -\n1 running, 0 waiting\n$`,
      ),
    );
    const following = run('logs', id);
    assert.equal((await run('stop', id)).out, `${id} stopped\n`);
    assert.equal((await following).out, '{"n":1}\n');
    const { agents: all } = JSON.parse((await run('ls', '--json')).out) as { agents: { agent_id: string }[] };
    assert.deepEqual(
      all.map((agent) => agent.agent_id),
      [id],
    );
    assert.match((await run('start', '--json', DONE)).out, /^\{"schema":"sluice\.agent\/v1","agent_id":/);
    assert.match((await run('ls', '--user', 'bob')).out, /^\d running, 0 waiting\n$/);
  });

  test('takes a prompt from stdin, and says what is wrong', async (t) => {
    const { admin, run } = await stage(t);
    const cli = Object.assign(admin.cli(), { stdin: Readable.from([`echo '{"n":2}'; ${DONE}`]) });
    assert.equal(await main(['agent', 'stream', '-'], cli), 0, cli.err);
    assert.match(cli.out, /\{"n":2\}/);
    const empty = Object.assign(admin.cli(), { stdin: Readable.from(['\n']) });
    assert.equal(await main(['agent', 'start'], empty), 2);
    assert.match(empty.err, /There is no prompt/);
    assert.match((await run('start', '--timeout', 'x', 'hi')).err, /--timeout: expected a number/);
    assert.match((await run('logs', 'none')).err, /Agent none not found/);
    admin.desk.agents.service = null;
    assert.match((await run('ls')).err, /switched off/);
  });
});
