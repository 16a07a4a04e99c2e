import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test, type TestContext } from 'node:test';
import { agentRunRow } from '../../test/support/agent-run-row.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { AgentEvents } from './agent-events.ts';

const RUN = agentRunRow({
  id: 'run-1',
  kind: 'claude',
  user: 'ann',
  session: 's-1',
  status: 'running',
  pid: 4711,
  model: 'm',
  cwd: '/home/ann',
  queuedAtMs: 1,
  startedAtMs: 2,
});
const ENDED = { ...RUN, status: 'ok', endedAtMs: 9, exitCode: 0, cost: 0.5 } as const;
const TOKENS = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };

function fileIn(t: TestContext, path: string = join(temporaryFolder(t), 'agents.db')): AgentEvents {
  const file = new AgentEvents(path);
  t.after(() => file.close());
  return file;
}

function lines(run: string, from: number, ...texts: string[]) {
  return texts.map((text, index) => ({ run, number: from + index, type: 'x', line: Buffer.from(text) }));
}

describe('the file of what agents have done', () => {
  test('keeps a run as it is now', (t) => {
    const file = fileIn(t);
    file.save(RUN);
    assert.deepEqual(file.find('run-1'), RUN);
    file.save({ ...ENDED, tokens: TOKENS, signal: 'SIGINT' });
    assert.deepEqual(file.find('run-1'), { ...ENDED, tokens: TOKENS, signal: 'SIGINT' });
    assert.equal(file.find('run-2'), undefined);
  });

  test('keeps lines byte for byte, and tells them in pages from any number on', (t) => {
    const file = fileIn(t);
    const odd = Buffer.from([0xff, 0, 0x7b]);
    file.add([{ run: 'a', number: 1, type: 'raw', line: odd }, ...lines('a', 2, 'two'), ...lines('b', 1, 'other')]);
    assert.deepEqual(file.eventsAfter('a', 0)[0], { number: 1, type: 'raw', line: odd });
    assert.deepEqual(
      file.eventsAfter('a', 1).map(({ number, line }) => [number, line.toString()]),
      [[2, 'two']],
    );
    assert.deepEqual(file.eventsAfter('a', 2), []);
    assert.equal(file.lastNumber('a'), 2);
    assert.equal(file.lastNumber('c'), 0);
    file.add(lines('long', 1, ...Array.from({ length: 100 }, (_, index) => String(index))));
    assert.equal(file.eventsAfter('long', 0).length, 64);
    file.add(lines('large', 1, 'x'.repeat(2_000_000), 'y'));
    assert.equal(file.eventsAfter('large', 0).length, 1);
  });

  test('keeps all lines of a batch or none', (t) => {
    const file = fileIn(t);
    file.add(lines('a', 1, 'one'));
    assert.throws(() => file.add(lines('a', 2, 'two').concat(lines('a', 1, 'one again'))));
    assert.equal(file.lastNumber('a'), 1);
    assert.throws(() => file.add(lines('a', 1, 'again'), [RUN]));
    assert.equal(file.find('run-1'), undefined);
    file.add(lines('a', 2, 'two'), [RUN]);
    assert.deepEqual(file.find('run-1'), RUN);
  });

  test('finds runs by user, status, session and batch, the newest first', (t) => {
    const file = fileIn(t);
    file.save({ ...RUN, id: 'one', queuedAtMs: 1 });
    file.save({ ...RUN, id: 'two', queuedAtMs: 2, user: 'bob', status: 'ok' });
    file.save({ ...RUN, id: 'four', queuedAtMs: 4, batch: 'b', place: 1 });
    file.save({ ...RUN, id: 'three', queuedAtMs: 4, batch: 'b', place: 0, session: 's-2' });
    const ids = (question: object): string[] => file.runs({ user: null, limit: 10, ...question }).map(({ id }) => id);
    assert.deepEqual(ids({}), ['three', 'four', 'two', 'one']);
    assert.deepEqual(ids({ user: 'bob' }), ['two']);
    assert.deepEqual(ids({ status: 'ok' }), ['two']);
    assert.deepEqual(ids({ session: 's-2' }), ['three']);
    assert.deepEqual(ids({ batch: 'b' }), ['three', 'four']);
    assert.deepEqual(ids({ limit: 1 }), ['three']);
    assert.equal(file.sessionOwner('claude', 's-1')?.id, 'four');
    assert.equal(file.sessionOwner('codex', 's-1'), undefined);
  });

  test('adds up what the runs of a session have used', (t) => {
    const file = fileIn(t);
    file.save({ ...RUN, id: 'one', tokens: TOKENS, cost: 0.25 });
    file.save({ ...RUN, id: 'two', tokens: TOKENS, cost: 0.5 });
    file.save({ ...RUN, id: 'three', session: 's-2', tokens: TOKENS });
    assert.deepEqual(file.sessionTotals('claude', 's-1'), {
      tokens: { input: 2, output: 4, cacheRead: 6, cacheWrite: 8 },
      cost: 0.75,
    });
    assert.equal(file.sessionTotals('claude', 's-3').cost, 0);
  });

  test('tells the events of a batch in the order in which they came', (t) => {
    const file = fileIn(t);
    file.save({ ...RUN, id: 'a', batch: 'b' });
    file.save({ ...RUN, id: 'c', batch: 'b' });
    file.save({ ...RUN, id: 'd', batch: 'other' });
    const [first] = file.add([
      ...lines('a', 1, 'a1'),
      ...lines('d', 1, 'd1'),
      ...lines('c', 1, 'c1'),
      ...lines('a', 2, 'a2'),
    ]);
    const texts = (after: number): string[] => {
      return file.batchEventsAfter('b', after).map(({ run, number }) => `${run}${number}`);
    };
    assert.deepEqual(texts(0), ['a1', 'c1', 'a2']);
    assert.deepEqual(texts(first!), ['c1', 'a2']);
  });

  test('is there again after a restart, what ran then has crashed, and nobody else can read it', (t) => {
    const folder = join(temporaryFolder(t), 'data');
    const path = join(folder, 'agents.db');
    const first = new AgentEvents(path);
    first.save(RUN);
    first.save({ ...ENDED, id: 'run-0' });
    first.add(lines('run-1', 1, 'one'));
    for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
    first.close();
    const second = fileIn(t, path);
    assert.deepEqual(second.endUnfinished('It was left.', 77), [RUN]);
    assert.partialDeepStrictEqual(second.find('run-1'), { status: 'crashed', reason: 'It was left.', endedAtMs: 77 });
    assert.deepEqual(second.find('run-0'), { ...ENDED, id: 'run-0' });
    assert.equal(second.eventsAfter('run-1', 0)[0]?.line.toString(), 'one');
  });

  test('lets go of runs that have ended long ago, with all that they said, some at a time', (t) => {
    const file = fileIn(t);
    file.save({ ...ENDED, id: 'old-1' });
    file.save({ ...ENDED, id: 'old-2' });
    file.save({ ...ENDED, id: 'new', endedAtMs: 20 });
    file.save({ ...RUN, id: 'running' });
    file.add(lines('old-1', 1, 'x'));
    assert.equal(file.forgetBefore(10, 1), 1);
    assert.equal(file.forgetBefore(10, 5), 1);
    assert.equal(file.forgetBefore(10, 5), 0);
    assert.equal(file.lastNumber('old-1'), 0);
    assert.deepEqual(
      file
        .runs({ user: null, limit: 9 })
        .map(({ id }) => id)
        .toSorted(),
      ['new', 'running'],
    );
  });

  test('that cannot be used is named', (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, 'agents.db');
    writeFileSync(path, 'this is no database at all, whatever else it may be'.repeat(20));
    assert.throws(() => new AgentEvents(path), { code: 'config_invalid', message: /agents\.db cannot be used/ });
    const newer = join(folder, 'newer.db');
    const database = new DatabaseSync(newer);
    database.exec('PRAGMA user_version = 2');
    database.close();
    assert.throws(() => new AgentEvents(newer), { message: /newer version/ });
  });
});
