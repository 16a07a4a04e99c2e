// What its client may do wrong. What it does right: test/e2e/exec-socket.test.ts.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { supervisorFor, until } from '../../../test/support/run-rig.ts';
import { frame } from '../../../test/support/websocket-frames.ts';
import { CommandRules } from '../../services/processes/command-rules.ts';
import { CommandService } from '../../services/processes/command-service.ts';
import { loadPty } from '../../services/processes/terminal.ts';
import { exec } from './exec.ts';

const rules = new CommandRules(
  { allowed: ['/bin/cat'], workspace: '/', env: [], timeoutMs: 60_000, maxOutputBytes: 1000 },
  {},
);
const mask = Buffer.from([1, 2, 3, 4]);
const say = (text: string, more: object = {}): Buffer => frame(text, { mask, ...more });
const ASKS = head(
  'GET / HTTP/1.1',
  'Host: a.test',
  'Connection: upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
);

async function stage(t: TestContext, running = 1): Promise<{ play: Playbook; service: CommandService }> {
  const watch = { changed: () => {}, ended: () => {}, refused: () => {} };
  const service = new CommandService({ supervisor: supervisorFor(t), limits: { running, waiting: 0 }, watch });
  const play = new Playbook(t, {
    target: exec({ service, rules, queueTimeoutMs: 1000, heartbeatMs: 15_000, maxTextBytes: 100_000, loadPty }),
  });
  await play.downstreamSends(ASKS).promises();
  play.expectDownstream(/^HTTP\/1\.1 101 /);
  return { play, service };
}

describe('a command over a WebSocket', () => {
  test('that cannot be is told of, and the socket closed', async (t) => {
    for (const [message, code] of [
      [say('{'), 'invalid_input'],
      [say('bytes', { opcode: 2 }), 'invalid_input'],
      [say('{"command":"id"}'), 'command_denied'],
    ] as const) {
      const { play } = await stage(t);
      play.downstreamSends(message);
      assert.match(play.takeDownstream(), new RegExp(`\\{"type":"error","error":\\{"code":"${code}",`));
      play.clientCloses().end();
    }
    const { play } = await stage(t, 0);
    play.downstreamSends(say('{"command":"cat"}'));
    assert.match(play.takeDownstream(), /processes_busy/);
    play.clientCloses().end();
  });

  test('ends with what is no message, and with its client', async (t) => {
    const { play, service } = await stage(t);
    play.downstreamSends(say('{"command":"cat"}'));
    await until(() => service.running === 1 && !play.clientIsPaused);
    play.downstreamSends(say('{"type":"unknown"}'));
    await until(() => service.running === 0);
    assert.match(play.takeDownstream(), /invalid_input/);
    play.clientCloses().end();
    const other = await stage(t);
    other.play.downstreamSends(say('{"command":"cat"}')).clientCloses();
    await until(() => other.service.running === 0);
    other.play.end();
  });

  test('with a terminal needs the package for it', async (t) => {
    const { play } = await stage(t);
    play.downstreamSends(say('{"command":"cat","tty":{"cols":80,"rows":24}}'));
    let said = '';
    await until(() => (said += play.takeDownstream()).includes('terminal_unavailable'));
    play.clientCloses().end();
  });
});
