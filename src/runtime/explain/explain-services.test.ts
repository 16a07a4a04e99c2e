import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { DomainShelf } from '../../services/domains/domain-shelf.ts';
import { OwnDoors } from '../../services/rules/own-doors.ts';
import { askedUrl } from './asked-request.ts';
import { explainGateway, type GatewayExplanation } from './explain-gateway.ts';

function explained(
  document: object,
  user: string | null,
  url = 'http://localhost/cli/execute',
  listen = 0,
): Promise<GatewayExplanation> {
  const config = documentSchema.parse({
    gateway: { listen: ['127.0.0.1:8080', { address: '127.0.0.1:8081', redirect_https: 443 }] },
    exec: { enabled: true, allowed_commands: ['/bin/cat'] },
    ...document,
  });
  const members = new MemberTable({ capacity: 8 });
  const scene = { config, origins: new Map(), members, lists: new DomainShelf(), doors: new OwnDoors([]) };
  const question = { door: 'gateway', method: 'POST', url, fields: [], from: '127.0.0.1', user };
  return explainGateway(askedUrl(question), question, {
    ...scene,
    localPort: 8080,
    listen: config.gateway.listen[listen] ?? null,
  });
}

const users = [{ name: 'alice', token: '0123456789abcdef', may: ['exec'] }];

test('a request for a command is explained with who may ask and what could be run', async () => {
  const { choice, result, policies, user } = await explained({ users }, 'alice');
  assert.deepEqual([choice?.name, result.text, user], ['exec', 'runs one of /bin/cat', 'alice']);
  assert.deepEqual(
    policies.map(({ name }) => name),
    ['service-guard', 'exec-bounds'],
  );
});

test('so is one that is not let in, or that comes where nothing is run', async () => {
  assert.equal((await explained({ users }, null)).result.code, 'unauthorized');
  assert.equal((await explained({}, null, 'http://evil.test/cli/execute')).result.code, 'host_denied');
  assert.match((await explained({}, null, undefined, 1)).result.text, /^a redirect to https:/);
  assert.equal((await explained({ exec: {} }, null)).result.code, 'route_not_found');
});
