import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { DomainShelf } from '../../services/domains/domain-shelf.ts';
import { OwnDoors } from '../../services/rules/own-doors.ts';
import { askedUrl } from './asked-request.ts';
import { explainGateway, type GatewayExplanation } from './explain-gateway.ts';

const config = documentSchema.parse({
  gateway: { listen: ['127.0.0.1:8080', { address: '127.0.0.1:8081', redirect_https: 443 }] },
  policies: { headers: { security: true }, rate_limit: { rate: 5 } },
  users: [{ name: 'alice', token: '0123456789abcdef', may: ['ai'] }],
  hops: { corporate: { proxy: 'http://proxy.test:3128' } },
  ai: { enabled: true, via: 'corporate', providers: { claude: { credentials: { api_key: 'sk-own' } } } },
});
const scene = {
  config,
  origins: new Map(),
  members: new MemberTable({ capacity: 8 }),
  lists: new DomainShelf(),
  doors: new OwnDoors([]),
};

function explained(path: string, user: string | null, listen = 0): Promise<GatewayExplanation> {
  const url = `http://gw.test${path}`;
  const question = { door: 'gateway', method: 'POST', url, fields: [], from: '192.0.2.7', user };
  const at = config.gateway.listen[listen] ?? null;
  return explainGateway(askedUrl(question), question, { ...scene, localPort: 8080, listen: at });
}

test('a request for a provider is explained with its policies and where it goes, and no key', async () => {
  const explanation = await explained('/claude/v1/messages?beta=true', 'alice');
  const { choice, result, policies } = explanation;
  assert.equal(choice?.name, 'ai.providers.claude');
  assert.deepEqual(
    [result.kind, result.text],
    ['backend', 'https://api.anthropic.com asked for /v1/messages?beta=true through corporate'],
  );
  assert.deepEqual(
    policies.map(({ name }) => name),
    ['rate_limit', 'ai-user', 'ai-relay', 'ai-key', 'usage'],
  );
  assert.doesNotMatch(JSON.stringify(explanation), /sk-own/);
});

test('a request of another dialect is explained with what it becomes', async () => {
  const { result, policies } = await explained('/claude/v1/chat/completions', 'alice');
  assert.equal(result.text, 'https://api.anthropic.com asked for /v1/messages through corporate');
  assert.deepEqual(
    policies.slice(3, 5).map(({ name, does }) => `${name}: ${does}`),
    [
      'ai-dialect: passes: asks for /v1/messages; asks in the dialect of Anthropic',
      'ai-translation: puts Chat Completions into Messages, and the answer back',
    ],
  );
});

test('so is one that nobody answers, that is not let in, or that comes by an address which sends its clients elsewhere', async () => {
  assert.deepEqual((await explained('/chatgpt/v2/x', 'alice')).result.code, 'route_not_found');
  assert.deepEqual((await explained('/chatgpt/v1/x', null)).result.code, 'unauthorized');
  assert.match((await explained('/chatgpt/v1/x', null, 1)).result.text, /^a redirect to https:/);
});
