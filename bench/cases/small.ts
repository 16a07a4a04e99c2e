// A small answer to a bare request: what each request costs whatever it carries.
import { smallAnswer } from '../harness/backend.ts';
import { plain, type Case } from './case.ts';
import { httpCase } from './http-case.ts';

export const small: Case = httpCase({
  name: 'small',
  title: 'Small answer, bare headers',
  contestants: plain('sluice', 'nginx', 'haproxy', 'caddy', 'varnish', 'squid', 'fast-proxy', 'http-proxy'),
  path: '/small',
  answerBytes: smallAnswer.length,
});
