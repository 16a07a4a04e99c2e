// With real processes, behind an engine that has no network. What a user sees over the network: test/e2e/agents-*.test.ts.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { AgentStage, type AgentStageOptions } from '../../../test/support/agent-stage.ts';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { agents } from './agents.ts';

const DONE = `echo '{"type":"done"}'`;

class Stage {
  readonly agents: AgentStage;
  readonly play: Playbook;
  private text = '';

  constructor(t: TestContext, options: AgentStageOptions = {}) {
    this.agents = new AgentStage(t, options);
    this.play = new Playbook(t, { target: agents({ service: () => this.agents.service, node: () => 'here' }) });
  }

  ask(line: string, body?: object | string, ...fields: readonly string[]): this {
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const length = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(text)}`];
    this.text = '';
    this.play.downstreamSends(head(`${line} HTTP/1.1`, 'Host: a.test', ...length, ...fields) + text);
    return this;
  }

  /** All that the client has got, when it fits. */
  async gets(pattern: RegExp): Promise<string> {
    await this.agents.until(
      () => {
        this.text += this.play.takeDownstream();
        return pattern.test(this.text);
      },
      `${String(pattern)} in ${this.text}`,
    );
    return this.text;
  }

  /** The JSON of the next answer. */
  async json(line: string, body?: object): Promise<Record<string, unknown>> {
    const text = await this.ask(line, body).gets(/\r\n\r\n\{.*\}$/s);
    return JSON.parse(text.slice(text.indexOf('\r\n\r\n'))) as Record<string, unknown>;
  }
}

describe('agents over HTTP', () => {
  test('are started, shown, listed and stopped', async (t) => {
    const stage = new Stage(t);
    const started = await stage.json('POST /agent/start', { prompt: 'sleep 60' });
    assert.partialDeepStrictEqual(started, { status: 'started' });
    const { agent_id: id, pid } = started;
    assert.equal(typeof pid, 'number');
    const shown = await stage.json(`GET /agent/${String(id)}`);
    assert.partialDeepStrictEqual(shown, { agent_id: id, pid, status: 'running', kind: 'sh', position: null });
    const listed = await stage.json('GET /agent?status=running&limit=5');
    assert.deepEqual(
      (listed['agents'] as { agent_id: string }[]).map(({ agent_id }) => agent_id),
      [id],
    );
    assert.deepEqual(await stage.json('GET /agent?status=ok&session_id=x&batch=y'), { agents: [] });
    assert.deepEqual(await stage.json(`POST /agent/stop/${String(id)}`, {}), {
      status: 'stopped',
      agent_id: id,
      outcome: 'stopped',
    });
    stage.play.end();
  });

  test('are told as they speak, and again from any event on', async (t) => {
    const stage = new Stage(t);
    const text = await stage.ask('POST /agent/stream', { prompt: `echo '{"n":1}'; ${DONE}` }).gets(/0\r\n\r\n$/);
    assert.match(
      text,
      /^HTTP\/1\.1 200 OK\r\nContent-Type: text\/event-stream\r\nCache-Control: no-cache\r\nX-Accel-Buffering: no\r\n/,
    );
    const [, id = ''] = /\r\nX-Agent-Id: (\w+)\r\n/.exec(text) ?? [];
    assert.match(
      text,
      /\r\nretry: 1000\nevent: started\ndata: \{"agent_id":"\w+","pid":\d+,"status":"started","node":"here"\}\n\n/,
    );
    assert.match(
      text,
      /id: 1\ndata: \{"n":1\}\n\n[^]*id: 2\ndata: \{"type":"done"\}\n\n[^]*event: complete\nid: 3\ndata: \{/,
    );
    const later = await stage.ask(`GET /agent/${id}/events`, undefined, 'Last-Event-ID: 1').gets(/0\r\n\r\n$/);
    assert.match(later, /\r\nretry: 1000\n\n[^]*id: 2\n[^]*id: 3\n/);
    assert.doesNotMatch(later, /id: 1\n/);
    assert.match(await stage.ask(`GET /agent/${id}/events?last_event_id=2`).gets(/0\r\n\r\n$/), /event: complete/);
    await stage.ask(`GET /agent/${id}/events`, undefined, 'Last-Event-ID: 3').gets(/^HTTP\/1\.1 204 [^]*\r\n\r\n$/);
    stage.play.end();
  });

  test('get further messages', async (t) => {
    const stage = new Stage(t, { settings: { lingerMs: 10_000 } });
    const { agent_id: id } = await stage.json('POST /agent/start', { prompt: 'one', kind: 'listening' });
    const accepted = await stage.ask(`POST /agent/${String(id)}/message`, { message: 'two' }).gets(/\}$/);
    assert.match(accepted, /^HTTP\/1\.1 202 [^]*"status":"accepted"/);
    await stage.agents.until(() => stage.agents.events.lastNumber(String(id)) === 2, 'both answers');
    await stage.json(`POST /agent/stop/${String(id)}`, {});
    await stage.ask(`POST /agent/${String(id)}/message`, { message: 'three' }).play.promises();
    stage.play.expectError(409, 'agent_not_listening').end();
  });

  test('run in batches, told together, or by their ends only', async (t) => {
    const stage = new Stage(t);
    const requests = { agents: [{ prompt: `echo '{"n":1}'; ${DONE}` }, { prompt: DONE }], concurrency: 1 };
    const text = await stage.ask('POST /agent/batch', requests).gets(/0\r\n\r\n$/);
    assert.match(text, /\r\nContent-Type: application\/x-ndjson\r\n/);
    assert.match(text, /\{"type":"batch_started","batch_id":"\w+","agents":\["\w+","\w+"\]\}\n/);
    assert.match(text, /"type":"event"[^\n]*"data":\{"n":1\}\}\n[^]*\{"type":"batch_complete"[^\n]*"ok":2/);
    const [, id = ''] = /\r\nX-Batch-Id: (\w+)\r\n/.exec(text) ?? [];
    const ends = await stage.ask(`GET /agent/batch/${id}?stream=false`).gets(/0\r\n\r\n$/);
    assert.equal(ends.match(/"type":"complete"/g)?.length, 2);
    assert.doesNotMatch(ends, /"type":"event"/);
    const quiet = await stage.ask('POST /agent/batch', { ...requests, stream: false }).gets(/0\r\n\r\n$/);
    assert.doesNotMatch(quiet, /"type":"event"/);
    stage.ask('GET /agent/batch/none');
    stage.play.expectError(404, 'not_found').end();
  });

  test('wait for their turn, and tell where', async (t) => {
    const stage = new Stage(t, { settings: { maxConcurrent: 1 } });
    const first = await stage.json('POST /agent/start', { prompt: 'sleep 60' });
    const second = await stage.json('POST /agent/start', { prompt: 'sleep 60' });
    assert.partialDeepStrictEqual(second, { status: 'queued', pid: null, position: 1 });
    assert.partialDeepStrictEqual(await stage.json(`GET /agent/${String(second['agent_id'])}`), { position: 1 });
    for (const { agent_id: id } of [second, first]) await stage.json(`POST /agent/stop/${String(id)}`, {});
    stage.play.end();
  });

  test('tell of a place in the line that has changed', async (t) => {
    const stage = new Stage(t, { settings: { maxConcurrent: 1 } });
    const ids: unknown[] = [];
    for (let i = 0; i < 2; i += 1) {
      ids.push((await stage.json('POST /agent/start', { prompt: 'sleep 60' }))['agent_id']);
    }
    await stage.ask('POST /agent/stream', { prompt: DONE }).gets(/"status":"queued","position":2/);
    await stage.agents.service.stop(String(ids[1]), '');
    stage.play.passes(16_000);
    assert.match(await stage.gets(/event: queued/), /event: queued\ndata: \{"agent_id":"\w+","position":1\}\n\n/);
    await stage.agents.service.stop(String(ids[0]), '');
    assert.match(await stage.gets(/0\r\n\r\n$/), /event: complete/);
    stage.play.end();
  });

  test('go on without a client', async (t) => {
    const stage = new Stage(t);
    stage.ask('POST /agent/stream', { prompt: `sleep 0.1; ${DONE}` });
    await stage.gets(/event: started/);
    stage.play.clientCloses();
    await stage.agents.until(() => stage.agents.ended.length === 1, 'its end');
    assert.equal(stage.agents.ended[0]?.status, 'ok');
    stage.play.end();
  });

  test('that are not there, or not asked for rightly, are errors in the one shape', async (t) => {
    const stage = new Stage(t);
    for (const [line, body, status, code] of [
      ['GET /agent/none', undefined, 404, 'not_found'],
      ['GET /agent/none/events', undefined, 404, 'not_found'],
      ['POST /agent/start', '{"prompt":', 422, 'invalid_input'],
      ['POST /agent/stream', {}, 422, 'invalid_input'],
      ['POST /agent/batch', { agents: [{ prompt: 'x', cwd: '..' }] }, 422, 'invalid_input'],
      ['GET /agent?status=wrong', undefined, 422, 'invalid_input'],
      ['GET /agent?limit=x', undefined, 422, 'invalid_input'],
      ['GET /agent/start/x/y', undefined, 404, 'not_found'],
      ['DELETE /agent/start', undefined, 405, 'method_not_allowed'],
      ['HEAD /agent/none/events', undefined, 405, null],
    ] as const) {
      await stage.ask(line, body).play.promises();
      if (code === null) assert.match(await stage.gets(/\r\n\r\n/), new RegExp(`^HTTP/1.1 ${status} `));
      else stage.play.expectError(status, code);
    }
    stage.play.end();
    const nodes = agents({ service: () => stage.agents.service, node: () => 'here', answersNodes: () => 'id-of-node' });
    const door = new Playbook(t, { target: nodes });
    door.downstreamSends(head('GET /agent HTTP/1.1', 'Host: a.test')).expectError(403, 'forbidden');
    const asked = ['Host: a.test', 'sluice-node-viewer: all'];
    door.downstreamSends(head('GET /agent HTTP/1.1', ...asked, 'sluice-node: another')).expectDownstream(/ 421 /);
    door.downstreamSends(head('GET /agent HTTP/1.1', ...asked, 'sluice-node: id-of-node'));
    door.expectDownstream(/"agents":\[\],"running":0,"queued":0/).end();
    const off = new Playbook(t, { target: agents({ service: () => null }) });
    off.downstreamSends(head('GET /agent HTTP/1.1', 'Host: a.test')).expectError(503, 'shutting_down').end();
  });
});
