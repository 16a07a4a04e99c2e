/*
 * A forward proxy, asked with absolute URLs; nginx, which takes them too, stands in as the yardstick.
 */
import { smallAnswer } from '../harness/backend.ts';
import { plain, type Case } from './case.ts';
import { httpCase } from './http-case.ts';

export const forward: Case = httpCase({
  name: 'forward',
  title: 'Forward proxy, small answer',
  door: 'forward',
  contestants: plain('sluice', 'nginx', 'squid', 'tinyproxy', 'proxy-chain'),
  path: '/small',
  answerBytes: smallAnswer.length,
});
