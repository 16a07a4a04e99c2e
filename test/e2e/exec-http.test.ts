// Commands over HTTP, through a real listener: what a program says is what the client gets, at the pace of whoever is slower, and
// nothing is left of it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { mkdirSync, realpathSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { listProcesses, readProcess, RUN_MARK } from '../../src/services/processes/process-table.ts';
import { ask } from '../support/ask.ts';
import { begin, execute, refusal, textOf } from '../support/exec-client.ts';
import { Gateway } from '../support/gateway.ts';
import { until } from '../support/run-rig.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PYTHON = '/usr/bin/python3';

function gatewayFor(t: TestContext, exec: object = {}, more: object = {}): Promise<Gateway> {
  const allowed = [PYTHON, process.execPath, '/bin/sh', '/bin/cat', '/bin/echo'];
  return Gateway.open(t, { exec: { enabled: true, allowed_commands: allowed, workspace: '/', ...exec }, ...more });
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const sh = (script: string, more: object = {}): object => ({ command: 'sh', args: ['-c', script], ...more });

describe('a command', () => {
  test('runs in Python and in Node, with what the request says of it', async (t) => {
    const workspace = realpathSync(temporaryFolder(t));
    mkdirSync(join(workspace, 'sub'));
    const { url } = await gatewayFor(t, { workspace, env: ['GREETING'] });
    const python = await execute(url, {
      command: 'python3',
      args: ['-c', 'import os,sys; print(os.getcwd(), os.environ["GREETING"], sys.stdin.read()); sys.exit(3)'],
      cwd: 'sub',
      env: { GREETING: 'hello' },
      stdin: 'input',
    });
    assert.equal(python.stdout.toString(), `${join(workspace, 'sub')} hello input\n`);
    assert.deepEqual([python.exit.code, python.exit.signal, python.exit.reason], [3, null, 'exit']);
    const script = 'console.log(JSON.stringify(process.argv.slice(1))); console.error("err")';
    const node = await execute(url, {
      command: process.execPath,
      args: ['-e', script, '--', '--flag=$(id)', '*', '; id'],
    });
    assert.deepEqual(JSON.parse(node.stdout.toString()), ['--flag=$(id)', '*', '; id']);
    assert.equal(node.stderr.toString(), 'err\n');
  });

  test('sees of our environment what is named, and the rest stays here', async (t) => {
    process.env['SLUICE_TEST_SECRET'] = 'secret';
    process.env['SLUICE_TEST_SHOWN'] = 'shown';
    const { url } = await gatewayFor(t, { env: ['SLUICE_TEST_SHOWN'] });
    const { stdout } = await execute(url, { command: PYTHON, args: ['-c', 'import os; print(sorted(os.environ))'] });
    const names = stdout.toString();
    assert.match(names, /'PATH'/);
    assert.match(names, /'SLUICE_TEST_SHOWN'/);
    assert.doesNotMatch(names, /SECRET|NODE_|npm_/);
  });

  test('takes input as it comes, a line for each piece', async (t) => {
    const { url } = await gatewayFor(t);
    const request = http.request(`${url}/cli/execute`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-ndjson' },
      agent: false,
    });
    request.write('{"command":"sh","args":["-c","read a; echo got $a; cat; exit 5"]}\n{"type":"stdin","da');
    request.write('ta":"one\\n"}\n');
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const [first] = (await once(response.setEncoding('utf8'), 'data')) as [string];
    assert.equal(first, '{"type":"stdout","data":"got one\\n"}\n');
    request.end('{"type":"stdin","data":"dHdv","encoding":"base64"}\n{"type":"eof"}\n');
    assert.match(await textOf(response), /^\{"type":"stdout","data":"two"\}\n\{"type":"exit","code":5,/);
    const wrong = await begin(url, { command: 'cat' }, { 'Content-Type': 'application/x-ndjson' });
    assert.match(await textOf(wrong.response), /"type":"exit","code":0/);
  });

  test('may be told all at once', async (t) => {
    const { url } = await gatewayFor(t);
    const { response } = await begin(url, sh('echo out; echo err >&2; kill -9 $$', { stream: false }));
    assert.equal(response.headers['content-type'], 'application/json');
    const { stdout, stderr, code, signal, reason } = JSON.parse(await textOf(response)) as Record<string, unknown>;
    assert.deepEqual([stdout, stderr, code, signal, reason], ['out\n', 'err\n', null, 'SIGKILL', 'exit']);
  });

  test('may write half a character, and bytes that are none', async (t) => {
    const { url } = await gatewayFor(t);
    const script = String.raw`import sys,time
out = sys.stdout.buffer
for part in (b'a\xe2\x82', b'\xac', b'b\xff', b'\xf0\x9f\x98'):
    out.write(part); out.flush(); time.sleep(0.03)`;
    const { stdout, lines } = await execute(url, { command: PYTHON, args: ['-c', script] });
    assert.equal(stdout.toString('latin1'), 'a\xe2\x82\xacb\xff\xf0\x9f\x98');
    assert.ok(lines.every(({ data = '', encoding }) => encoding === 'base64' || !data.includes('\ufffd')));
  });

  test('gives 50 MB through without a byte changed', async (t) => {
    const { url } = await gatewayFor(t, { max_output: '100MB' }, { limits: { body: '200MB' } });
    const sent = Buffer.alloc(50_000_000, 'a line of text, and € as well\n');
    const text = sent.subarray(0, sent.lastIndexOf('\n') + 1);
    const { stdout, exit } = await execute(url, { command: 'cat', stdin: text.toString() });
    assert.equal(exit.code, 0);
    assert.equal(sha256(stdout), sha256(text));
  });

  test('is cut when it writes too much, takes too long, or is deaf to signals', async (t) => {
    const { url } = await gatewayFor(t, { max_output: '10KB', timeout: '1s' });
    const loud = await execute(url, sh('while :; do echo xxxxxxxxx; done'));
    assert.deepEqual([loud.stdout.length, loud.exit.reason, loud.exit.truncated], [10_000, 'output', true]);
    const slow = await execute(url, sh('trap "" TERM INT; echo a; while :; do sleep 0.1; done', { timeout: 0.2 }));
    assert.deepEqual([slow.stdout.toString(), slow.exit.reason, slow.exit.signal], ['a\n', 'timeout', 'SIGKILL']);
  });

  test('that closes its output early still tells how it ends', async (t) => {
    const { url } = await gatewayFor(t);
    assert.equal((await execute(url, sh('exec >&- 2>&-; sleep 0.1; exit 9'))).exit.code, 9);
  });

  test('is answered while it says nothing, so that nobody takes the connection for dead', async (t) => {
    const { url } = await gatewayFor(t, { heartbeat: '100ms' });
    const script = 'sleep 0.5; echo late';
    const { lines } = await execute(url, sh(script));
    assert.deepEqual(
      lines.map(({ type }) => type),
      ['stdout', 'exit'],
    );
    const { response } = await begin(url, sh(script, { stream: false }));
    const text = await textOf(response);
    assert.match(text, /^ +\{/);
    assert.equal((JSON.parse(text) as { stdout: string }).stdout, 'late\n');
    const streamed = await begin(url, sh(script));
    assert.match(await textOf(streamed.response), /^ +\{"type":"stdout"/);
  });
});

describe('what a command leaves', () => {
  const mark = (id: string): string => `${RUN_MARK}=${id}`;

  test('is nothing: children, grandchildren, whatever session they are in', async (t) => {
    const { url } = await gatewayFor(t);
    const script = '(setsid sleep 1000 >/dev/null 2>&1 &); setsid sleep 1000 & sleep 1000 & echo $SLUICE_RUN_ID';
    const { stdout, exit } = await execute(url, sh(script));
    assert.equal(exit.code, 0);
    assert.ok(stdout.length > 10);
    const { execPath } = process;
    const look = `const fs=require('fs');const n=fs.readdirSync('/proc').filter(p=>{try{return fs.readFileSync('/proc/'+p+'/environ').includes('${mark(stdout.toString().trim())}')}catch{return false}});console.log(n.length)`;
    assert.equal((await execute(url, { command: execPath, args: ['-e', look] })).stdout.toString(), '0\n');
  });

  test('is nothing when its client goes away', async (t) => {
    const gateway = await gatewayFor(t);
    const { request, response } = await begin(
      gateway.url,
      sh('echo $$; setsid sleep 1000 & while :; do sleep 0.1; done'),
    );
    const [line] = (await once(response.setEncoding('utf8'), 'data')) as [string];
    const pid = Number((JSON.parse(line.trim()) as { data: string }).data);
    assert.ok(readProcess(pid));
    request.destroy();
    await until(() => gateway.desk.commands.running === 0);
    assert.equal(
      listProcesses().some(({ session, group }) => session === pid || group === pid),
      false,
    );
    assert.equal(gateway.metric('sluice_processes_total', { service: 'exec', reason: 'stopped' }), 1);
  });

  test('is little in memory when it floods a client that reads slowly', async (t) => {
    const gateway = await gatewayFor(t, { max_output: '4GB' });
    const { request, response } = await begin(gateway.url, { command: 'cat', args: ['/dev/zero'] });
    response.pause();
    const before = process.memoryUsage().rss;
    // Reads a little now and then.
    for (let i = 0; i < 20; i += 1) {
      response.read(1000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.ok(process.memoryUsage().rss - before < 100_000_000);
    request.destroy();
    await until(() => gateway.desk.commands.running === 0);
  });
});

describe('how many commands run', () => {
  test('is bounded; users take turns, and what is too much is refused with a time', async (t) => {
    const users = ['alice', 'bob'].map((name) => ({ name, token: `a-token-of-${name}`, may: ['exec'] }));
    const gateway = await gatewayFor(t, { max_concurrent: 1, max_queued: 4 }, { users });
    const order: string[] = [];
    const run = async (user: string): Promise<void> => {
      await execute(gateway.url, { command: 'echo' }, { Authorization: `Bearer a-token-of-${user}` });
      order.push(user[0] ?? '');
    };
    const first = await begin(gateway.url, sh('echo; sleep 1000'), { Authorization: 'Bearer a-token-of-alice' });
    const waiting: Promise<void>[] = [];
    for (const user of ['alice', 'alice', 'alice', 'bob']) {
      waiting.push(run(user));
      await until(() => gateway.desk.commands.waiting === waiting.length);
    }
    const refused = await ask(`${gateway.url}/cli/execute`, {
      method: 'POST',
      headers: { Authorization: 'Bearer a-token-of-bob', 'Content-Type': 'application/json' },
      body: '{"command":"echo"}',
    });
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.headers['retry-after']) >= 1);
    first.request.destroy();
    await Promise.all(waiting);
    assert.equal(order.join(''), 'abaa');
    assert.equal(gateway.metric('sluice_processes_refused_total'), 1);
    assert.equal(gateway.metric('sluice_processes_waiting'), 0);
  });

  test('may be waited for only so long', async (t) => {
    const gateway = await gatewayFor(t, { max_concurrent: 1, queue_timeout: '100ms' });
    const first = await begin(gateway.url, sh('echo; sleep 1000'));
    assert.equal(await refusal(gateway.url, { command: 'echo' }), '503 processes_busy');
    first.request.destroy();
  });
});

describe('what may be run', () => {
  test('is what is listed, and what it led to when it was', async (t) => {
    const folder = realpathSync(temporaryFolder(t));
    const tool = join(folder, 'tool');
    symlinkSync('/bin/echo', tool);
    const { url } = await gatewayFor(t, { allowed_commands: [tool] });
    assert.equal((await execute(url, { command: 'tool', args: ['hi'] })).stdout.toString(), 'hi\n');
    for (const command of ['sh', '/bin/sh', '../bin/sh', join(folder, 'nothing')]) {
      assert.equal(await refusal(url, { command }), '403 command_denied');
    }
    symlinkSync('/bin/sh', join(folder, 'swapped'));
    renameSync(join(folder, 'swapped'), tool);
    for (const command of ['tool', tool]) assert.equal(await refusal(url, { command }), '403 command_denied');
  });

  test('is nothing with what is not allowed of it', async (t) => {
    const { url } = await gatewayFor(t, { workspace: realpathSync(temporaryFolder(t)) });
    assert.equal(await refusal(url, { command: 'echo', cwd: '/' }), '403 forbidden');
    assert.equal(await refusal(url, { command: 'echo', cwd: '../..' }), '403 forbidden');
    for (const name of ['LD_PRELOAD', 'NODE_OPTIONS', 'BASH_ENV', 'PATH', 'OTHER']) {
      assert.equal(await refusal(url, { command: 'echo', env: { [name]: '/x' } }), '403 forbidden', name);
    }
    assert.equal(await refusal(url, { command: 'echo', args: ['a\0b'] }), '422 invalid_input');
    assert.equal(await refusal(url, { command: 'echo', args: 'a' }), '422 invalid_input');
  });

  test('is nothing at all until it is switched on, and changes with the configuration', async (t) => {
    const gateway = await Gateway.open(t, {});
    assert.equal(await refusal(gateway.url, { command: 'echo' }), '404 route_not_found');
    await gateway.apply({ exec: { enabled: true, allowed_commands: ['/bin/echo'], workspace: '/' } });
    assert.equal((await execute(gateway.url, { command: 'echo' })).exit.code, 0);
    await gateway.apply({});
    assert.equal(await refusal(gateway.url, { command: 'echo' }), '404 route_not_found');
  });
});
