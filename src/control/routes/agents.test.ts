import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';
import { AgentStage, numbersIn } from '../../../test/support/agent-stage.ts';
import type { AgentAnswer, AgentsAnswer, AgentStartedAnswer } from '../admin-answers.ts';

async function stage(t: TestContext): Promise<{ readonly desk: AdminDesk; readonly agents: AgentStage }> {
  const desk = await AdminDesk.open();
  const agents = new AgentStage(t);
  desk.agents.service = agents.service;
  return { desk, agents };
}

function post(body: object) {
  return {
    method: 'POST' as const,
    headers: { ...AUTHORIZED, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
}

describe('/api/v1/agents', () => {
  test('lists the runs of all users', async (t) => {
    const { desk, agents } = await stage(t);
    const one = await agents.run(`echo '{"type":"done"}'`);
    const two = await agents.start('sleep 60', {}, 'bob');
    const ask = async (query: string): Promise<AgentsAnswer> => {
      return (await (await desk.ask(`/api/v1/agents${query}`, { headers: AUTHORIZED })).json()) as AgentsAnswer;
    };
    const { running, queued, agents: all } = await ask('');
    assert.deepEqual([running, queued, ...all.map(({ agent_id: id }) => id)], [1, 0, two.id, one.id]);
    assert.deepEqual(
      (await ask('?user=ann')).agents.map(({ agent_id: id }) => id),
      [one.id],
    );
    assert.deepEqual((await ask('?status=running&session_id=x&batch=y')).agents, []);
    assert.equal(
      await refused(await desk.ask('/api/v1/agents?status=x', { headers: AUTHORIZED })),
      '422 invalid_input',
    );
  });

  test('starts, shows, follows and stops', async (t) => {
    const { desk } = await stage(t);
    const start = await desk.ask('/api/v1/agents?user=ann', post({ prompt: `echo '{"n":1}'; sleep 60` }));
    const { agent_id: id, status } = (await start.json()) as AgentStartedAnswer;
    assert.equal(status, 'started');
    const followed = await desk.ask(`/api/v1/agents/${id}/events`, { headers: AUTHORIZED });
    assert.equal(followed.headers.get('content-type'), 'text/event-stream');
    const shown = (await (await desk.ask(`/api/v1/agents/${id}`, { headers: AUTHORIZED })).json()) as AgentAnswer;
    assert.partialDeepStrictEqual(shown, { user: 'ann', status: 'running', kind: 'sh' });
    const stopped = await (await desk.ask(`/api/v1/agents/${id}/stop`, post({}))).json();
    assert.partialDeepStrictEqual(stopped, { status: 'stopped', pid: null });
    const text = await followed.text();
    assert.match(text, /event: complete/);
    const last = numbersIn(text).at(-1) ?? 0;
    const headers = { ...AUTHORIZED, 'Last-Event-ID': String(last - 1) };
    assert.deepEqual(numbersIn(await (await desk.ask(`/api/v1/agents/${id}/events`, { headers })).text()), [last]);
  });

  test('needs a token, a run that is there, and agents that are switched on', async (t) => {
    const { desk } = await stage(t);
    assert.equal(await refused(await desk.ask('/api/v1/agents')), '401 unauthorized');
    for (const path of ['/api/v1/agents/none', '/api/v1/agents/none/events']) {
      assert.equal(await refused(await desk.ask(path, { headers: AUTHORIZED })), '404 not_found');
    }
    assert.equal(await refused(await desk.ask('/api/v1/agents', post({ prompt: '' }))), '422 invalid_input');
    desk.agents.service = null;
    assert.equal(await refused(await desk.ask('/api/v1/agents', { headers: AUTHORIZED })), '404 not_found');
  });

  test('is described with what a request may hold', async (t) => {
    const { desk } = await stage(t);
    const document = JSON.stringify(await (await desk.ask('/api/v1/openapi.json', { headers: AUTHORIZED })).json());
    assert.match(document, /"session_id":\{"type":"string","pattern"/);
  });
});
