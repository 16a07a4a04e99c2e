// What the exit code of `sluice` says. Rule: these numbers are a promise to scripts and unit files; none changes its meaning.

import type { ErrorCode } from '../core/errors.ts';

export const EXIT = {
  success: 0,
  failure: 1,
  usage: 2,
  /** The configuration is not valid, or a start failed in a way that starting again cannot cure. */
  config: 3,
  refused: 4,
  unreachable: 5,
  /** Nothing is broken, and something is not as it should be. */
  warnings: 6,
  timeout: 7,
  /** A forced stop with connections still open. */
  forced: 8,
  /** The numbers of sysexits.h, as clients of tunnels have them. */
  tunnelRefused: 69,
  tunnelUnreachable: 75,
  tunnelConfig: 78,
  /** Ctrl-C, as shells say it. */
  interrupted: 130,
} as const;

const EXIT_BY_ERROR: Partial<Record<ErrorCode, number>> = {
  usage: EXIT.usage,
  config_invalid: EXIT.config,
  not_available_yet: EXIT.config,
  listen_failed: EXIT.config,
  takeover_failed: EXIT.config,
  unauthorized: EXIT.refused,
  forbidden: EXIT.refused,
  command_denied: EXIT.refused,
  too_many_attempts: EXIT.refused,
  daemon_unreachable: EXIT.unreachable,
  tunnel_refused: EXIT.tunnelRefused,
  tunnel_unreachable: EXIT.tunnelUnreachable,
};

export function exitCodeFor(code: ErrorCode): number {
  return EXIT_BY_ERROR[code] ?? EXIT.failure;
}
