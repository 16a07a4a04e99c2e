import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { SluiceError } from '../../core/errors.ts';
import { agentsService } from './agents-service.ts';

test('agents are described by the configuration, and off unless it says so', () => {
  assert.equal(agentsService(documentSchema.parse({})), null);
  const service = agentsService(documentSchema.parse({ agents: { enabled: true, allowed_hosts: ['box'] } }));
  assert.deepEqual(
    [service?.permission, service?.hosts, service?.paths, service?.bounds.timeouts?.readMs],
    ['agents', ['box'], ['/agent', '/agent/*'], 60_000],
  );
  const error = new SluiceError('not_found', { message: 'Agent x not found' });
  assert.deepEqual(service?.policies[0]?.errorShape?.(error, 'r-1'), {
    detail: 'Agent x not found',
    error: { code: 'not_found', message: 'Agent x not found', request_id: 'r-1' },
  });
});
