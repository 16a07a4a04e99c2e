import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeCli } from '../../../test/support/cli-context.ts';
import { main } from '../main.ts';

describe('sluice gateway does not start', () => {
  test('without a backend, and says how to name one', async () => {
    const cli = new FakeCli();
    assert.equal(await main(['gateway'], cli), 2);
    assert.match(cli.err, /BACKENDS/);
  });

  test('with an argument that is no backend, and names it', async () => {
    const cli = new FakeCli();
    assert.equal(await main(['gateway', 'ftp://a'], cli), 3);
    assert.match(cli.err, /^flag BACKEND {2}error /);
  });
});
