import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runAdmin } from '../../../test/support/running-admin.ts';
import { main } from '../main.ts';

describe('sluice events', () => {
  test('shows what has happened, the newest last, without control characters', async (t) => {
    const admin = await runAdmin(t);
    const { events } = admin.desk;
    events.noteLine({ level: 'warn', message: 'down', fields: { event: 'health', proxy: 'a\u001b[2J', n: [1] } });
    events.noteLine({ level: 'info', message: 'a line', fields: {} });
    const cli = admin.cli();
    assert.equal(await main(['events', '--level', 'info'], cli), 0, cli.err);
    const lines = cli.out.split('\n').map((line) => line.replace(/^\S+(?: [AP]M)? {2}/, ''));
    assert.deepEqual(lines, ['health       down  proxy=a\\u001b[2J  n=[1]', 'log          a line', '']);
  });

  test('filters, gives JSON, and says so when nothing fits', async (t) => {
    const admin = await runAdmin(t);
    admin.desk.events.noteLine({ level: 'info', message: 'reloaded', fields: { event: 'reload' } });
    const cli = admin.cli();
    assert.equal(await main(['events', '--json', '--kind', 'reload', '--text', 'load'], cli), 0, cli.err);
    const { schema, items } = JSON.parse(cli.out) as { schema: string; items: { kind: string }[] };
    assert.deepEqual([schema, items.map(({ kind }) => kind)], ['sluice.events/v1', ['reload']]);
    const none = admin.cli();
    await main(['events', '--kind', 'agent'], none);
    assert.match(none.err, /^Nothing has happened that fits/);
    assert.notEqual(await main(['events', '--kind', 'weather'], none), 0);
    assert.match(none.err, /expected some of health, breaker/);
  });

  test('follows', async (t) => {
    const admin = await runAdmin(t);
    const cli = admin.cli();
    void main(['events', '--follow', '--json'], cli).catch(() => {});
    const adding = setInterval(() => admin.desk.events.noteLine({ level: 'warn', message: 'now', fields: {} }), 20);
    t.after(() => clearInterval(adding));
    await cli.stdout.says('"now"');
  });
});
