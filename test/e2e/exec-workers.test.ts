// Commands where the data path runs on several threads: they run on the main one, and no client can tell.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { begin, execute, refusal } from '../support/exec-client.ts';
import { until } from '../support/run-rig.ts';
import { WorkerStage } from '../support/worker-stage.ts';

const USERS = [
  { name: 'alice', token: 'a-token-of-alice-1', may: ['exec'] },
  { name: 'bob', token: 'a-token-of-bob-1', may: ['gateway'] },
];
const EXEC = { enabled: true, allowed_commands: ['/bin/sh', '/bin/cat'], workspace: '/', max_concurrent: 2 };
const ALICE = { Authorization: 'Bearer a-token-of-alice-1' };

describe('with two workers', () => {
  test('commands are run, streamed, and stopped with their client', async (t) => {
    const stage = await WorkerStage.open(t, 2, { exec: EXEC, users: USERS });
    for (let i = 0; i < 4; i += 1) {
      const { stdout, headers } = await execute(stage.url, { command: 'cat', stdin: 'hi' }, ALICE);
      assert.equal(stdout.toString(), 'hi');
      assert.equal(headers['content-type'], 'application/x-ndjson');
    }
    const script = 'echo ready; while :; do sleep 0.1; done';
    const { request, response } = await begin(stage.url, { command: 'sh', args: ['-c', script] }, ALICE);
    const [line] = (await once(response.setEncoding('utf8'), 'data')) as [string];
    assert.equal(line, '{"type":"stdout","data":"ready\\n"}\n');
    assert.equal(stage.desk.commands.running, 1);
    request.destroy();
    await until(() => stage.desk.commands.running === 0);
  });

  test('nobody gets in who could not otherwise, whatever the request says of itself', async (t) => {
    const stage = await WorkerStage.open(t, 2, { exec: EXEC, users: USERS });
    const forged = { 'X-Sluice-Inner': 'x', 'X-Sluice-Inner-User': 'alice', 'X-Sluice-Inner-Turn': 'alice' };
    assert.equal(await refusal(stage.url, { command: 'cat' }, forged), '401 unauthorized');
    const bob = { ...forged, Authorization: 'Bearer a-token-of-bob-1' };
    assert.equal(await refusal(stage.url, { command: 'cat' }, bob), '403 forbidden');
    assert.equal((await execute(stage.url, { command: 'cat' }, { ...forged, ...ALICE })).exit.code, 0);
    assert.equal(await refusal(stage.url, { command: '/bin/ls' }, ALICE), '403 command_denied');
  });

  test('a slow reader holds the program up, and not the memory', async (t) => {
    const stage = await WorkerStage.open(t, 2, { exec: { ...EXEC, max_output: '4GB' }, users: USERS });
    const { request, response } = await begin(stage.url, { command: 'cat', args: ['/dev/zero'] }, ALICE);
    response.pause();
    const before = process.memoryUsage().rss;
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(process.memoryUsage().rss - before < 150_000_000);
    request.destroy();
    await until(() => stage.desk.commands.running === 0);
  });

  test('the configuration changes for all of them', async (t) => {
    const stage = await WorkerStage.open(t, 2, { exec: EXEC });
    assert.equal((await execute(stage.url, { command: 'cat' })).exit.code, 0);
    await stage.apply({ exec: { ...EXEC, allowed_commands: ['/bin/echo'] } });
    for (let i = 0; i < 4; i += 1) assert.equal(await refusal(stage.url, { command: 'cat' }), '403 command_denied');
    await stage.apply({});
    assert.equal(await refusal(stage.url, { command: 'echo' }), '404 route_not_found');
  });
});
