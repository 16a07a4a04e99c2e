import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { AgentStage, kindsOf, numbersIn, REQUEST } from '../../../test/support/agent-stage.ts';
import { listProcesses } from '../processes/process-table.ts';
import { configuredKind } from './kinds/configured.ts';

const DONE = `echo '{"type":"done"}'`;
/** Until somebody makes that file. */
const waitFor = (file: string): string => `while [ ! -e ${file} ]; do sleep 0.01; done`;

describe('a run of an agent', () => {
  test('is told from its first line to its end, numbered without a gap', async (t) => {
    const stage = new AgentStage(t);
    const run = await stage.run(`echo '{"type":"a","session":"s-1","in":3}'; echo no json; ${DONE}`);
    assert.match(
      run.text,
      /^id: 1\ndata: \{"type":"a","session":"s-1","in":3\}\n\nid: 2\ndata: \{"type":"raw","data":"no json"\}\n\nid: 3\ndata: \{"type":"done"\}\n\nevent: complete\nid: 4\ndata: (\{.*\})\n\n$/,
    );
    assert.partialDeepStrictEqual(run, { status: 'ok', session: 's-1', exitCode: 0, user: 'ann', kind: 'sh' });
    assert.deepEqual(run.tokens, { input: 3, output: 0, cacheRead: 0, cacheWrite: 0 });
    const { data } = /data: (?<data>.*)\n\n$/.exec(run.text)?.groups ?? {};
    assert.partialDeepStrictEqual(JSON.parse(data ?? ''), { agent_id: run.id, status: 'ok', session_id: 's-1' });
    assert.deepEqual(
      stage.ended.map(({ id }) => id),
      [run.id],
    );
  });

  test('can be told again from any event on, live, finished, and after a restart', async (t) => {
    const stage = new AgentStage(t);
    const flag = join(stage.folder, 'go');
    const { id } = await stage.start(`echo '{"n":1}'; echo '{"n":2}'; ${waitFor(flag)}; echo '{"n":3}'; ${DONE}`);
    const whole = stage.follow(id);
    const rest = stage.follow(id, 1);
    writeFileSync(flag, '');
    assert.deepEqual(numbersIn(await whole), [1, 2, 3, 4, 5]);
    assert.deepEqual(numbersIn(await rest), [2, 3, 4, 5]);
    assert.deepEqual(numbersIn(await stage.follow(id, 3)), [4, 5]);
    assert.equal(stage.service.endOf(id), 5);
    await stage.close();
    const later = new AgentStage(t, { folder: stage.folder });
    assert.equal(await later.follow(id), await whole);
    assert.partialDeepStrictEqual(later.service.require(id, 'ann'), { status: 'ok', exitCode: 0 });
  });

  test('sees nothing of our environment but what is listed, and has a folder for what is temporary', async (t) => {
    const env = new Map([['sh', { EXTRA: 'x' }]]);
    const stage = new AgentStage(t, { settings: { env } });
    const run = await stage.run(
      `env | grep -v -e ^PWD -e ^_ -e ^SHLVL -e ^OLDPWD | cut -d= -f1 | sort | tr '\\n' ' '; echo; test -d "$TMPDIR" && touch $TMPDIR/x; ${DONE}`,
    );
    assert.match(run.text, /"data":"EXTRA PATH SLUICE_RUN_ID TMPDIR "/);
    assert.deepEqual(readdirSync(join(stage.folder, 'tmp')), []);
  });

  test('ends as what it says and how its process ends tell together', async (t) => {
    const stage = new AgentStage(t);
    const ends = async (prompt: string, rest = {}): Promise<string> => {
      const { status, reason, exitCode, signal } = await stage.run(prompt, rest);
      return [status, exitCode, signal, reason].join(' | ');
    };
    assert.equal(await ends(DONE), 'ok | 0 |  | ');
    assert.equal(await ends(''), 'crashed | 0 |  | It ended without an answer.');
    assert.equal(await ends(`${DONE}; exit 3`), 'error | 3 |  | It ended with code 3.');
    assert.equal(await ends('echo "bad: api_key=sk-12345678" >&2; exit 1'), 'error | 1 |  | bad: api_key=***');
    assert.equal(await ends(`echo '{"error":"no login"}'; exit 0`), 'error | 0 |  | no login');
    assert.equal(await ends('kill -9 $$'), 'crashed |  | SIGKILL | It died by SIGKILL.');
    assert.match(await ends('sleep 60', { timeoutMs: 50 }), /^timeout \| .* It took longer than its time-out\.$/);
  });

  test('is stopped when it says nothing, or too much', async (t) => {
    const quiet = new AgentStage(t, { settings: { silenceMs: 50 } });
    assert.partialDeepStrictEqual(await quiet.run('sleep 60'), {
      status: 'timeout',
      reason: 'It printed nothing for too long.',
    });
    const loud = new AgentStage(t, { settings: { maxOutputBytes: 1000 } });
    assert.partialDeepStrictEqual(await loud.run('yes'), {
      status: 'error',
      reason: 'It printed more than it may (agents.max_output).',
    });
  });

  test('is stopped with all that it has started, before the stop is answered', async (t) => {
    const stage = new AgentStage(t);
    const { id } = await stage.start(`setsid nohup sleep 60 > /dev/null 2>&1 & sleep 60 & echo '{"n":1}'; wait`);
    await stage.until(() => stage.events.lastNumber(id) > 0, 'that it runs');
    await stage.until(() => processesOf(stage).length >= 3, 'that all of it runs');
    const row = await stage.service.stop(id, 'ann');
    assert.partialDeepStrictEqual(row, { status: 'stopped', reason: 'It was stopped.' });
    assert.deepEqual(processesOf(stage), []);
    assert.equal((await stage.service.stop(id, 'ann')).status, 'stopped');
  });

  test('is stopped with Sluice, and its followers are told', async (t) => {
    const stage = new AgentStage(t);
    const { id } = await stage.start('sleep 60');
    const text = stage.follow(id);
    await stage.close();
    assert.match(await text, /event: complete\nid: 1\ndata: .*"status":"stopped".*"reason":"Sluice was stopped\."/);
  });

  test('that is none is not found, and neither is one of somebody else', async (t) => {
    const stage = new AgentStage(t);
    const { id } = await stage.run(DONE);
    for (const viewer of ['bob', '']) {
      assert.throws(() => stage.service.require(id, viewer), { code: 'not_found', message: `Agent ${id} not found` });
      await assert.rejects(stage.service.stop(id, viewer), { code: 'not_found' });
      assert.deepEqual(stage.service.list({ viewer, limit: 10 }), []);
    }
    assert.throws(() => stage.service.require('x', null), { code: 'not_found' });
    assert.deepEqual(
      stage.service.list({ viewer: 'ann', limit: 10 }).map((run) => run.id),
      [id],
    );
    assert.equal(stage.service.list({ viewer: null, limit: 10 }).length, 1);
  });

  test('whose program or kind is not there is refused', async (t) => {
    const base = { subscription: false, prompt: 'stdin', resume: [], model: [], args: [] } as const;
    const tokens = { input: null, output: null, cacheRead: null, cacheWrite: null };
    const events = { session: null, model: null, error: null, cost: null, tokens, end: null };
    const missing = configuredKind({ ...base, name: 'missing', program: 'sluice-has-no-such-agent', events });
    const odd = configuredKind({ ...base, name: 'odd', program: join(import.meta.dirname, 'odd'), events });
    const stage = new AgentStage(t, { settings: { kinds: kindsOf(missing, odd), defaultKind: 'missing' } });
    await assert.rejects(stage.start('x'), { code: 'agent_unavailable', message: /not in PATH/ });
    await assert.rejects(stage.start('x', { kind: 'odd' }), { code: 'agent_unavailable' });
    await assert.rejects(stage.start('x', { kind: 'y' }), { code: 'invalid_input', message: /there are missing, odd/ });
    assert.deepEqual(stage.service.list({ viewer: null, limit: 10 }), []);
  });
});

