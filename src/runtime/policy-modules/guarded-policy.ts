// Stands around a policy of the user's own. Rule: what it does wrong ends the exchange at hand and no other, and is told with the
// name of its file; phases that it does not have are not there, and cost nothing.
import type { BodySink, BodyTransform, Phase, Policy, TunnelGuard, UpgradeWatch } from '../../contract/policy.ts';
import type { Exchange } from '../../contract/exchange.ts';
import type { PolicyLog } from '../../contract/policy-module.ts';
import { SluiceError } from '../../core/errors.ts';

export function guardPolicy(policy: Policy, file: string, log: PolicyLog): Policy {
  const guard = new Guard(policy, file, log);
  const { name = '' } = policy as Partial<Policy>;
  return {
    name: name === '' ? file : `${name} (${file})`,
    ...(policy.bounds && { bounds: policy.bounds }),
    ...(policy.request && { request: (exchange) => guard.mayWait('request', exchange) }),
    ...(policy.requestBody && { requestBody: (exchange, sink) => guard.body('requestBody', exchange, sink) }),
    ...(policy.upstream && { upstream: (exchange) => guard.mayWait('upstream', exchange) }),
    ...(policy.response && { response: (exchange) => guard.response(exchange) }),
    ...(policy.responseBody && { responseBody: (exchange, sink) => guard.body('responseBody', exchange, sink) }),
    ...(policy.tunnel && { tunnel: (exchange) => guard.tunnel(exchange) }),
    ...(policy.upgraded && { upgraded: (exchange) => guard.upgraded(exchange) }),
    ...(policy.done && { done: (exchange) => guard.done(exchange) }),
    ...(policy.dispose && { dispose: () => guard.dispose() }),
  };
}

class Guard {
  private readonly policy: Policy;
  private readonly file: string;
  private readonly log: PolicyLog;

  constructor(policy: Policy, file: string, log: PolicyLog) {
    this.policy = policy;
    this.file = file;
    this.log = log;
  }

  /** What is no promise is not waited for, whatever else it may be. */
  mayWait(phase: 'request' | 'upstream', exchange: Exchange): void | Promise<void> {
    const { id } = exchange;
    const wait = this.ask(phase, id, () => this.policy[phase]?.(exchange));
    if (!isThenable(wait)) return undefined;
    const failed = (cause: unknown): never => {
      throw this.fault(phase, id, cause);
    };
    return Promise.resolve(wait).then(() => undefined, failed);
  }

  body(phase: 'requestBody' | 'responseBody', exchange: Exchange, sink: BodySink): BodyTransform | null {
    return this.ask(phase, exchange.id, () => this.policy[phase]?.(exchange, sink)) ?? null;
  }

  response(exchange: Exchange): void {
    const wait: unknown = this.ask('response', exchange.id, () => this.policy.response?.(exchange));
    if (!isThenable(wait)) return;
    Promise.resolve(wait).catch(() => {});
    throw this.fault('response', exchange.id, new Error('this phase must not wait, and has answered with a promise'));
  }

  tunnel(exchange: Exchange): TunnelGuard | null {
    const { id } = exchange;
    const made = this.ask('tunnel', id, () => this.policy.tunnel?.(exchange)) ?? null;
    return made && { take: (bytes, from, to) => this.ask('tunnel', id, () => made.take(bytes, from, to)) };
  }

  upgraded(exchange: Exchange): UpgradeWatch | null {
    const { id } = exchange;
    const made = this.ask('upgraded', id, () => this.policy.upgraded?.(exchange)) ?? null;
    return (
      made && {
        take: (bytes, from, to) => this.ask('upgraded', id, () => made.take(bytes, from, to)),
        end: () => this.ask('upgraded', id, () => made.end()),
      }
    );
  }

  done(exchange: Exchange): void {
    const { id } = exchange;
    const wait: unknown = this.ask('done', id, () => this.policy.done?.(exchange));
    if (!isThenable(wait)) return;
    Promise.resolve(wait).catch((cause: unknown) =>
      this.log.error('a policy failed', { err: this.fault('done', id, cause) }),
    );
  }

  dispose(): void {
    try {
      this.policy.dispose?.();
    } catch (err) {
      this.log.error('a policy could not be disposed of', { err });
    }
  }

  private ask<T>(phase: Phase, id: string, call: () => T): T {
    try {
      return call();
    } catch (cause) {
      throw this.fault(phase, id, cause);
    }
  }

  private fault(phase: Phase, id: string, cause: unknown): Error {
    if (cause instanceof SluiceError) return cause;
    return new Error(`the policy ${this.file} failed in its phase ${phase}, exchange ${id}`, { cause });
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
