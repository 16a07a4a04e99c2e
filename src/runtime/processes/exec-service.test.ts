import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { execService } from './exec-service.ts';

test('commands are described by the configuration, and off unless it says so', () => {
  assert.equal(execService(documentSchema.parse({})), null);
  assert.equal(execService(documentSchema.parse({ exec: { enabled: true } }))?.answers, 'runs no command');
  const exec = {
    enabled: true,
    allowed_commands: ['/bin/cat', '/bin/ls'],
    allowed_hosts: ['box'],
    queue_timeout: '1s',
    timeout: '2s',
  };
  const service = execService(documentSchema.parse({ exec }));
  assert.deepEqual(
    [service?.permission, service?.hosts, service?.answers, service?.bounds.timeouts?.responseMs],
    ['exec', ['box'], 'runs one of /bin/cat, /bin/ls', 13_000],
  );
});