describe('a session of an agent', () => {
  test('is resumed where it was, with the arguments for it', async (t) => {
    const stage = new AgentStage(t);
    mkdirSync(join(stage.workspace, 'ann', 'deep'), { recursive: true });
    await stage.run(`echo '{"session":"s-1"}'; ${DONE}`, { cwd: 'deep' });
    const run = await stage.run(`pwd; echo "$@"; ${DONE}`, { session: 's-1', model: 'm-1' });
    assert.match(run.text, /"data":"[^"]*\/workspace\/ann\/deep"/);
    assert.match(run.text, /"data":"model=m-1 session=s-1"/);
    assert.equal(stage.service.list({ viewer: 'ann', session: 's-1', limit: 10 }).length, 2);
  });

  test('of somebody else is not found', async (t) => {
    const stage = new AgentStage(t);
    await stage.run(`echo '{"session":"s-1"}'; ${DONE}`);
    await assert.rejects(stage.start(DONE, { session: 's-1' }, 'bob'), { code: 'not_found' });
    await assert.rejects(stage.start(DONE, { session: 's-1' }, ''), { code: 'not_found' });
    await assert.rejects(stage.start(DONE, { session: 's-2' }), { code: 'not_found' });
    assert.equal((await stage.run(DONE, { session: 's-2' }, '')).status, 'ok');
  });

  test('is gone on with by one run at a time, also by those that come while it begins', async (t) => {
    const stage = new AgentStage(t);
    const flag = join(stage.folder, 'go');
    const log = join(stage.folder, 'log');
    const first = await stage.start(`echo '{"session":"s-1"}'; ${waitFor(flag)}; echo first >> ${log}; ${DONE}`);
    await stage.until(() => stage.service.require(first.id, null).session === 's-1', 'that the session has begun');
    const second = await stage.start(`echo second >> ${log}; ${DONE}`, { session: 's-1' });
    const third = await stage.start(`echo third >> ${log}; cat ${log}; ${DONE}`, { session: 's-1' });
    assert.deepEqual([second.status, third.status], ['queued', 'queued']);
    assert.ok(stage.service.positionOf(third.id) > 0);
    writeFileSync(flag, '');
    assert.match(await stage.follow(third.id), /"first"[^]*"second"[^]*"third"/);
  });
});

