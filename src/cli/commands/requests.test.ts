import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runAdmin } from '../../../test/support/running-admin.ts';
import { seenRequest } from '../../../test/support/seen-request.ts';
import { main } from '../main.ts';

describe('sluice requests', () => {
  test('shows what went through, the newest last, and who answered', async (t) => {
    const admin = await runAdmin(t);
    const { tape } = admin.desk;
    tape.add(seenRequest({ id: 'a', target: '/one?token=secret', user: 'ann' }));
    tape.add(
      seenRequest({
        id: 'b',
        target: '/two\u001b[2J',
        status: 401,
        upstream: '',
        answeredBy: 'auth',
        error: 'unauthorized',
      }),
    );
    const cli = admin.cli();
    assert.equal(await main(['requests'], cli), 0, cli.err);
    const lines = cli.out.split('\n').map((line) => line.replace(/^\S+(?: [AP]M)? {2}/, ''));
    assert.deepEqual(lines, [
      '200  GET    app.test/one?token=***  10.0 ms  http://10.0.0.1:80  ann',
      '401  GET    app.test/two\\u001b[2J  10.0 ms  policy auth  unauthorized',
      '',
    ]);
  });

  test('filters, gives JSON, and says so when nothing fits', async (t) => {
    const admin = await runAdmin(t);
    const { tape } = admin.desk;
    for (const [id, status] of [
      ['a', 200],
      ['b', 503],
    ] as const)
      tape.add(seenRequest({ id, status, durationMs: status }));
    const ids = async (...args: string[]): Promise<unknown> => {
      const cli = admin.cli();
      assert.equal(await main(['requests', '--json', ...args], cli), 0, cli.err);
      const { schema, items } = JSON.parse(cli.out) as { schema: string; items: { request_id: string }[] };
      assert.equal(schema, 'sluice.requests/v1');
      return items.map(({ request_id: id }) => id);
    };
    assert.deepEqual(await ids(), ['b', 'a']);
    assert.deepEqual(await ids('--status', '5xx'), ['b']);
    assert.deepEqual(await ids('--slower', '300'), ['b']);
    assert.deepEqual(await ids('--text', 'APP.TEST/', '--limit', '1'), ['b']);
    const none = admin.cli();
    await main(['requests', '--host', 'elsewhere'], none);
    assert.match(none.err, /^Nothing went through that fits/);
    const wrong = admin.cli();
    assert.notEqual(await main(['requests', '--status', 'odd'], wrong), 0);
    assert.match(wrong.err, /status/);
  });

  test('follows, and says how many were too many to be shown', async (t) => {
    const admin = await runAdmin(t);
    const { tape } = admin.desk;
    tape.add(seenRequest({ id: 'before' }));
    const cli = admin.cli();
    void main(['requests', '--follow', '--json'], cli).catch(() => {});
    const adding = setInterval(() => tape.add(seenRequest({ id: 'now' })), 20);
    t.after(() => clearInterval(adding));
    await cli.stdout.says('"now"');
    assert.ok(!cli.out.includes('"before"'));
    for (let i = 0; i < 3000; i += 1) tape.add(seenRequest({ id: 'flood' }));
    await cli.stderr.says('more went through, too fast to be shown');
  });
});
