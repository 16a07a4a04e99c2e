import assert from 'node:assert/strict';
import { test } from 'node:test';
import { painter } from '../terminal.ts';
import { failure, ok, warning } from './finding.ts';
import { cleaned, reportText } from './report.ts';

test('a report shows no secret and moves no cursor', () => {
  const finding = cleaned(failure('hop', 'a\u001b[2J', 'http://user:geheim@a.test is away', 'token=geheim'));
  assert.doesNotMatch(JSON.stringify(finding), /geheim/);
  assert.ok(!finding.subject.includes('\u001b'));
});

test('a report counts what is wrong, and says what to do', () => {
  const text = reportText([ok('node', '', '26'), warning('files', '', 'few', 'more')], painter({}, {}));
  assert.equal(text, '✔ node   26\n! files  few\n         → more\n\n0 failures, 1 warning in 2 checks.');
  assert.match(reportText([ok('node', '', '26')], painter({}, {})), /All is well: 1 check\.$/);
});