describe('a message to an agent', () => {
  test('is answered while it waits for one, and it ends when none comes', async (t) => {
    const stage = new AgentStage(t);
    const { id } = await stage.start('one', { kind: 'listening', lingerMs: 5_000 });
    await stage.until(() => stage.events.lastNumber(id) === 1, 'that it has answered');
    stage.service.say(id, 'ann', 'two');
    await stage.until(() => stage.events.lastNumber(id) === 2, 'that it has answered again');
    assert.throws(() => stage.service.say(id, 'bob', 'x'), { code: 'not_found' });
    const row = await stage.service.stop(id, 'ann');
    assert.equal(row.status, 'stopped');
    assert.throws(() => stage.service.say(id, 'ann', 'x'), { code: 'agent_not_listening' });
    const short = await stage.run('one', { kind: 'listening', lingerMs: 20 });
    assert.deepEqual([short.status, numbersIn(short.text)], ['ok', [1, 2]]);
    const none = await stage.run('one', { kind: 'listening' });
    assert.equal(none.status, 'ok');
  });

  test('is refused by kinds that take none', async (t) => {
    const stage = new AgentStage(t);
    const { id } = await stage.start('sleep 60');
    assert.throws(() => stage.service.say(id, 'ann', 'x'), { code: 'agent_not_listening', message: /kind sh/ });
  });
});

describe('the queue of agents', () => {
  test('lets no more run than may, tells who waits where, and refuses those beyond', async (t) => {
    const stage = new AgentStage(t, { settings: { maxConcurrent: 1, maxQueued: 2 } });
    const flag = join(stage.folder, 'go');
    const first = await stage.start(`${waitFor(flag)}; ${DONE}`);
    const others = [await stage.start(DONE), await stage.start(DONE)];
    assert.deepEqual([first.status, ...others.map(({ status }) => status)], ['running', 'queued', 'queued']);
    assert.deepEqual(
      others.map(({ id }) => stage.service.positionOf(id)),
      [1, 2],
    );
    assert.equal(stage.counted, 1);
    assert.deepEqual([stage.service.running, stage.service.queued, stage.service.positionOf(first.id)], [1, 2, 0]);
    await assert.rejects(stage.start(DONE), { code: 'processes_busy', retryAfterMs: 5_000 });
    assert.equal((await stage.service.stop(others[0]!.id, 'ann')).status, 'stopped');
    writeFileSync(flag, '');
    assert.match(await stage.follow(others[1]!.id), /"status":"ok"/);
    assert.deepEqual([stage.service.running, stage.service.queued, stage.counted], [0, 0, 0]);
  });

  test('follows a new configuration', async (t) => {
    const stage = new AgentStage(t, { settings: { maxConcurrent: 1 } });
    const { id } = await stage.start('sleep 60');
    const waiting = await stage.start(DONE);
    stage.service.configure({ ...stage.settings, maxConcurrent: 2 });
    assert.match(await stage.follow(waiting.id), /"status":"ok"/);
    await stage.service.stop(id, null);
  });
});

