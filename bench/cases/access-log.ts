// What writing the access log costs.
import { smallAnswer } from '../harness/backend.ts';
import type { Case, Contestant } from './case.ts';
import { httpCase } from './http-case.ts';

const contestants: Contestant[] = ['sluice', 'nginx'].flatMap((peer) =>
  [false, true].map((accessLog) => ({
    label: accessLog ? `${peer}, log on` : peer,
    peer,
    workers: 1,
    accessLog,
  })),
);

export const accessLog: Case = httpCase({
  name: 'access-log',
  title: 'Access log off and on',
  contestants,
  path: '/small',
  answerBytes: smallAnswer.length,
});
