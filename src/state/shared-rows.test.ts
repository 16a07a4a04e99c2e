import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { openDataFile } from './data-file.ts';
import { MemoryShare, MemoryState } from './memory-state.ts';
import { RowCopy } from './row-copy.ts';
import { SharedRows } from './shared-rows.ts';
import type { SharedState } from './shared-state.ts';

/** Can be away, and is another one afterwards if the test says so. */
class Server {
  share = new MemoryShare();
  isAway = false;

  connect(): SharedState {
    const state = (): MemoryState => {
      if (this.isAway) throw Object.assign(new Error('away'), { code: 'state_unavailable' });
      return new MemoryState(this.share);
    };
    const ears = new MemoryState(this.share);
    return {
      row: async (table, key) => state().row(table, key),
      swapRow: async (table, key, swap) => state().swapRow(table, key, swap),
      rowsAfter: async (table, place, most) => state().rowsAfter(table, place, most),
      publish: async (channel, text) => state().publish(channel, text),
      hear: (channel, heard, onUp) => ears.hear(channel, (text) => (this.isAway ? undefined : heard(text)), onUp),
    } as SharedState;
  }
}

interface Node {
  readonly rows: SharedRows;
  readonly known: Map<string, string>;
  readonly copy: RowCopy;
}

function node(t: TestContext, server: Server, path = join(temporaryFolder(t), 'copy.db')): Node {
  const database = openDataFile(path, () => {});
  const copy = new RowCopy(database, 't');
  const known = new Map<string, string>();
  const rows = new SharedRows({
    state: server.connect(),
    copy,
    table: 't',
    lookEveryMs: 3_600_000,
    apply: (key, row) => void (row === null ? known.delete(key) : known.set(key, row)),
  });
  t.after(() => {
    rows.close();
    database.close();
  });
  return { rows, known, copy };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(1);
}

const all = ({ known }: Node): string[] => [...known].map(([key, row]) => `${key}=${row}`).toSorted();

test('what one node changes, all know at once', { timeout: 20_000 }, async (t) => {
  const server = new Server();
  const [one, other] = [node(t, server), node(t, server)];
  await Promise.all([one.rows.ready(5_000), other.rows.ready(5_000)]);
  assert.equal(await one.rows.change('a', () => '1'), '1');
  await until(() => other.known.get('a') === '1');
  await other.rows.change('a', (row) => `${row}2`);
  await until(() => one.known.get('a') === '12');
  assert.equal(await one.rows.change('a', () => undefined), undefined);
  await one.rows.change('a', () => null);
  await until(() => !other.known.has('a'));
  await other.rows.change('a', (row) => (row === null ? 'anew' : undefined));
  await until(() => one.known.get('a') === 'anew');
});

test('of two who change a row at once each sees what the other has made of it', { timeout: 20_000 }, async (t) => {
  const server = new Server();
  const nodes = [node(t, server), node(t, server)];
  const add = (): Promise<unknown>[] =>
    nodes.map(({ rows }) => rows.change('n', (row) => String(Number(row ?? 0) + 1)));
  await Promise.all([...add(), ...add(), ...add()]);
  assert.equal(await nodes[0]?.rows.change('n', () => undefined), undefined);
  assert.equal(nodes[0]?.known.get('n'), '6');
});

test(
  'with nobody to ask nothing is changed, what is known stays, and what was missed is read afterwards',
  {
    timeout: 20_000,
  },
  async (t) => {
    const server = new Server();
    const [one, other] = [node(t, server), node(t, server)];
    await one.rows.change('a', () => '1');
    await until(() => other.known.has('a'));
    server.isAway = true;
    await assert.rejects(
      other.rows.change('a', () => '2'),
      { code: 'state_unavailable' },
    );
    await assert.rejects(other.rows.catchUp(), { code: 'state_unavailable' });
    assert.deepEqual(all(other), ['a=1']);
    server.isAway = false;
    const third = node(t, server);
    await third.rows.change('b', () => 'x');
    await third.rows.change('a', () => null);
    await other.rows.catchUp();
    assert.deepEqual(all(other), ['b=x']);
  },
);

