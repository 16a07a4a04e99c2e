import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { AgentStage, numbersIn, REQUEST } from '../../../test/support/agent-stage.ts';
import { AgentEvents } from '../../state/agent-events.ts';

const DONE = `echo '{"type":"done"}'`;
/** One event, and then others until somebody makes that file. */
const talkUntil = (file: string): string =>
  `echo '{"n":1}'; while [ ! -e ${file} ]; do echo '{"n":2}'; sleep 0.01; done; ${DONE}`;

function two(t: TestContext): { before: AgentStage; after: AgentStage; flag: string } {
  const before = new AgentStage(t);
  const after = new AgentStage(t, { folder: before.folder, isBesideAnother: true });
  return { before, after, flag: join(before.folder, 'go') };
}

/** What is told of a batch. */
function followBatch(stage: AgentStage, id: string, what: 'all' | 'ends'): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  const write = (bytes: Buffer): boolean => {
    text += bytes.toString();
    return true;
  };
  stage.service.followBatch(id, null, { after: 0, what }, { write, end: () => resolve(text), fail: reject });
  return promise;
}

describe('runs of the process before this one', () => {
  test('are followed to their end, from any event on', async (t) => {
    const { before, after, flag } = two(t);
    const { id } = await before.start(talkUntil(flag));
    await after.until(() => after.events.lastNumber(id) > 3, 'that it has said something');
    assert.equal(after.service.require(id, 'ann').status, 'running');
    assert.equal(after.service.endOf(id), 0);
    const [whole, rest] = [after.follow(id), after.follow(id, 2)];
    const seen = after.events.lastNumber(id);
    await after.until(() => after.events.lastNumber(id) > seen + 3, 'that it goes on');
    writeFileSync(flag, '');
    const text = await before.follow(id);
    assert.equal(await whole, text);
    assert.deepEqual(numbersIn(await rest), numbersIn(text).slice(2));
    assert.equal(await after.follow(id), text);
  });

  test('are followed as a batch as well', async (t) => {
    const { before, after, flag } = two(t);
    const requests = [
      { ...REQUEST, prompt: DONE },
      { ...REQUEST, prompt: talkUntil(flag) },
    ];
    const { id } = before.service.startBatch(requests, 'ann', 2);
    await after.until(() => after.service.list({ viewer: 'ann', batch: id, limit: 9 }).length === 2, 'that they begin');
    const [all, ends] = [followBatch(after, id, 'all'), followBatch(after, id, 'ends')];
    writeFileSync(flag, '');
    const summary = /\{"type":"batch_complete",.*"agents":2,"ok":2.*\n$/;
    assert.match(await ends, summary);
    assert.equal(await all, await followBatch(before, id, 'all'));
  });

  test('are neither stopped nor talked to here', async (t) => {
    const { before, after, flag } = two(t);
    const { id } = await before.start(talkUntil(flag));
    const refusal = { code: 'shutting_down', message: /that this one has taken over from/ };
    await assert.rejects(after.service.stop(id, 'ann'), refusal);
    assert.throws(() => after.service.say(id, 'ann', 'x'), refusal);
    const own = await after.run(DONE);
    assert.equal(own.status, 'ok');
  });

  test('are lost with it, and whoever follows is told; runs of this one go on', async (t) => {
    const after = new AgentStage(t, { isBesideAnother: true });
    // As one that was killed has left it.
    const left = new AgentEvents(join(after.folder, 'agents.db'));
    const run = { ...(await after.run(DONE)), id: 'lost', status: 'running', endedAtMs: null } as const;
    left.add([{ run: 'lost', number: 1, type: 'x', line: Buffer.from('{}') }], [run]);
    left.close();
    const flag = join(after.folder, 'go');
    const own = await after.start(talkUntil(flag));
    const followed = after.follow('lost');
    after.service.inherit();
    assert.match(await followed, /event: complete\n[^]*"status":"crashed"[^]*Sluice ended while it ran/);
    writeFileSync(flag, '');
    await after.follow(own.id);
    assert.equal(after.service.require(own.id, 'ann').status, 'ok');
  });
});
