// Commands over a WebSocket, with a client of another make, through one thread and through several.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import type { ExecLine } from '../support/exec-client.ts';
import { Gateway } from '../support/gateway.ts';
import { requirePeer } from '../support/peer.ts';
import { ptyOf } from '../support/pty.ts';
import { until } from '../support/run-rig.ts';
import { WorkerStage } from '../support/worker-stage.ts';

const EXEC = {
  enabled: true,
  allowed_commands: ['/bin/sh', '/bin/cat', '/bin/bash'],
  workspace: '/',
  max_output: '200MB',
};

class Talk {
  readonly socket: WebSocket;
  readonly lines: (ExecLine & { readonly error?: { readonly code: string } })[] = [];
  readonly closed: Promise<number>;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/cli/execute`, { headers });
    // What the server says instead of a WebSocket is looked at by whoever expects it.
    this.socket.on('error', () => {});
    this.socket.on('message', (data: Buffer) => void this.lines.push(JSON.parse(data.toString()) as ExecLine));
    this.closed = new Promise((resolve) => {
      this.socket.once('close', resolve);
    });
  }

  static async open(url: string, request: object, headers?: Readonly<Record<string, string>>): Promise<Talk> {
    const talk = new Talk(url, headers);
    await once(talk.socket, 'open');
    talk.say(request);
    return talk;
  }

  say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  get stdout(): Buffer {
    const parts = this.lines.filter(({ type }) => type === 'stdout');
    return Buffer.concat(parts.map(({ data = '', encoding }) => Buffer.from(data, (encoding ?? 'utf8') as 'utf8')));
  }

  get exit(): ExecLine | undefined {
    return this.lines.find(({ type }) => type === 'exit');
  }
}

async function proveTalk(url: string): Promise<void> {
  const talk = await Talk.open(url, { command: 'sh', args: ['-c', 'cat; echo err >&2; exit 4'] });
  talk.socket.send(Buffer.from('bytes '));
  talk.say({ type: 'stdin', data: 'text' });
  talk.say({ type: 'eof' });
  assert.equal(await talk.closed, 1000);
  assert.equal(talk.stdout.toString(), 'bytes text');
  assert.equal(talk.exit?.code, 4);
  assert.equal(talk.lines.at(-1)?.type, 'exit');
}

/** Stopped in the middle, and left in the middle. */
async function proveEnds(url: string, running: () => number): Promise<void> {
  const stopped = await Talk.open(url, { command: 'sh', args: ['-c', 'echo; while :; do sleep 0.1; done'] });
  await until(() => stopped.lines.length > 0);
  stopped.say({ type: 'stop' });
  await stopped.closed;
  assert.equal(stopped.exit?.reason, 'stopped');
  const left = await Talk.open(url, { command: 'cat' });
  await until(() => running() === 1);
  left.socket.terminate();
  await until(() => running() === 0);
}

describe('a command over a WebSocket', () => {
  test('takes its input as it comes, and tells how it ended', async (t) => {
    const gateway = await Gateway.open(t, { exec: EXEC });
    await proveTalk(gateway.url);
    await proveEnds(gateway.url, () => gateway.desk.commands.running);
  });

  test('does so through workers as well', async (t) => {
    const users = [{ name: 'alice', token: 'a-token-of-alice-1', may: ['exec'] }];
    const stage = await WorkerStage.open(t, 2, { exec: EXEC });
    await proveTalk(stage.url);
    await proveEnds(stage.url, () => stage.desk.commands.running);
    await stage.apply({ exec: EXEC, users });
    const refused = new Talk(stage.url);
    const [, answer] = (await once(refused.socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    assert.equal(answer.statusCode, 401);
    refused.socket.terminate();
    const known = await Talk.open(stage.url, { command: 'cat' }, { Authorization: 'Bearer a-token-of-alice-1' });
    known.say({ type: 'eof' });
    assert.equal(await known.closed, 1000);
  });

  test('gives 50 MB through without a byte changed, at the pace of the slower', async (t) => {
    const gateway = await Gateway.open(t, { exec: EXEC });
    const talk = await Talk.open(gateway.url, { command: 'cat' });
    const piece = Buffer.alloc(1_000_000, 'a line, and €\n').subarray(0, 999_990);
    const [sent, came] = [createHash('sha256'), createHash('sha256')];
    for (let i = 0; i < 50; i += 1) {
      sent.update(piece);
      await new Promise<void>((resolve) => talk.socket.send(piece, () => resolve()));
    }
    talk.say({ type: 'eof' });
    assert.equal(await talk.closed, 1000);
    assert.equal(came.update(talk.stdout).digest('hex'), sent.digest('hex'));
  });

  test('is not for pages of other sites, and says what it does not run', async (t) => {
    const { url } = await Gateway.open(t, { exec: EXEC });
    for (const headers of [{ Origin: 'http://evil.example' }, { Host: 'evil.example' }]) {
      const talk = new Talk(url, headers);
      const [, answer] = (await once(talk.socket, 'unexpected-response')) as [unknown, { statusCode: number }];
      assert.equal(answer.statusCode, 403);
      talk.socket.terminate();
    }
    const denied = await Talk.open(url, { command: '/bin/ls' });
    assert.equal(await denied.closed, 1008);
    assert.equal(denied.lines[0]?.error?.code, 'command_denied');
  });

  test('may have a terminal', async (t: TestContext) => {
    const folder = requirePeer(t, 'node-pty');
    if (folder === undefined) return;
    const gateway = await Gateway.open(t, {});
    // Where the tests have the package a Sluice would not find it.
    Object.assign(gateway.desk, { loadPty: () => ptyOf(folder) });
    await gateway.apply({ exec: EXEC });
    const request = { command: 'bash', args: ['-c', 'stty size; read x; stty size; echo got $x; tty -s && exit 6'] };
    const talk = await Talk.open(gateway.url, { ...request, tty: { cols: 91, rows: 17 } });
    await until(() => talk.stdout.includes('17 91'));
    talk.say({ type: 'resize', cols: 40, rows: 10 });
    talk.say({ type: 'stdin', data: 'hello\n' });
    assert.equal(await talk.closed, 1000);
    assert.match(talk.stdout.toString(), /10 40\r\ngot hello\r\n$/);
    assert.equal(talk.exit?.code, 6);
  });
});
