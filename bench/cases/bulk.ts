// Bigger answers: from 10 KiB, where the head still counts, to 100 MB, where only moving bytes does.
import { plain, type Case } from './case.ts';
import { httpCase } from './http-case.ts';

const contestants = plain('sluice', 'nginx', 'nginx-64k', 'haproxy', 'caddy', 'http-proxy');
const MB = 1e6;

export const tenKib: Case = httpCase({
  name: '10k',
  title: 'Answers of 10 KiB',
  contestants: [...contestants, ...plain('fast-proxy')],
  path: '/files/10k',
  answerBytes: 10 * 1024,
});

export const oneMib: Case = httpCase({
  name: '1m',
  title: 'Answers of 1 MiB',
  contestants,
  remark: 'Per second: MB.',
  cost: 'CPU µs per MB',
  path: '/files/1m',
  answerBytes: 1024 * 1024,
  connections: 16,
  unitBytes: MB,
});

export const hundredMb: Case = httpCase({
  name: '100m',
  title: 'Answers of 100 MB',
  contestants,
  remark: 'Per second: MB.',
  cost: 'CPU µs per MB',
  path: '/files/100m',
  answerBytes: 100_000_000,
  connections: 4,
  unitBytes: MB,
});
