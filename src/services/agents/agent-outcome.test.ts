import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AgentFacts, noFacts } from './agent-kind.ts';
import { outcomeOf, type RunEnding, type StopCause } from './agent-outcome.ts';

function outcome(facts: Partial<AgentFacts>, ending: Partial<RunEnding> = {}, saysEnd = true): string {
  const whole = { exitCode: 0, signal: null, cause: null, stderr: '', ...ending };
  const { status, reason } = outcomeOf({ ...noFacts(), ...facts }, whole, saysEnd);
  return `${status}: ${reason}`;
}

describe('the outcome of a run', () => {
  test('is well with an answer, no error and code 0', () => {
    assert.equal(outcome({ verdict: 'ok' }), 'ok: ');
    assert.equal(outcome({ verdict: 'denied', reason: 'no Bash' }), 'denied: no Bash');
  });

  test('is an error where one was said, whatever the exit code', () => {
    assert.equal(outcome({ verdict: 'error', reason: 'Not logged in' }, { exitCode: 1 }), 'error: Not logged in');
    assert.equal(outcome({ verdict: 'error', reason: 'aborted' }), 'error: aborted');
    assert.equal(outcome({ verdict: 'error' }), 'error: It failed.');
  });

  test('is an error with another exit code, for the reason on stderr', () => {
    assert.equal(outcome({}, { exitCode: 1, stderr: 'one\nerror: bad flag\n\n' }), 'error: error: bad flag');
    assert.equal(outcome({ verdict: 'ok' }, { exitCode: 2 }), 'error: It ended with code 2.');
    assert.equal(outcome({}, { exitCode: null }), 'error: It ended with code unknown.');
  });

  test('has crashed where it died, or said nothing at all', () => {
    assert.equal(outcome({ verdict: 'ok' }, { signal: 'SIGKILL', exitCode: null }), 'crashed: It died by SIGKILL.');
    assert.equal(outcome({}, { exitCode: 143 }), 'crashed: It ended with code 143.');
    assert.equal(outcome({}, { exitCode: 101, stderr: 'panicked' }), 'crashed: panicked');
    assert.equal(outcome({}), 'crashed: It ended without an answer.');
  });

  test('of a kind that does not say when it has answered is told by its exit code', () => {
    assert.equal(outcome({}, {}, false), 'ok: ');
  });

  test('is what it was ended for', () => {
    const statuses: Record<StopCause, string> = {
      stopped: 'stopped',
      timeout: 'timeout',
      silence: 'timeout',
      output: 'error',
      shutdown: 'stopped',
      storage: 'crashed',
    };
    for (const [cause, status] of Object.entries(statuses)) {
      const said = outcome({ verdict: 'ok' }, { cause: cause as StopCause, signal: 'SIGINT' });
      assert.match(said, new RegExp(`^${status}: [A-Z].*\\.$`));
    }
  });
});
