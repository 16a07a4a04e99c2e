// How a run has ended, from what its lines have said and how its process has ended, both together. Rule: it is well only if an answer is
// complete, no error was said, and the process has ended by itself with code 0.
import type { AgentStatus } from '../../state/agent-events.ts';
import type { AgentFacts } from './agent-kind.ts';

/** Why it was ended, if it has not ended by itself. */
export type StopCause = 'stopped' | 'timeout' | 'silence' | 'output' | 'shutdown' | 'storage';

export interface RunEnding {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly cause: StopCause | null;
  /** The last that it has said beside its lines. */
  readonly stderr: string;
}

export interface Outcome {
  readonly status: AgentStatus;
  readonly reason: string;
}

const CAUSES: Readonly<Record<StopCause, Outcome>> = {
  stopped: { status: 'stopped', reason: 'It was stopped.' },
  timeout: { status: 'timeout', reason: 'It took longer than its time-out.' },
  silence: { status: 'timeout', reason: 'It printed nothing for too long.' },
  output: { status: 'error', reason: 'It printed more than it may (agents.max_output).' },
  shutdown: { status: 'stopped', reason: 'Sluice was stopped.' },
  storage: { status: 'crashed', reason: 'What it printed could not be stored.' },
};

/** Beyond it, a shell says that the program has died by a signal. */
const SIGNAL_CODES = 128;
const PANIC_CODE = 101;

export function outcomeOf(facts: AgentFacts, ending: RunEnding, saysEnd: boolean): Outcome {
  const { exitCode, signal, cause } = ending;
  if (cause !== null) return CAUSES[cause];
  const why = (fallback: string): string => facts.reason || lastWords(ending.stderr) || fallback;
  if (signal !== null) return { status: 'crashed', reason: why(`It died by ${signal}.`) };
  if (facts.verdict === 'error') return { status: 'error', reason: why('It failed.') };
  if (exitCode !== null && (exitCode > SIGNAL_CODES || exitCode === PANIC_CODE)) {
    return { status: 'crashed', reason: why(`It ended with code ${exitCode}.`) };
  }
  if (exitCode !== 0) return { status: 'error', reason: why(`It ended with code ${exitCode ?? 'unknown'}.`) };
  if (facts.verdict === null && saysEnd) return { status: 'crashed', reason: why('It ended without an answer.') };
  return { status: facts.verdict ?? 'ok', reason: facts.verdict === 'denied' ? facts.reason : '' };
}

/** The last line that says something. */
function lastWords(stderr: string): string {
  return stderr.trim().split('\n').at(-1)?.trim() ?? '';
}