test(
  'what is lost there is told anew by whoever knows it, and what was removed stays removed',
  {
    timeout: 20_000,
  },
  async (t) => {
    const server = new Server();
    const paths = [join(temporaryFolder(t), 'one.db'), join(temporaryFolder(t), 'late.db')] as const;
    const one = node(t, server, paths[0]);
    const late = node(t, server, paths[1]);
    for (const key of ['a', 'b', 'c']) await one.rows.change(key, () => key);
    await late.rows.catchUp();
    // It is away while one of them is removed.
    late.rows.close();
    await one.rows.change('b', () => null);
    server.share = new MemoryShare();
    const again = node(t, server, paths[1]);
    await again.rows.catchUp();
    assert.equal((await server.connect().rowsAfter('t', 0, 9)).rows.length, 3);
    await one.rows.catchUp();
    await again.rows.catchUp();
    const fresh = node(t, server);
    await fresh.rows.catchUp();
    assert.deepEqual(all(fresh), ['a=a', 'c=c']);
    assert.ok(!again.known.has('b'));
  },
);

test('what was told a moment ago is not taken for kept', { timeout: 20_000 }, async (t) => {
  const server = new Server();
  const [one, other] = [node(t, server), node(t, server)];
  await Promise.all([one.rows.ready(5_000), other.rows.ready(5_000)]);
  await one.rows.change('a', () => '1');
  await until(() => other.known.has('a'));
  server.share = new MemoryShare();
  await Promise.all([one.rows.catchUp(), other.rows.catchUp()]);
  const fresh = node(t, server);
  await fresh.rows.catchUp();
  assert.deepEqual(all(fresh), ['a=1']);
});

test('a server that comes back as it was a while ago is told the rest', { timeout: 20_000 }, async (t) => {
  const server = new Server();
  const one = node(t, server);
  await one.rows.change('a', () => '1');
  const before = structuredClone({ tables: server.share.tables });
  await one.rows.change('b', () => '1');
  await one.rows.change('a', () => '2');
  await one.rows.catchUp();
  server.share.tables.clear();
  for (const [name, table] of before.tables) server.share.tables.set(name, table);
  const other = node(t, server);
  await other.rows.catchUp();
  assert.deepEqual(all(other), ['a=1']);
  await one.rows.catchUp();
  await other.rows.catchUp();
  assert.deepEqual(
    [all(other), all(one)],
    [
      ['a=2', 'b=1'],
      ['a=2', 'b=1'],
    ],
  );
});

test(
  'what a node had before is carried over once, and gives way to what the others have',
  {
    timeout: 20_000,
  },
  async (t) => {
    const server = new Server();
    const other = node(t, server);
    await other.rows.change('both', () => 'of the other');
    const path = join(temporaryFolder(t), 'copy.db');
    const database = openDataFile(path, () => {});
    const rows = [
      ['mine', 'x'],
      ['both', 'of this one'],
    ] as const;
    SharedRows.carryOver(new RowCopy(database, 't'), rows);
    const one = node(t, server, path);
    await one.rows.catchUp();
    await other.rows.catchUp();
    assert.deepEqual(all(other), ['both=of the other', 'mine=x']);
    assert.deepEqual(all(one), ['both=of the other']);
    await other.rows.change('mine', () => null);
    SharedRows.carryOver(new RowCopy(database, 't'), rows);
    await one.rows.catchUp();
    await other.rows.catchUp();
    assert.ok(!other.known.has('mine'));
    database.close();
  },
);

test('many rows are read in pieces', { timeout: 60_000 }, async (t) => {
  const server = new Server();
  const one = node(t, server);
  for (let index = 0; index < 1_200; index += 1) await one.rows.change(`k${index}`, () => 'x');
  const other = node(t, server);
  await other.rows.catchUp();
  assert.equal(other.known.size, 1_200);
  assert.deepEqual(other.copy.doubted('', 9), []);
});
