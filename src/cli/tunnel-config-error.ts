// A configuration that the client of tunnels cannot read. Rule: it is told as everywhere, and ends with the code that clients of tunnels have
// for it.
import { ConfigError } from '../config/problem.ts';

export class TunnelConfigError extends ConfigError {}

/** What happens in it says so of a configuration that is wrong. */
export async function readingTunnelConfig<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof ConfigError ? new TunnelConfigError(error.problems) : error;
  }
}
