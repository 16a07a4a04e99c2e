import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type net from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { describe, test, type TestContext } from 'node:test';
import { FakeCli } from '../../test/support/cli-context.ts';
import { Gateway } from '../../test/support/gateway.ts';
import { runRemote, type RemoteEnd, type RemoteRequest } from './remote-command.ts';

const EXEC = { enabled: true, allowed_commands: ['/bin/sh', '/bin/cat'], workspace: '/', max_output: '100MB' };

interface Ran {
  readonly end: RemoteEnd;
  readonly out: string;
  readonly err: string;
}

async function run(url: string, asked: RemoteRequest, stdin: Readable | null = null): Promise<Ran> {
  const { stdout, stderr } = new FakeCli();
  const end = await runRemote({ url, socketPath: null, token: null }, asked, { stdin, stdout, stderr });
  return { end, out: stdout.text, err: stderr.text };
}

const sh = (script: string): RemoteRequest => ({ command: 'sh', args: ['-c', script] });

/** Says that to whoever asks. */
async function standIn(t: TestContext, status: number, body: string, cuts = false): Promise<string> {
  const server = http.createServer((request, response) => {
    request.resume();
    response.writeHead(status).write(body);
    if (cuts) setImmediate(() => response.destroy());
    else response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

describe('a command that runs elsewhere', () => {
  test('says here what it says there, and how it ended', async (t) => {
    const { url } = await Gateway.open(t, { exec: EXEC });
    const ran = await run(url, sh('printf "a\\377"; echo err >&2; exit 3'));
    assert.deepEqual([ran.end, ran.err], [{ code: 3, signal: null, reason: 'exit' }, 'err\n']);
    assert.equal((await run(url, sh('kill -9 $$'))).end.signal, 'SIGKILL');
  });

  test('reads what is piped in here, as much as it is', async (t) => {
    const { url } = await Gateway.open(t, { exec: EXEC, limits: { body: '1MiB' } });
    const pieces = Array.from({ length: 50 }, (_, i) => Buffer.alloc(100_000, String(i % 10)));
    const { out, end } = await run(url, { command: 'cat', args: [] }, Readable.from(pieces));
    assert.equal(end.code, 0);
    assert.equal(out, Buffer.concat(pieces).toString());
    // One that reads none of it ends all the same.
    const open = new PassThrough();
    open.write('unread');
    assert.equal((await run(url, sh('exit 4'), open)).end.code, 4);
  });

  test('that is refused says why', async (t) => {
    const { url } = await Gateway.open(t, { exec: EXEC });
    await assert.rejects(run(url, { command: 'ls', args: [] }), { code: 'command_denied' });
    await assert.rejects(run('http://127.0.0.1:1', sh('')), { code: 'daemon_unreachable' });
    await assert.rejects(run(await standIn(t, 500, 'no JSON'), sh('')), { code: 'upstream_invalid' });
  });

  test('whose end is not told has not ended well', async (t) => {
    const line = '{"type":"stdout","data":"a"}\n';
    await assert.rejects(run(await standIn(t, 200, line), sh('')), { code: 'upstream_incomplete' });
    await assert.rejects(run(await standIn(t, 200, line, true), sh('')), { code: 'upstream_incomplete' });
  });
});
