// The service that runs the commands of clients, as the configuration describes it.
import type { Config } from '../../config/config.ts';
import { CommandRules } from '../../services/processes/command-rules.ts';
import { exec } from '../registry.ts';
import { type OwnService, serviceBounds } from './own-service.ts';

/** Between the end of a program and its answer. */
const SPARE_MS = 10_000;
/** So many heartbeats may be lost before a connection is taken for dead. */
const BEATS = 4;

/** null: it is off. */
export function execService(config: Config): OwnService | null {
  const settings = config.exec;
  if (!settings.enabled) return null;
  const { timeout, queue_timeout: queueTimeoutMs, heartbeat: heartbeatMs, allowed_commands: allowed } = settings;
  const rules = new CommandRules(
    {
      allowed,
      workspace: settings.workspace,
      env: settings.env,
      timeoutMs: timeout,
      maxOutputBytes: settings.max_output,
    },
    process.env,
  );
  return {
    name: 'exec',
    paths: ['/cli/execute'],
    permission: 'exec',
    does: 'run commands',
    hosts: settings.allowed_hosts,
    bounds: {
      ...serviceBounds(config, { silenceMs: heartbeatMs * BEATS, headMs: queueTimeoutMs + timeout + SPARE_MS }),
      // Input may come in as many lines as it takes; each of them is bounded.
      bodyBytes: Number.MAX_SAFE_INTEGER,
    },
    policies: [],
    answers: allowed.length === 0 ? 'runs no command' : `runs one of ${allowed.join(', ')}`,
    createTarget: ({ commands, loadPty }) =>
      exec({ service: commands, rules, queueTimeoutMs, heartbeatMs, loadPty, maxTextBytes: config.limits.body }),
  };
}
