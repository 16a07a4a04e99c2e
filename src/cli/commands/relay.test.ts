import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { main } from '../main.ts';

test('sluice relay does not start with a domain that is none, and names the flag', async () => {
  const cli = new FakeCli();
  assert.equal(await main(['relay', '--domain', 'a b'], cli), 3);
  assert.match(cli.err, /^flag --domain {2}error /);
});
