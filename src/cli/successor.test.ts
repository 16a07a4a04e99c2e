import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Successor, successorCommand } from './successor.ts';

test('a successor is started as this one was, and asked to take over once', () => {
  const started = { execPath: '/node', execArgv: ['--x'], argv: ['/node', '/bin/sluice', 'up', '-c', 'a.yaml'] };
  const command = ['/node', '--x', '/bin/sluice', 'up', '-c', 'a.yaml', '--takeover'];
  assert.deepEqual(successorCommand(started, false), command);
  const again = { ...started, argv: [...started.argv, '--takeover'] };
  assert.deepEqual(successorCommand(again, false), command);
  const alone = { execPath: '/sluice', execArgv: [], argv: ['/sluice', '/sluice', 'up'] };
  assert.deepEqual(successorCommand(alone, true), ['/sluice', 'up', '--takeover']);
});

test('one that ends before it has taken over is told of, and another may be tried', async () => {
  const said: string[] = [];
  let wake = (): void => {};
  const log = {
    info: (_fields: unknown, message: string) => void said.push(message),
    error: (_fields: unknown, message: string) => {
      said.push(message);
      wake();
    },
  };
  const failed = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  const successor = new Successor(log as never, [process.execPath, '-e', 'process.exit(3)']);
  successor.start();
  successor.start();
  // Its end is no reason to go on.
  const keepAlive = setInterval(() => {}, 1_000);
  await failed();
  successor.start();
  await failed();
  clearInterval(keepAlive);
  successor.takenOver();
  successor.start();
  const starting = 'starting the Sluice that is to take over';
  const did = 'the Sluice that was to take over did not start: this one goes on';
  const already = 'another Sluice is taking over already';
  assert.deepEqual(said, [starting, already, did, starting, did, already]);
});
