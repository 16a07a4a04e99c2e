import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CONFIG_PROBLEMS } from '../../config/problem.ts';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { ERROR_CATALOGUE } from '../../core/errors.ts';
import { main } from '../main.ts';

async function help(...words: string[]): Promise<string> {
  const cli = new FakeCli();
  assert.equal(await main(['help', ...words], cli), 0, cli.err);
  return cli.out;
}

describe('sluice help', () => {
  test('of nothing is the help of the program, of a command that of the command', async () => {
    assert.match(await help(), /Usage: sluice COMMAND/);
    assert.match(await help('up'), /^Examples:[\s\S]*Usage: sluice up/);
    assert.match(await help('config', 'show'), /Usage: sluice config show/);
  });

  test('explains a topic', async () => {
    assert.match(await help('exit-codes'), /^ {2}8 {4}a forced stop with connections still open$/m);
    assert.match(await help('environment'), /SLUICE_TOKEN_FILE/);
  });

  test('explains every error code, with what the documentation says about it', async () => {
    for (const [code, { status, summary }] of Object.entries(ERROR_CATALOGUE)) {
      const text = await help(code);
      assert.ok(text.startsWith(`${code}: ${summary}\n`), text);
      assert.ok(text.includes(`HTTP status    ${status}\n`), text);
    }
    assert.match(await help('upstream_timeout'), /worth a retry {2}yes[\s\S]*timeouts\.read/);
  });

  test('explains every problem of a configuration', async () => {
    for (const [code, summary] of Object.entries(CONFIG_PROBLEMS)) {
      if (code.startsWith('config_')) assert.ok((await help(code)).startsWith(`${code}: ${summary}\n`));
    }
    const cli = new FakeCli();
    assert.equal(await main(['help', 'config_nope'], cli), 2);
    assert.match(cli.err, /no problem "config_nope"\. There are: config_unreadable, /);
  });

  test('of what does not exist says what does', async () => {
    const cli = new FakeCli();
    assert.equal(await main(['help', 'config', 'nope'], cli), 2);
    assert.match(cli.err, /no help on "config nope"\. Topics: environment, exit-codes\./);
  });
});
