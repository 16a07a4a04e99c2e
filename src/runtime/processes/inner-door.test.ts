import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import http from 'node:http';
import { dirname } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { processDesk } from '../../../test/support/process-desk.ts';
import type { Config } from '../../config/config.ts';
import { documentSchema } from '../../config/schema/document.ts';
import { InnerDoor } from './inner-door.ts';

const configOf = (allowed: readonly string[]): Config =>
  documentSchema.parse({ exec: { enabled: true, allowed_commands: allowed, workspace: '/' } });

function doorFor(t: TestContext): InnerDoor {
  const desk = processDesk();
  desk.follow(configOf([]));
  const door = new InnerDoor({ desk, log: () => {} });
  t.after(async () => {
    await door.close();
    await desk.close();
  });
  return door;
}

async function ask({ address }: InnerDoor, secret: string): Promise<string> {
  const headers = { 'X-Sluice-Inner': secret, 'Content-Type': 'application/json' };
  const request = http.request({
    socketPath: address.path,
    path: '/cli/execute',
    method: 'POST',
    headers,
    agent: false,
  });
  request.end('{"command":"cat","stdin":"hi","stream":false}');
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const part of answer.setEncoding('utf8')) text += part as string;
  return `${answer.statusCode} ${text}`;
}

describe('the inner door', () => {
  test('is not there until something lives behind it', async (t) => {
    const door = doorFor(t);
    await door.apply(documentSchema.parse({}));
    assert.equal(existsSync(door.address.path), false);
  });

  test('answers those who know the secret, and is open to this user alone', async (t) => {
    const door = doorFor(t);
    await door.apply(configOf(['/bin/cat']));
    assert.equal(statSync(dirname(door.address.path)).mode & 0o777, 0o700);
    assert.match(await ask(door, door.address.secret), /^200 \{"stdout":"hi"/);
    assert.match(await ask(door, 'guessed'), /^403 /);
  });

  test('follows the configuration, and is gone when it is closed', async (t) => {
    const door = doorFor(t);
    await door.apply(configOf(['/bin/cat']));
    await door.apply(configOf(['/bin/ls']));
    assert.match(await ask(door, door.address.secret), /^403 .*command_denied/);
    await door.close();
    assert.equal(existsSync(dirname(door.address.path)), false);
  });
});
