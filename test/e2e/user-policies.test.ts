// Policies of the user's own, as modules beside a configuration, met by clients over the network.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ask } from '../support/ask.ts';
import { Gateway, gatewayTo } from '../support/gateway.ts';
import { http1Origin, reflectingOrigin, type Seen, valuesOf } from '../support/origins.ts';
import { policyFile, policyOf } from '../support/policy-file.ts';
import { WorkerStage } from '../support/worker-stage.ts';

const pong = { respond: { body: 'pong' } };

/** Puts a word behind the field X-Trail of the answer. */
const TRAIL = policyOf(`
  request: ({ request }) => request.fields.append('X-Trail', settings.word),
  response: ({ response }) => response.fields.append('X-Trail', settings.word)`);

describe('a policy of the user', () => {
  test('sees requests before the target and answers after it, and may wait, change and answer', async (t) => {
    const file = policyFile(
      t,
      `import type { CreatePolicy } from 'sluice';
       export const policy: CreatePolicy<{ closed: string }> = ({ closed }, { place, route }) => ({
         name: 'hours',
         async request(exchange) {
           await new Promise((resolve) => setImmediate(resolve));
           if (exchange.request.path === closed) exchange.answer({ status: 418, body: 'closed' });
           else exchange.request.fields.set('X-Place', \`\${place} \${route}\`);
         },
         response({ response }) { response.fields.set('X-Own', String(response.status)); },
       });`,
    );
    const gateway = await gatewayTo(t, await reflectingOrigin(t), { policies: { [file]: { closed: '/x' } } });
    const open = await ask(`${gateway.url}/y`);
    assert.deepEqual(valuesOf(JSON.parse(open.body) as Seen, 'x-place'), ['policies null']);
    assert.equal(open.headers['x-own'], '200');
    const closed = await ask(`${gateway.url}/x`);
    assert.deepEqual([closed.status, closed.body, closed.headers['x-own']], [418, 'closed', '418']);
  });

  test('changes bodies both ways', async (t) => {
    const upper = `(_, sink) => ({
      write: (bytes, from, to) => {
        const text = Buffer.from(Buffer.from(bytes.subarray(from, to)).toString().toUpperCase());
        sink.write(text, 0, text.length);
      },
      end: () => sink.end(),
      abort: () => {},
    })`;
    const file = policyFile(t, policyOf(`requestBody: ${upper}, responseBody: ${upper}`));
    const bodies: string[] = [];
    const backend = await http1Origin(t, (request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => bodies.push(text));
      request.on('end', () => response.end('pong'));
    });
    const gateway = await gatewayTo(t, backend, { policies: { [file]: {} } });
    const { body } = await ask(gateway.url, { method: 'POST', body: 'ping' });
    assert.deepEqual([bodies.join(''), body], ['PING', 'PONG']);
  });

  test('gives up a request whose body it will not have', async (t) => {
    const file = policyFile(
      t,
      policyOf(`requestBody: (_, sink) => ({
        write: () => setImmediate(() => sink.fail(context.error('forbidden', 'not this body'))),
        end: () => {},
        abort: () => {},
      })`),
    );
    const gateway = await gatewayTo(t, await reflectingOrigin(t), { policies: { [file]: {} } });
    const { status, body } = await ask(gateway.url, { method: 'POST', body: 'ping' });
    assert.equal(status, 403);
    assert.match(body, /"forbidden".*not this body/);
  });

  test('runs in the order of the configuration, and the nearest place decides on its settings', async (t) => {
    const [one, two] = [policyFile(t, TRAIL), policyFile(t, TRAIL)];
    const routes = [
      { match: { path: '/own' }, to: pong, policies: { [one]: { word: 'route' } } },
      { match: { path: '/off' }, to: pong, policies: { [one]: false } },
      { to: pong },
    ];
    const policies = { [one]: { word: 'first' }, [two]: { word: 'second' } };
    const gateway = await Gateway.open(t, { policies, gateway: { routes } });
    for (const [path, trail] of [
      ['/', 'second, first'],
      ['/own', 'second, route'],
      ['/off', 'second'],
    ] as const) {
      assert.equal((await ask(gateway.url + path)).headers['x-trail'], trail, path);
    }
  });

  test('that fails ends its exchange alone, and the client learns nothing of it', async (t) => {
    const file = policyFile(
      t,
      policyOf(`
        request({ request: { path } }) {
          if (path === '/now') throw new Error('the secret of now');
          if (path === '/later') return Promise.reject(new Error('the secret of later'));
          if (path === '/odd') throw 'the secret of odd';
          return path === '/false' ? false : undefined;
        },
        response({ request: { path } }) {
          if (path === '/answer') throw new Error('the secret of the answer');
          if (path === '/wait') return Promise.reject(new Error('the secret of the wait'));
        },
        done({ request: { path } }) {
          if (path === '/done') return Promise.reject(new Error('the secret of the end'));
        }`),
    );
    const gateway = await Gateway.open(t, { policies: { [file]: {} }, gateway: { routes: [{ to: pong }] } });
    for (const path of ['/now', '/later', '/odd', '/answer', '/wait']) {
      const { status, body } = await ask(gateway.url + path);
      assert.equal(status, 500, path);
      assert.match(body, /"code":"internal"/);
      assert.doesNotMatch(body, /secret|own\.ts/, path);
      const { level, fields } = gateway.said.at(-1) ?? assert.fail('nothing was logged');
      const error = fields['err'] as Error & { cause: unknown };
      assert.equal(level, 'error');
      assert.match(error.message, /own\.ts failed in its phase (?:request|response), exchange \w+/);
      if (path === '/now') assert.match(String((error.cause as Error).stack), /secret of now[^]*own\.ts[^]*:\d+:\d+/);
    }
    for (const path of ['/false', '/done', '/']) assert.equal((await ask(gateway.url + path)).body, 'pong', path);
    await gateway.until(() => gateway.said.length === 6, 'that the failure at the end is logged');
  });

  test('that will not be made keeps a configuration from coming into force', async (t) => {
    const settings = (file: string): object => ({ policies: { [file]: {} }, gateway: { routes: [{ to: pong }] } });
    const gateway = await Gateway.open(t, { gateway: { routes: [{ to: pong }] } });
    for (const [text, message] of [
      ['export const policy = () => { throw new Error("not today"); };', /own\.ts: not today/],
      ['export const policy = async () => ({ request() {} });', /own\.ts: .*promise/],
      [policyOf('respnse() {}'), /`respnse`: was `response` meant/],
      [policyOf('request: 1'), /the `request` of its policy is not a function/],
      ['export const policy = () => ({});', /none of the phases/],
      ['export default () => {};', /does not export a function named `policy` \(not as the default\)/],
      ['export const policy = () => {', /own\.ts: .*/],
      ['export const apiVersion = 2; export function policy() {}', /written for version 2 of the contract/],
      [
        'export const policy = () => ({ request() {} }); export const check = () => { throw new Error("no"); };',
        /: no/,
      ],
    ] as const) {
      await assert.rejects(gateway.apply(settings(policyFile(t, text))), message);
      assert.equal((await ask(gateway.url)).body, 'pong');
    }
    await assert.rejects(gateway.apply(settings(policyFile(t, 'exports.policy = () => {};', 'own.js'))), /CommonJS/);
  });

  test('is loaded anew when its file has changed, keeps what it knows when not, and is disposed of', async (t) => {
    const text = (word: string): string => `
      let made = 0;
      globalThis.disposed ??= [];
      export function policy() {
        const word = '${word}' + ++made;
        return {
          response: ({ response }) => response.fields.set('X-Word', word),
          dispose: () => globalThis.disposed.push(word),
        };
      }`;
    const file = policyFile(t, text('a'));
    const settings = { policies: { [file]: {} }, gateway: { routes: [{ to: pong }] } };
    const gateway = await Gateway.open(t, settings);
    const words: unknown[] = [];
    const next = async (): Promise<void> => void words.push((await ask(gateway.url)).headers['x-word']);
    await next();
    await gateway.apply(settings);
    await next();
    writeFileSync(file, text('other '));
    await gateway.apply(settings);
    await next();
    writeFileSync(file, 'export const policy = 1;');
    await assert.rejects(gateway.apply(settings));
    await next();
    assert.deepEqual(words, ['a1', 'a2', 'other 1', 'other 1']);
    assert.deepEqual(Reflect.get(globalThis, 'disposed'), ['a1', 'a2']);
    Reflect.deleteProperty(globalThis, 'disposed');
  });

  test('runs on every thread, and what it logs there arrives', async (t) => {
    const file = policyFile(
      t,
      `import { threadId } from 'node:worker_threads';
       export function policy(settings, { log }) {
         log.info('made', { thread: threadId, token: 'a-secret' });
         return { response: ({ response }) => response.fields.set('X-Thread', String(threadId)) };
       }`,
    );
    const stage = await WorkerStage.open(t, 2, { policies: { [file]: {} }, gateway: { routes: [{ to: pong }] } });
    assert.notEqual((await ask(stage.url)).headers['x-thread'], undefined);
    await stage.until(() => stage.said.length === 2, 'that both have said it');
    assert.deepEqual(
      stage.said.map(({ level, fields, message }) => [level, message, fields['policy'], fields['token']]),
      Array.from({ length: 2 }, () => ['info', 'made', file, '***']),
    );
    assert.equal(new Set(stage.said.map(({ fields }) => fields['thread'])).size, 2);
  });

  test('holds at the forward proxy', async (t) => {
    const origin = await reflectingOrigin(t);
    const file = policyFile(t, policyOf("response: ({ response }) => response.fields.set('X-Own', 'yes')"));
    const gateway = await Gateway.open(t, { egress: { allow_private: true, policies: { [file]: {} } } });
    const { headers } = await ask(`http://127.0.0.1:${gateway.proxyPort}`, { target: `${origin}/x` });
    assert.equal(headers['x-own'], 'yes');
  });
});

test('the example lets in links that are signed and have not expired', async (t) => {
  const file = fileURLToPath(new URL('../../examples/signed-links.ts', import.meta.url));
  const secret = '0123456789abcdef';
  const gateway = await Gateway.open(t, { policies: { [file]: { secret } }, gateway: { routes: [{ to: pong }] } });
  const link = (path: string, expires: number, signed: string = path): string => {
    const signature = createHmac('sha256', secret).update(`${signed} ${expires}`).digest('hex');
    return `${gateway.url}${path}?expires=${expires}&signature=${signature}`;
  };
  const later = Math.ceil(Date.now() / 1000) + 1000;
  for (const [url, status] of [
    [link('/a', later), 200],
    [link('/a', 1000), 403],
    [link('/a', later, '/b'), 403],
    [`${gateway.url}/a`, 403],
  ] as const) {
    const answer = await ask(url);
    assert.deepEqual([answer.status, answer.headers['cache-control']], [status, 'private'], url);
  }
  assert.deepEqual(
    gateway.said.map(({ fields }) => fields['why']),
    ['expired', 'not signed', 'not signed'],
  );
});
