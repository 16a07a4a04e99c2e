import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { main } from '../main.ts';

test('sluice completion prints the script of the shell, with every command', async () => {
  for (const [shell, mark] of [
    ['bash', 'complete -o'],
    ['zsh', '#compdef sluice'],
    ['fish', 'complete -c sluice'],
  ] as const) {
    const cli = new FakeCli();
    assert.equal(await main(['completion', shell], cli), 0);
    assert.ok(cli.out.includes(mark) && cli.out.includes('validate'), cli.out);
  }
});
