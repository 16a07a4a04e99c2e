// A run of an agent as it is kept, for tests. Rule: it says nothing but what a test wants it to say.
import type { AgentRunRow } from '../../src/state/agent-events.ts';

const NOTHING: AgentRunRow = {
  id: '',
  kind: '',
  user: '',
  session: '',
  status: 'queued',
  pid: null,
  model: '',
  cwd: '/',
  batch: '',
  place: 0,
  queuedAtMs: 0,
  startedAtMs: null,
  endedAtMs: null,
  exitCode: null,
  signal: null,
  reason: '',
  tokens: null,
  cost: null,
};

export function agentRunRow(said: Partial<AgentRunRow>): AgentRunRow {
  return { ...NOTHING, ...said };
}
