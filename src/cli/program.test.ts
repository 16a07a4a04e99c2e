import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Command } from 'commander';
import { FakeCli } from '../../test/support/cli-context.ts';
import { buildProgram } from './program.ts';

function allCommands(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...allCommands(child)]);
}

describe('the tree of commands', () => {
  test('loads the one command that is wanted, and knows the others by name and summary', async () => {
    const program = await buildProgram(new FakeCli(), 'up');
    const options = (name: string) => program.commands.find((command) => command.name() === name)?.options.length;
    assert.notEqual(options('up'), 0);
    assert.equal(options('status'), 0);
    for (const command of program.commands) assert.notEqual(command.summary(), '');
  });

  test('has an example and a description for every command', async () => {
    const cli = new FakeCli();
    const program = await buildProgram(cli, 'all');
    for (const command of allCommands(program)) {
      assert.notEqual(command.description(), '', command.name());
      cli.stdout.text = '';
      command.outputHelp();
      if (command.name() !== 'version') assert.match(cli.out, /^Examples:\n {2}\S/, command.name());
    }
  });

  test('writes to the context and throws instead of ending the process', async () => {
    const cli = new FakeCli();
    const program = await buildProgram(cli, 'config');
    await assert.rejects(program.parseAsync(['config', 'nope'], { from: 'user' }), { code: /^commander\./ });
    assert.match(cli.err, /^sluice: /);
  });
});
