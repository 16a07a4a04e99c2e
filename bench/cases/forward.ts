// A forward proxy, asked with absolute URLs; nginx, which takes them too, stands in as the yardstick.
import { smallAnswer } from '../harness/backend.ts';
import { plain, type Case } from './case.ts';
import { httpCase } from './http-case.ts';

export const forward: Case = httpCase({
  name: 'forward',
  title: 'Forward proxy, small answer',
  remark:
    'nginx, which takes absolute URLs too but always goes to the same backend, stands in as the yardstick. tinyproxy knows no keep-alive: each request is a connection on both sides, and it closes without having announced it, which wrk counts as an error.',
  door: 'forward',
  contestants: plain('sluice', 'nginx', 'squid', 'tinyproxy', 'proxy-chain'),
  path: '/small',
  answerBytes: smallAnswer.length,
});
