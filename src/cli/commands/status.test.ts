import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runAdmin } from '../../../test/support/running-admin.ts';
import { main } from '../main.ts';

describe('sluice status', () => {
  test('shows the state, the doors, the config and what waits for a restart', async (t) => {
    const cli = (await runAdmin(t)).cli();
    assert.equal(await main(['status'], cli), 0, cli.err);
    assert.match(
      cli.out,
      /^Sluice 1\.2\.3 {2}ready, up \d+d \d+h, pid 7\n\n {2}gateway {3}http:\/\/127\.0\.0\.1:1 {3}2 connections\n/,
    );
    assert.match(cli.out, /^ {2}config {5}\/etc\/sluice\.yaml, loaded /m);
    assert.match(cli.out, /^ {2}restart {4}needed for process\.workers$/m);
  });

  test('gives all of it as JSON', async (t) => {
    const cli = (await runAdmin(t)).cli();
    await main(['status', '--json'], cli);
    const { schema, state, doors } = JSON.parse(cli.out);
    assert.deepEqual([schema, state], ['sluice.status/v1', 'ready']);
    assert.deepEqual(doors, [{ name: 'gateway', address: 'http://127.0.0.1:1', open_connections: 2 }]);
  });
});
