// With real programs, behind an engine that has no network. What a user sees over the network: test/e2e/exec-*.test.ts.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { supervisorFor, until } from '../../../test/support/run-rig.ts';
import { CommandRules } from '../../services/processes/command-rules.ts';
import { CommandService } from '../../services/processes/command-service.ts';
import { loadPty } from '../../services/processes/terminal.ts';
import { exec } from './exec.ts';

const rules = new CommandRules(
  { allowed: ['/bin/sh', '/bin/cat'], workspace: '/', env: [], timeoutMs: 60_000, maxOutputBytes: 1_000_000 },
  { PATH: '/bin' },
);

class Stage {
  readonly service: CommandService;
  readonly play: Playbook;
  readonly counted: string[] = [];

  constructor(t: TestContext, running = 5) {
    const watch = { changed: () => {}, ended: (reason: string) => void this.counted.push(reason), refused: () => {} };
    this.service = new CommandService({ supervisor: supervisorFor(t), limits: { running, waiting: 0 }, watch });
    const target = exec({
      service: this.service,
      rules,
      queueTimeoutMs: 1000,
      heartbeatMs: 15_000,
      maxTextBytes: 100_000,
      loadPty,
    });
    this.play = new Playbook(t, { target });
  }

  post(body: object | string): this {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    this.play.downstreamSends(head('POST / HTTP/1.1', 'Host: a.test', `Content-Length: ${text.length}`) + text);
    return this;
  }

  /** All that the client has got once the program is done. */
  async answer(): Promise<string> {
    await until(() => this.service.running === 0);
    return this.play.takeDownstream();
  }
}

describe('a command over HTTP', () => {
  test('is told line by line, in chunks', async (t) => {
    const stage = new Stage(t).post({ command: 'sh', args: ['-c', 'echo hi'] });
    const answer = await stage.answer();
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\nContent-Type: application\/x-ndjson\r\nCache-Control: no-store\r\n/);
    assert.match(answer, /\r\n\{"type":"stdout","data":"hi\\n"\}\n\r\n/);
    assert.match(
      answer,
      /\{"type":"exit","code":0,"signal":null,"duration_ms":[\d.]+,"reason":"exit",[^}]*\}\n\r\n0\r\n\r\n$/,
    );
    stage.play.end();
  });

  test('is told at once where that is wanted', async (t) => {
    const stage = new Stage(t).post({ command: 'cat', stdin: 'all', stream: false });
    assert.match(
      await stage.answer(),
      /\r\nContent-Type: application\/json\r\n[^]*\{"stdout":"all","stderr":"","code":0/,
    );
    stage.play.end();
  });

  test('that cannot be is answered with an error, in the one shape', async (t) => {
    for (const [body, status, code] of [
      ['{', 422, 'invalid_input'],
      [{ command: 'cat', tty: { cols: 1, rows: 1 } }, 422, 'invalid_input'],
      [{ command: '/bin/id' }, 403, 'command_denied'],
      [{ command: 'cat', cwd: '/nowhere' }, 403, 'forbidden'],
    ] as const) {
      const stage = new Stage(t).post(body);
      stage.play.expectError(status, code).end();
    }
    const other = new Stage(t);
    other.play.downstreamSends(head('GET / HTTP/1.1', 'Host: a.test')).expectError(405, 'method_not_allowed').end();
  });

  test('is refused where too many run, with the time when there may be room', async (t) => {
    const stage = new Stage(t, 0).post({ command: 'cat' });
    assert.match(stage.play.takeDownstream(), /^HTTP\/1\.1 503 [^]*\r\nRetry-After: \d+\r\n[^]*"processes_busy"/i);
    stage.play.end();
  });

  test('is stopped when its client goes away', async (t) => {
    const stage = new Stage(t).post({ command: 'sh', args: ['-c', 'echo ready; while :; do sleep 1; done'] });
    await until(() => /ready/.test(stage.play.takeDownstream()));
    stage.play.clientCloses();
    await until(() => stage.service.running === 0);
    assert.deepEqual(stage.counted, ['stopped']);
    stage.play.end();
  });

  test('waits for a client that does not read', async (t) => {
    const stage = new Stage(t).post({ command: 'sh', args: ['-c', 'head -c 500000 /dev/zero | tr "\\0" x; echo end'] });
    stage.play.clientStopsReading();
    await until(() => stage.service.running === 1);
    stage.play.clientReads();
    assert.match(await stage.answer(), /end/);
    stage.play.end();
  });
});