describe('a batch of agents', () => {
  const followed = (stage: AgentStage, id: string, after = 0): Promise<Record<string, unknown>[]> => {
    const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>[]>();
    let text = '';
    stage.service.followBatch(
      id,
      'ann',
      { after, what: 'all' },
      {
        write: (bytes) => {
          text += bytes.toString();
          return true;
        },
        end: () =>
          resolve(
            text
              .trimEnd()
              .split('\n')
              .map((line) => JSON.parse(line) as Record<string, unknown>),
          ),
        fail: reject,
      },
    );
    return promise;
  };

  test('runs so many at once, and tells all of them in one stream, now and later', async (t) => {
    const stage = new AgentStage(t);
    const log = join(stage.folder, 'log');
    const prompt = (n: number): string =>
      `echo +${n} >> ${log}; echo '{"n":${n}}'; sleep 0.02; echo -${n} >> ${log}; cat ${log}; ${DONE}`;
    const requests = [0, 1, 2].map((n) => ({ ...REQUEST, prompt: prompt(n) }));
    const { id, runs } = stage.service.startBatch(requests, 'ann', 1);
    assert.deepEqual(
      runs.map(({ place, batch }) => [place, batch]),
      [
        [0, id],
        [1, id],
        [2, id],
      ],
    );
    const lines = await followed(stage, id);
    assert.deepEqual(lines.at(-1), { type: 'batch_complete', batch_id: id, agents: 3, ok: 3, cost_usd: null });
    assert.deepEqual(
      lines.filter(({ type }) => type === 'complete').map(({ index }) => index),
      [0, 1, 2],
    );
    const said = lines
      .map(({ data }) => (data as { data?: string } | undefined)?.data)
      .filter((text) => text?.startsWith('+') || text?.startsWith('-'));
    assert.deepEqual(said.slice(-6), ['+0', '-0', '+1', '-1', '+2', '-2']);
    assert.deepEqual(await followed(stage, id), lines);
    const third = Number(lines[2]?.['sequence']);
    assert.deepEqual(await followed(stage, id, third), lines.slice(3));
    assert.throws(
      () =>
        stage.service.followBatch(
          id,
          'bob',
          { after: 0, what: 'all' },
          { write: () => true, end: () => {}, fail: () => {} },
        ),
      {
        code: 'not_found',
      },
    );
  });

  test('keeps nobody else out, and has a bound', async (t) => {
    const stage = new AgentStage(t, { settings: { maxConcurrent: 1, maxQueued: 1 } });
    const { id } = stage.service.startBatch(
      Array.from({ length: 20 }, () => ({ ...REQUEST, prompt: DONE })),
      'ann',
      1000,
    );
    const other = await stage.start(DONE, {}, 'bob');
    assert.match(await stage.follow(other.id), /"status":"ok"/);
    await followed(stage, id);
    const many = Array.from({ length: 10_001 }, () => REQUEST);
    assert.throws(() => stage.service.startBatch(many, 'ann', 1), { code: 'processes_busy' });
  });

  test('is not begun where one of it is not right', (t) => {
    const stage = new AgentStage(t);
    const requests = [REQUEST, { ...REQUEST, cwd: '..' }];
    assert.throws(() => stage.service.startBatch(requests, 'ann', 1), {
      code: 'invalid_input',
      message: /^agents\[1\]: cwd/,
    });
    assert.equal(stage.service.queued, 0);
  });
});

describe('when things go wrong around agents', () => {
  test('what ran when Sluice was killed has crashed, and is told as it was stored', async (t) => {
    const stage = new AgentStage(t);
    const { id } = await stage.start(`echo '{"n":1}'; sleep 60`);
    await stage.until(() => stage.events.lastNumber(id) === 1, 'that something is stored');
    const other = new AgentStage(t, { folder: stage.folder });
    assert.partialDeepStrictEqual(other.service.require(id, null), {
      status: 'crashed',
      reason: 'Sluice ended while it ran.',
    });
    const text = await other.follow(id);
    assert.deepEqual(numbersIn(text), [1, 2]);
    assert.match(text, /event: complete\nid: 2\ndata: .*"status":"crashed"/);
    assert.ok(other.logged.includes('agents were lost when Sluice ended'));
  });

  test('nothing is lost and nobody is told while nothing can be stored', async (t) => {
    const stage = new AgentStage(t);
    const { add } = stage.events;
    const { id } = await stage.start(`echo '{"n":1}'; while [ ! -e go ]; do sleep 0.01; done; seq 1 2000; ${DONE}`);
    await stage.until(() => stage.events.lastNumber(id) === 1, 'that something is stored');
    stage.events.add = () => {
      throw new Error('disk full');
    };
    writeFileSync(join(stage.workspace, 'ann', 'go'), '');
    await stage.until(
      () => stage.logged.includes('what agents print cannot be stored: they wait'),
      'that it is noticed',
    );
    const text = stage.follow(id);
    stage.events.add = add;
    assert.deepEqual(
      numbersIn(await text),
      Array.from({ length: 2003 }, (_, index) => index + 1),
    );
    assert.ok(stage.logged.includes('what agents print can be stored again'));
  });

  test('what is old is forgotten', async (t) => {
    const stage = new AgentStage(t);
    const { id } = await stage.run(DONE);
    await stage.close();
    const later = new AgentStage(t, { folder: stage.folder, settings: { keepMs: -1_000 } });
    assert.throws(() => later.service.require(id, null), { code: 'not_found' });
  });
});

/** What is left of what it has run. */
function processesOf({ workspace }: AgentStage): number[] {
  const pids = listProcesses().map(({ pid }) => pid);
  return pids.filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(workspace);
    } catch {
      return false;
    }
  });
}
