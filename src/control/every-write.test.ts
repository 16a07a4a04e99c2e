// What holds for every write of the admin API, whichever it is: the document of the API says which there are.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../test/support/admin-desk.ts';
import { AgentStage } from '../../test/support/agent-stage.ts';
import { configOf } from '../../test/support/gateway.ts';
import { seenRequest } from '../../test/support/seen-request.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { SluiceError } from '../core/errors.ts';
import { UserDirectory } from '../services/identity/user-directory.ts';
import { readPathOf } from './conditional-writes.ts';
import { type OpenApiDocument, openApiDocument } from './openapi-document.ts';

const WRITES = ['post', 'put', 'patch', 'delete'] as const;
const SECRET = 'slc_never-to-be-seen';

interface Write {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly takesBody: boolean;
}

interface Stage {
  readonly desk: AdminDesk;
  readonly writes: readonly Write[];
  send(write: Write, headers?: Record<string, string>, body?: object): Promise<Response>;
}

/** Something is there of each kind. */
async function stage(t: TestContext): Promise<Stage> {
  const desk = await AdminDesk.open({}, { exits: { proxies: [{ id: 'a', url: 'socks5://192.0.2.1:1080' }] } });
  const config = configOf({ tunnels: { server: { enabled: true } } });
  desk.office.open(temporaryFolder(t), config, new UserDirectory([]));
  desk.office.configure(config, new UserDirectory([]));
  t.after(() => desk.office.close());
  desk.backends.follow(
    configOf({ gateway: { routes: [{ name: 'pair', to: { backends: ['http://192.0.2.1', 'http://192.0.2.2'] } }] } }),
  );
  t.after(() => desk.backends.stop());
  const agents = new AgentStage(t);
  desk.agents.service = agents.service;
  const run = await agents.run('true');
  const { account } = await desk.office.add({ email: 'a@b.c', token: null });
  desk.tape.add(seenRequest({ id: 'r1' }));
  const body = { bytes: 0, text: '', base64: null, cut: false };
  const of = { id: 1, atMs: 0, tunnel: 'web', kind: 'http', method: 'GET', path: '/', status: 200 } as const;
  const rest = { durationMs: 1, replayOf: null, requestHeaders: [], request: body, answerHeaders: [], answer: body };
  desk.requests = [{ ...of, ...rest }];
  const ids: Readonly<Record<string, string>> = {
    '/api/v1/agents/{id}': run.id,
    '/api/v1/backends/{id}': encodeURIComponent('pair/http://192.0.2.1'),
    '/api/v1/proxies/{id}': 'exits%2Fa',
    '/api/v1/requests/{id}': 'r1',
    '/api/v1/tokens/{id}': await tokenIn(desk),
    '/api/v1/tunnels/accounts/{id}': account.id,
    '/api/v1/tunnels/invitations/{id}': '1',
    '/api/v1/tunnels/requests/{id}': '1',
    '/api/v1/tunnels/{name}': 'web',
  };
  const filled = (path: string): string => {
    const known = Object.keys(ids).find((each) => path === each || path.startsWith(`${each}/`));
    if (!path.includes('{')) return path;
    assert.ok(known !== undefined, `say in this test which one ${path} is to be`);
    return known.replace(/\{\w+\}/, ids[known]!) + path.slice(known.length);
  };
  return {
    desk,
    writes: writesOf(openApiDocument(desk.app)).map((write) => ({ ...write, path: filled(write.path) })),
    send: ({ method, path }, headers = {}, body) =>
      desk.ask(path, {
        method,
        headers: { ...AUTHORIZED, ...headers, ...(body && { 'Content-Type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      }),
  };
}

/** Empty: none can be made here. */
async function tokenIn(desk: AdminDesk): Promise<string> {
  const headers = { ...AUTHORIZED, 'Content-Type': 'application/json' };
  const body = JSON.stringify({ user: 'ci', may: ['egress'] });
  const made = await desk.ask('/api/v1/tokens', { method: 'POST', headers, body });
  return made.status === 201 ? ((await made.json()) as { id: string }).id : '';
}

function writesOf({ paths }: OpenApiDocument): Write[] {
  return Object.entries(paths).flatMap(([path, item]) => {
    if (!path.startsWith('/api/v1/') && !path.startsWith('/admin/')) return [];
    return WRITES.flatMap((method) => {
      const operation = item[method];
      if (operation === undefined) return [];
      const takesBody = operation.requestBody !== undefined;
      return [{ name: `${method} ${path}`, method: method.toUpperCase(), path, takesBody }];
    });
  });
}

describe('every write of the admin API', () => {
  test('takes what is described and nothing else', async (t) => {
    const { writes, send } = await stage(t);
    const validated = writes.filter(({ takesBody }) => takesBody);
    assert.ok(validated.length > 5);
    for (const write of validated) {
      const answer = await send(write, {}, { no_such_field: true });
      assert.equal(await refused(answer), '422 invalid_input', write.name);
    }
  });

  test('holds only for the state that was read, and answers the tag of the one that is', async (t) => {
    const { desk, writes, send } = await stage(t);
    for (const write of writes) {
      const read = readPathOf(write.path) ?? '/api/v1/config';
      const tag = (await desk.ask(read, { headers: AUTHORIZED })).headers.get('etag');
      if (read !== '/api/v1/config') assert.match(tag ?? '', /^"[\w-]+"$/, `${write.name}: ${read} has no ETag`);
      if (read === '/api/v1/config') desk.reloadFault = new SluiceError('precondition_failed');
      const answer = await send(write, { 'If-Match': '"of-another-state"' }, write.takesBody ? {} : undefined);
      assert.equal(answer.headers.get('etag'), tag, write.name);
      assert.equal(await refused(answer), '412 precondition_failed', write.name);
    }
  });

  test('is told by a line of the log and an event that say who, what and from where, without secrets', async (t) => {
    const { desk, writes, send } = await stage(t);
    for (const write of writes) {
      desk.logged.length = 0;
      const body = write.takesBody ? { enabled: false, token: SECRET, url: `http://u:${SECRET}@a.test` } : undefined;
      const answer = await send(write, {}, body);
      const line = desk.logged.find(({ message }) => message === 'admin write');
      const { changed, ...facts } = line?.fields ?? {};
      assert.deepEqual(
        facts,
        {
          event: 'audit',
          actor: 'alice',
          by: 'token',
          remote: '192.0.2.9',
          method: write.method,
          path: decodeURI(write.path),
          status: answer.status,
          request_id: answer.headers.get('x-request-id'),
        },
        write.name,
      );
      if (write.takesBody) assert.equal((changed as { enabled: unknown }).enabled, false, write.name);
      const [event] = desk.events.recent({ kinds: ['audit'], level: null, text: null }, 1);
      assert.equal(event?.fields['request_id'], answer.headers.get('x-request-id'), write.name);
      assert.ok(!JSON.stringify(desk.logged).includes(SECRET), write.name);
    }
  });
});

describe('a tag', () => {
  test('is another one when something was changed, and the same whatever passes', async (t) => {
    const { desk, send } = await stage(t);
    const tag = async (): Promise<string> => {
      return (await desk.ask('/api/v1/proxies/exits%2Fa', { headers: AUTHORIZED })).headers.get('etag') ?? '';
    };
    const write = { name: '', method: 'PATCH', path: '/api/v1/proxies/exits%2Fa', takesBody: true };
    const before = await tag();
    const changed = await send(write, { 'If-Match': before }, { weight: 3 });
    assert.equal(changed.status, 200);
    assert.equal(changed.headers.get('etag'), await tag());
    assert.notEqual(await tag(), before);
    assert.equal((await send(write, { 'If-Match': before }, { weight: 4 })).status, 412);
    assert.equal((await send(write, { 'If-Match': '*' }, { weight: 4 })).status, 200);
    assert.equal((await send(write, { 'If-Match': `W/${await tag()}` }, { weight: 5 })).status, 412);
    assert.equal(
      (await send({ ...write, path: '/api/v1/proxies/none' }, { 'If-Match': '*' }, { weight: 1 })).status,
      412,
    );
  });

  test('lets one of two writes through that have both read the same', async (t) => {
    const { desk, send } = await stage(t);
    const read = await desk.ask('/api/v1/proxies/exits%2Fa', { headers: AUTHORIZED });
    const write = { name: '', method: 'PATCH', path: '/api/v1/proxies/exits%2Fa', takesBody: true };
    const headers = { 'If-Match': read.headers.get('etag') ?? '' };
    const answers = await Promise.all([2, 3].map((weight) => send(write, headers, { weight })));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 412]));
  });
});
