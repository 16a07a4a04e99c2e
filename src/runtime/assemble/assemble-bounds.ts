// Turns what the configuration says of limits and timeouts at one place into policies. Rule: what is not said there is left to what
// holds everywhere.
import type { Config } from '../../config/config.ts';
import type { LimitsPolicy, TimeoutPolicy } from '../../config/schema/policies-bounds.ts';
import type { Policy } from '../../contract/policy.ts';
import type { Timeouts } from '../../contract/bounds.ts';
import type { ConcurrentLimit } from '../../policies/limits/limits.ts';
import { limits, timeout } from '../registry.ts';

/** `counted` is how requests that run are counted, if they are. */
export function limitsOf(
  settings: LimitsPolicy,
  counted: Omit<ConcurrentLimit, 'most'>,
  takesPreflights: boolean,
): Policy {
  const { url, headers, header_count: fieldCount, body, concurrent } = settings;
  const isToAdd = takesPreflights && settings.methods.length > 0 && !settings.methods.includes('OPTIONS');
  const methods = isToAdd ? [...settings.methods, 'OPTIONS'] : settings.methods;
  return limits({
    targetBytes: url,
    headBytes: headers,
    fieldCount,
    bodyBytes: body,
    methods,
    concurrent: concurrent === null ? null : { ...counted, most: concurrent },
  });
}

export function timeoutOf(settings: TimeoutPolicy, config: Config): Policy {
  const everywhere = engineTimeouts(config);
  const { connect, response, read, tunnel_idle: tunnelIdle, total } = settings;
  return timeout({
    ...everywhere,
    connectMs: connect ?? everywhere.connectMs,
    responseMs: response ?? everywhere.responseMs,
    readMs: read ?? everywhere.readMs,
    tunnelIdleMs: tunnelIdle ?? everywhere.tunnelIdleMs,
    totalMs: total ?? everywhere.totalMs,
  });
}

/** What holds everywhere. */
export function engineTimeouts({ timeouts }: Config): Timeouts {
  return {
    connectMs: timeouts.connect,
    headersMs: timeouts.headers,
    responseMs: timeouts.read,
    readMs: timeouts.read,
    writeMs: timeouts.write,
    idleMs: timeouts.idle,
    tunnelIdleMs: timeouts.tunnel_idle,
    totalMs: 0,
  };
}
