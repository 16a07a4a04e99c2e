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

  test('shows how each job does that is switched on', async (t) => {
    const admin = await runAdmin(t);
    const traffic = {
      totalRequests: 9,
      totalErrors: 1,
      requestsPerSecond: 1.5,
      errorsPerSecond: 0,
      p50Ms: 2,
      p99Ms: 30.4,
      requestsInFlight: 1,
      openConnections: null,
      rates: [],
    };
    admin.desk.jobs = (['gateway', 'ai'] as const).map((job) => ({ job, ...traffic }));
    const cli = admin.cli();
    assert.equal(await main(['status'], cli), 0, cli.err);
    assert.match(cli.out, /^ {2}gateway +9 requests {2}1\.5\/s {2}1 failed {2}99% within 30 ms$/m);
    assert.doesNotMatch(cli.out, /^ {2}ai /m);
    const json = admin.cli();
    await main(['status', '--json'], json);
    const { jobs } = JSON.parse(json.out) as { jobs: { job: string }[] };
    assert.deepEqual(
      jobs.map(({ job }) => job),
      ['gateway', 'ai'],
    );
  });

  test('gives all of it as JSON', async (t) => {
    const cli = (await runAdmin(t)).cli();
    await main(['status', '--json'], cli);
    const { schema, state, doors } = JSON.parse(cli.out);
    assert.deepEqual([schema, state], ['sluice.status/v1', 'ready']);
    assert.deepEqual(doors, [{ name: 'gateway', address: 'http://127.0.0.1:1', open_connections: 2 }]);
  });
});
