// The program by itself: it ends with whoever has started it. What it starts: launcher-link.test.ts.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('the launcher ends with its input, and says what it cannot do', async () => {
  const file = fileURLToPath(new URL('./launcher.ts', import.meta.url));
  const launcher = spawn(process.execPath, [file, '/tmp/nowhere-at-all/nowhere.sock'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {},
  });
  let said = '';
  launcher.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const order = { id: 'a-1', file: '/bin/true', name: 'true', args: [], env: {}, cwd: '/', stdin: 'closed' };
  launcher.stdin.write(`${JSON.stringify(order)}\n`);
  while (!said.includes('failed')) await once(launcher.stdout, 'data');
  assert.match(said, /^ready\nfailed a-1 ".*nowhere/);
  launcher.stdin.end();
  assert.equal((await once(launcher, 'exit'))[0], 0);
});
