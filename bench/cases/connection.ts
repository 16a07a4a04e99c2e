// A connection per request (`Connection: close`): accepting, one request, closing.
import { smallAnswer } from '../harness/backend.ts';
import { plain, type Case } from './case.ts';
import { httpCase } from './http-case.ts';

export const connection: Case = httpCase({
  name: 'connection',
  title: 'A new connection for each request',
  remark:
    'Clients send `Connection: close`; http-proxy passes that on, so it opens a connection to the backend as well.',
  cost: 'CPU µs per connection',
  contestants: plain('sluice', 'nginx', 'haproxy', 'caddy', 'http-proxy'),
  path: '/small',
  answerBytes: smallAnswer.length,
  headers: { Connection: 'close' },
});
