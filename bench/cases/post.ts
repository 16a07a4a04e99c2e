// Requests with a body, which the backend reads to its end before it answers.
import { smallAnswer } from '../harness/backend.ts';
import { plain, type Case } from './case.ts';
import { httpCase } from './http-case.ts';

const contestants = plain('sluice', 'nginx', 'nginx-64k', 'haproxy', 'caddy', 'http-proxy');

export const postSmall: Case = httpCase({
  name: 'post-1k',
  title: 'POST of 1 KiB',
  contestants,
  path: '/upload',
  answerBytes: smallAnswer.length,
  bodyBytes: 1024,
});

export const postBig: Case = httpCase({
  name: 'post-100k',
  title: 'POST of 100 KiB',
  remark: 'The backend reads the whole body before it answers.',
  contestants,
  path: '/upload',
  answerBytes: smallAnswer.length,
  bodyBytes: 100 * 1024,
});
